//! Which processes are agents: real command lines of all platforms, most of them traps.

use agtop_clients::{ProcFacts, client, clients, recognise};
use agtop_model::{Gap, ProcId, Process, ProcessRole, ProcessState, Untrusted};

const TABLE: &str = include_str!("recognition.tsv");

fn process(comm: &str, exe: &str, argv: Vec<Untrusted>) -> Process {
    Process {
        id: ProcId { pid: 4711, started: 1 },
        parent: Some(1),
        name: comm.into(),
        argv,
        exe: if exe == "-" { Err(Gap::Denied) } else { Ok(exe.into()) },
        cwd: Err(Gap::Denied),
        state: ProcessState::Sleeping,
        started_at: Err(Gap::Unsupported),
        threads: Err(Gap::Unsupported),
        cpu: Err(Gap::Unsupported),
        rss: Err(Gap::Unsupported),
        vsz: Err(Gap::Unsupported),
        io: Err(Gap::Unsupported),
    }
}

fn verdict(process: &Process) -> String {
    match recognise(process) {
        Some((client, ProcessRole::Agent)) => format!("{client} agent"),
        Some((client, ProcessRole::Host)) => format!("{client} host"),
        Some((client, ProcessRole::Helper)) => format!("{client} helper"),
        None => "nothing".to_owned(),
    }
}

/// The expected result of each line, and the process that it describes.
fn rows() -> impl Iterator<Item = (&'static str, Process)> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (expected, comm, exe) = (next(), next(), next());
        (expected, process(comm, exe, columns.map(Untrusted::from).collect()))
    })
}

