#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/kilo/kilo.db"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("kilo", PATHS, input));
