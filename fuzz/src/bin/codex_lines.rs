#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.codex/sessions/2026/04/15/rollout-2026-04-15T10-00-00-019d0000-0000-7000-8000-0000000000ff.jsonl",
    "/home/u/.codex/session_index.jsonl",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("codex", PATHS, input));
