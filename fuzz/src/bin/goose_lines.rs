#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/goose/sessions/20250612_143022.jsonl"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("goose", PATHS, input));
