#![no_main]

const PATHS: &[&str] = &[
    "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795000000000/ui_messages.json",
    "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795000000001/ui_messages.json",
    "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/state/taskHistory.json",
    "/home/u/.cline/data/sessions/1795000100000_ab12c_cli/1795000100000_ab12c_cli.json",
    "/home/u/.cline/data/sessions/1795000100000_ab12c_cli/1795000100000_ab12c_cli.messages.json",
    "/home/u/.cline/data/sessions/1795000100000_ab12c_cli/researcher.messages.json",
];

agtop_fuzz::fuzz_target!(|input: &[u8]| agtop_fuzz::decode("cline", PATHS, input));
