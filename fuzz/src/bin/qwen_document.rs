#![no_main]

const PATHS: &[&str] = &["/home/u/.qwen/tmp/ab12/chats/session-2026-01-02T03-04-dddddddd.json"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("qwen", PATHS, input));
