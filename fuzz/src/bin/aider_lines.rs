#![no_main]

const PATHS: &[&str] = &["/home/u/work/.aider.chat.history.md", "/home/u/aider.jsonl"];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("aider", PATHS, input));
