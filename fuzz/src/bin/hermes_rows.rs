#![no_main]

const PATHS: &[&str] = &["/home/u/.hermes/state.db"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("hermes", PATHS, input));
