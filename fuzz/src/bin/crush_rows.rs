#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/crush/crush.db"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("crush", PATHS, input));
