#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.config/manicode/projects/shop/chats/2026-11-18T11-06-40.000Z/chat-messages.json",
    "/home/u/.config/manicode/projects/shop/chats/2026-11-18T11-06-40.000Z/run-state.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("codebuff", PATHS, input));
