#![no_main]

const PATHS: &[&str] = &["/home/u/.codex/state_5.sqlite"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("codex", PATHS, input));
