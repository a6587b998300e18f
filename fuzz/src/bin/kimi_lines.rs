#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/aaaaaaaa-0000-4000-8000-000000000001/wire.jsonl",
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/aaaaaaaa-0000-4000-8000-000000000001/state.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("kimi", PATHS, input));
