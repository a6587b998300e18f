#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/goose/sessions/sessions.db"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("goose", PATHS, input));
