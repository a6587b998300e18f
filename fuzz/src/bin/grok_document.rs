#![no_main]

const PATHS: &[&str] = &["/home/u/.grok/sessions/%2Fhome/5aaaaaaa-0000-4000-8000-000000000001/summary.json"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("grok", PATHS, input));
