#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/opencode/opencode.db"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("opencode", PATHS, input));
