#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.kimi/kimi.json",
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/2aaaaaaa-0000-4000-8000-000000000001/state.json",
    "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/2aaaaaaa-0000-4000-8000-000000000001/subagents/a1/meta.json",
    "/home/u/.kimi-code/sessions/wd_shop_99f0e3c45047/session_2aaaaaaa-0000-4000-8000-000000000001/state.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("kimi", PATHS, input));