#[test]
fn every_command_line_of_the_table_is_recognised_as_expected() {
    let wrong: Vec<String> = rows()
        .filter(|(expected, process)| verdict(process) != *expected)
        .map(|(expected, process)| format!("{:?} is {expected}, not {}", process.argv, verdict(&process)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_large_and_half_of_it_are_traps() {
    let traps = rows().filter(|(expected, _)| *expected == "nothing").count();
    assert!(rows().count() >= 300 && traps * 2 >= rows().count(), "{traps} of {}", rows().count());
}

/// If executables cannot be read, the command line decides.
#[test]
fn without_its_executable_only_a_process_with_an_agents_name_is_one() {
    for (_, mut process) in rows().filter(|(expected, _)| *expected == "nothing") {
        process.exe = Err(Gap::Denied);
        let called = ProcFacts::new(&process).program();
        if client(called).is_none() {
            assert_eq!(verdict(&process), "nothing", "{:?}", process.argv);
        }
    }
}

#[test]
fn invalid_utf_8_neither_hides_nor_makes_an_agent() {
    let of = |argv: &[&[u8]]| verdict(&process("x", "-", argv.iter().map(|arg| Untrusted::from_bytes(arg)).collect()));
    assert_eq!(of(&[b"/home/\xff\xfe/bin/claude", b"-p", b"\xc3\x28"]), "claude agent");
    assert_eq!(of(&[b"node", b"/home/\xff/bin/gemini"]), "gemini agent");
    assert_eq!(of(&[b"claude\xff"]), "nothing");
    assert_eq!(of(&[b"\x1b]0;claude\x07vim"]), "nothing");
    assert_eq!(of(&[b"\x1b[2Jclaude"]), "nothing");
    assert_eq!(of(&[b"cl\0aude"]), "nothing");
    assert_eq!(of(&[b"vim", b"\nclaude\n"]), "nothing");
}

#[test]
fn a_command_line_of_megabytes_is_judged_by_what_it_runs() {
    let long = "claude ".repeat(1 << 18);
    let of = |argv: &[&str]| verdict(&process("x", "-", argv.iter().map(|&arg| arg.into()).collect()));
    assert_eq!(of(&["claude", "-p", &long]), "claude agent");
    assert_eq!(of(&["bash", "-c", &long]), "nothing");
    assert_eq!(of(&[&long]), "claude agent", "the first word of a title");
    assert_eq!(of(&["node", &long]), "nothing");
    let many: Vec<&str> = ["node"].into_iter().chain(std::iter::repeat_n("--x", 1 << 16)).collect();
    assert_eq!(of(&many), "nothing");
}

/// Forms of one program: the executable, and the arguments. `NAME` stands for the program's name.
const PROGRAM_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/NAME", &["NAME"]),
    ("/usr/bin/NAME (deleted)", &["/usr/bin/NAME"]),
    ("/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped", &["NAME"]),
    ("/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped", &["/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped"]),
    ("/gnu/store/abc-NAME-0.60.1/bin/.NAME-real", &["/gnu/store/abc-NAME-0.60.1/bin/.NAME-real"]),
    ("/opt/bin/NAME-linux-x64", &["/opt/bin/NAME-linux-x64"]),
    ("/opt/bin/NAME-darwin-arm64", &["./NAME-darwin-arm64"]),
    ("/opt/bin/NAME-x86_64-unknown-linux-musl", &["NAME-x86_64-unknown-linux-musl"]),
    ("/home/u/bin/NAME-0.60.1", &["NAME-0.60.1"]),
    ("/home/u/bin/NAME-v0.60.1-linux-amd64", &["x"]),
    ("/opt/other/launcher", &["NAME"]),
    ("/lib64/ld-linux-x86-64.so.2", &["/opt/bin/NAME"]),
    ("/usr/bin/node", &["NAME"]),
    ("-", &["NAME"]),
    ("-", &["/opt/bin/NAME-0.60.1"]),
    (r"C:\bin\NAME.exe", &[r"C:\bin\NAME.exe"]),
    (r"C:\bin\NAME-win32-x64.exe", &["NAME"]),
];

/// Forms of a command that Node.js runs.
const COMMAND_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/node", &["node", "/usr/bin/NAME"]),
    ("/usr/bin/node22", &["node22", "--enable-source-maps", "/home/u/.npm/_npx/650f1a1d/node_modules/.bin/NAME"]),
    ("/nix/store/abc-nodejs/bin/node", &["node", "/nix/store/abc/bin/.NAME-wrapped"]),
    ("/home/u/.bun/bin/bun", &["bun", "run", "/home/u/.bun/bin/NAME"]),
    ("-", &["node", "/home/u/bin/NAME-0.60.1"]),
];

/// Forms of an npm package.
const PACKAGE_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/node", &["node", "/usr/lib/node_modules/NAME/dist/index.js"]),
    ("/usr/bin/node", &["node", "/x/.pnpm/a@1/node_modules/NAME/dist/index.js"]),
    (r"C:\nodejs\node.exe", &["node", r"C:\npm\node_modules\NAME\cli.js"]),
    ("/home/u/.deno/bin/deno", &["deno", "run", "-A", "npm:NAME@0.60.1"]),
];

/// Forms of a command that Python runs.
const PYTHON_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/python3.12", &["/usr/bin/python3", "/home/u/.local/bin/NAME"]),
    ("/nix/store/abc/bin/python3.12", &["/nix/store/abc/bin/python3.12", "/nix/store/abc/bin/.NAME-wrapped"]),
    ("/usr/bin/python3.12", &["python3", "-m", "NAME"]),
];

/// Processes that contain the name, and are other programs.
const FOREIGN_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/bash", &["bash", "/usr/bin/NAME"]),
    ("/usr/bin/bash", &["NAME"]),
    ("/usr/bin/NAME-squad", &["NAME-squad"]),
    ("/usr/bin/NAMEx", &["NAMEx"]),
    ("/usr/bin/my-NAME", &["my-NAME"]),
    ("/usr/bin/.NAME", &[".NAME"]),
    ("/usr/bin/vim", &["vim", "NAME"]),
    ("/usr/bin/node", &["node", "/srv/NAME.js"]),
    ("/usr/bin/node", &["node", "NAME"]),
    ("/usr/bin/python3.12", &["python3", "/srv/NAME.py"]),
];

