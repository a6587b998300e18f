#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.gemini/tmp/ab12/chats/session-2026-03-29T01-21-77777777.json",
    "/home/u/.gemini/projects.json",
    "/home/u/.gemini/tmp/ab12/.project_root",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("gemini", PATHS, input));
