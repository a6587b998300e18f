#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.claude/sessions/4242.json",
    "/home/u/.claude/projects/-p/aaaaaaaa-0000-4000-8000-000000000001/subagents/agent-abc1.meta.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("claude", PATHS, input));