/// The processes of these forms for that name.
fn processes<'a>(forms: &'a [(&str, &[&str])], name: &'a str) -> impl Iterator<Item = Process> + 'a {
    forms.iter().map(move |(exe, argv)| {
        let named = |text: &str| text.replace("NAME", name);
        process("MainThread", &named(exe), argv.iter().map(|arg| named(arg).as_str().into()).collect())
    })
}

/// Bug: `.codex-wrapped` as Nix makes it, `codex-linux-x64`, `codex-0.60.1` and `codex` as `argv[0]` of another
/// executable were no agents, and neither was a native `cn`: Codex required the exact name of its executable, Continue
/// knew only a script, and other clients accepted all of them. Now one rule holds for all clients, and each passes the
/// same table.
#[test]
fn every_client_is_recognised_by_the_same_rule() {
    let mut wrong = Vec::new();
    for client in clients() {
        let (id, signature) = (client.info().id, client.signature());
        let forms = [
            (PROGRAM_FORMS, signature.programs),
            (COMMAND_FORMS, signature.node_commands),
            (PACKAGE_FORMS, signature.npm_packages),
            (PYTHON_FORMS, signature.python_commands),
        ];
        let forms = forms.iter().flat_map(|(forms, names)| names.iter().map(move |name| (forms, name)));
        // A module name with a dot is not a command name.
        for (forms, name) in forms.filter(|(_, name)| !name.contains('.')) {
            for process in processes(forms, name).filter(|process| verdict(process) != format!("{id} agent")) {
                wrong.push(format!("{:?} {:?} is no {id} agent but {}", process.exe, process.argv, verdict(&process)));
            }
        }
        for process in signature.programs.iter().flat_map(|name| processes(FOREIGN_FORMS, name)) {
            if verdict(&process) != "nothing" {
                wrong.push(format!("{:?} {:?} is {}", process.exe, process.argv, verdict(&process)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A client must not be missing from the table because its signature has no name.
#[test]
fn every_client_with_a_program_names_it() {
    for client in clients().filter(|client| !WITHIN_EDITORS.contains(&client.info().id.as_str())) {
        assert!(!client.signature().programs.is_empty(), "{}", client.info().id);
    }
}

/// The name of the executable counts more than the name that it was called by.
#[test]
fn the_executable_decides_before_the_name_it_was_called_by() {
    let of = |exe: &str, called: &str| verdict(&process("x", exe, vec![called.into()]));
    assert_eq!(of("/usr/bin/codex-linux-x64", "claude"), "codex agent");
    assert_eq!(of("/opt/bin/goose", "codex"), "goose agent");
    assert_eq!(of("/opt/bin/something", "codex"), "codex agent");
}

/// Extensions of editors run in the editor's own process, which is not an agent.
const WITHIN_EDITORS: &[&str] = &["roo", "kilo-code"];

#[test]
fn every_client_is_in_the_table() {
    for client in clients().filter(|client| !WITHIN_EDITORS.contains(&client.info().id.as_str())) {
        let agent = format!("{} agent", client.info().id);
        assert!(rows().any(|(expected, _)| expected == agent), "no {agent}");
    }
}

/// Each client needs a process that contains its name and is another program.
#[test]
fn every_client_has_a_similar_process_that_is_no_agent() {
    let traps: Vec<String> = rows()
        .filter(|(expected, _)| *expected == "nothing")
        .flat_map(|(_, process)| process.argv.iter().map(|arg| arg.raw().to_owned()).collect::<Vec<_>>())
        .collect();
    for client in clients() {
        let name = client.info().id.as_str();
        assert!(traps.iter().any(|arg| arg.contains(name)), "no trap for {name}");
    }
}
