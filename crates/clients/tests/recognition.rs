//! Who is an agent: real command lines of all platforms, most of them traps.

use agtop_clients::{ProcFacts, client, clients, recognise};
use agtop_model::{Gap, ProcId, Process, ProcessState, Role, Untrusted};

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
        Some((client, Role::Agent)) => format!("{client} agent"),
        Some((client, Role::Host)) => format!("{client} host"),
        Some((client, Role::Helper)) => format!("{client} helper"),
        None => "nothing".to_owned(),
    }
}

/// What is expected of a line, and the process it describes.
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
fn no_trap_is_an_agent_and_no_agent_is_missed() {
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

/// Where executables cannot be read, the command line has to tell.
#[test]
fn only_a_process_that_is_called_as_an_agent_passes_for_one_without_its_executable() {
    for (_, mut process) in rows().filter(|(expected, _)| *expected == "nothing") {
        process.exe = Err(Gap::Denied);
        let called = ProcFacts::new(&process).program();
        if client(called).is_none() {
            assert_eq!(verdict(&process), "nothing", "{:?}", process.argv);
        }
    }
}

#[test]
fn bytes_that_are_no_text_hide_no_agent_and_make_none() {
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

/// Extensions of editors work in the editor's own process, which is no agent.
const WITHIN_EDITORS: &[&str] = &["roo", "kilo-code"];

#[test]
fn every_client_is_in_the_table() {
    for client in clients().filter(|client| !WITHIN_EDITORS.contains(&client.info().id.as_str())) {
        let agent = format!("{} agent", client.info().id);
        assert!(rows().any(|(expected, _)| expected == agent), "no {agent}");
    }
}

/// Something that has its name somewhere, and is not it.
#[test]
fn every_client_has_a_trap() {
    let traps: Vec<String> = rows()
        .filter(|(expected, _)| *expected == "nothing")
        .flat_map(|(_, process)| process.argv.iter().map(|arg| arg.raw().to_owned()).collect::<Vec<_>>())
        .collect();
    for client in clients() {
        let name = client.info().id.as_str();
        assert!(traps.iter().any(|arg| arg.contains(name)), "no trap for {name}");
    }
}
