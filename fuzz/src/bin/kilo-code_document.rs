#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795000000000/ui_messages.json",
    "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795000000001/ui_messages.json",
    "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795000000000/history_item.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("kilo-code", PATHS, input));
