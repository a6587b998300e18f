#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.gemini/tmp/cellar/chats/session-2026-11-21T09-00-11111111.jsonl",
    "/home/u/.gemini/tmp/cellar/chats/11111111-aaaa-4000-8000-000000000001/cask1.jsonl",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("gemini", PATHS, input));
