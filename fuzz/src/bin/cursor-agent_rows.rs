#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.cursor/chats/0123456789abcdef0123456789abcdef/7aaaaaaa-0000-4000-8000-000000000001/store.db",
    "/home/u/.config/Cursor/User/globalStorage/state.vscdb",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("cursor-agent", PATHS, input));
