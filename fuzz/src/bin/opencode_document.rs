#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.local/share/opencode/storage/session/prj_a/ses_old.json",
    "/home/u/.local/share/opencode/storage/message/ses_old/msg_old2.json",
    "/home/u/.local/share/opencode/storage/part/msg_old2/prt_ac66bfb690010000000000000a.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("opencode", PATHS, input));
