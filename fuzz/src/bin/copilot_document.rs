#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.config/Code/User/workspaceStorage/abc123/chatSessions/0d0d0d0d-0102-4000-8000-000000000001.json",
    "/home/u/.config/Code/User/workspaceStorage/abc123/workspace.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("copilot", PATHS, input));
