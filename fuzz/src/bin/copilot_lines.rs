#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.copilot/session-state/aaaaaaaa-0000-4000-8000-000000000001/events.jsonl",
    "/home/u/.copilot/otel/spans.jsonl",
    "/home/u/.copilot/session-state/aaaaaaaa-0000-4000-8000-000000000001/workspace.yaml",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("copilot", PATHS, input));
