#![no_main]

const PATHS: &[&str] = &["/home/u/.continue/sessions/6aaaaaaa-0000-4000-8000-000000000001.json"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("continue", PATHS, input));
