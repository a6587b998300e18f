#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.gemini/antigravity-cli/brain/4aaaaaaa-0000-4000-8000-000000000001/.system_generated/logs/transcript.jsonl",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("antigravity", PATHS, input));
