#![no_main]

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::hooks(input));
