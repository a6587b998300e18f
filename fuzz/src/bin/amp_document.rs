#![no_main]

const PATHS: &[&str] = &["/home/u/.local/share/amp/threads/T-aaaaaaaa-0000-4000-8000-000000000001.json"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("amp", PATHS, input));
