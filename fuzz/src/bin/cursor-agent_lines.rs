#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.cursor/projects/home-u-shop/agent-transcripts/7aaaaaaa-0000-4000-8000-000000000001/7aaaaaaa-0000-4000-8000-000000000001.jsonl",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("cursor-agent", PATHS, input));
