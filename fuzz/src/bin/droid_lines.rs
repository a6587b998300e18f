#![no_main]

const PATHS: &[&str] = &["/home/u/.factory/sessions/-p/3aaaaaaa-0000-4000-8000-000000000001.jsonl"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("droid", PATHS, input));
