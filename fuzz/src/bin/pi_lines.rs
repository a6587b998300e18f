#![no_main]

const PATHS: &[&str] =
    &["/home/u/.pi/agent/sessions/--work--/2026-11-20T10-00-00-000Z_aaaaaaaa-0000-4000-8000-000000000001.jsonl"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("pi", PATHS, input));
