#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/1795000000000/ui_messages.json",
    "/home/u/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/1795000000000/history_item.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("roo", PATHS, input));
