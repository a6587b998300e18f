#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/aaaaaaaa-0000-4000-8000-000000000001/wire.jsonl",
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/aaaaaaaa-0000-4000-8000-000000000001/state.json",
    "/home/u/.kimi-code/sessions/wd_shop_99f0e3c45047/session_2aaaaaaa-0000-4000-8000-000000000001/agents/main/wire.jsonl",
    "/home/u/.kimi-code/sessions/wd_shop_99f0e3c45047/session_2aaaaaaa-0000-4000-8000-000000000001/agents/agent-0/wire.jsonl",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("kimi", PATHS, input));
