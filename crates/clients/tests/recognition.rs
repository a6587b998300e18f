//! Which processes are agents: real command lines of all platforms, most of them traps.

mod shapes;

use agtop_clients::{ProcFacts, client, clients, recognise};
use agtop_model::{Gap, Process, ProcessRole, Untrusted};
use proptest::prelude::*;

use shapes::{ProcessShape, process, process_shapes};

const TABLE: &str = include_str!("recognition.tsv");

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
        (expected, process(comm.into(), exe, columns.map(Untrusted::from).collect()))
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
    let of = |argv: &[&[u8]]| {
        verdict(&process("x".into(), "-", argv.iter().map(|arg| Untrusted::from_bytes(arg)).collect()))
    };
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
    let of = |argv: &[&str]| verdict(&process("x".into(), "-", argv.iter().map(|&arg| arg.into()).collect()));
    assert_eq!(of(&["claude", "-p", &long]), "claude agent");
    assert_eq!(of(&["bash", "-c", &long]), "nothing");
    assert_eq!(of(&[&long]), "claude agent", "the first word of a title");
    assert_eq!(of(&["node", &long]), "nothing");
    let many: Vec<&str> = ["node"].into_iter().chain(std::iter::repeat_n("--x", 1 << 16)).collect();
    assert_eq!(of(&many), "nothing");
}

/// Bug: `.codex-wrapped` as Nix makes it, `codex-linux-x64`, `codex-0.60.1` and `codex` as `argv[0]` of another
/// executable were no agents, and neither was a native `cn`: Codex required the exact name of its executable, Continue
/// knew only a script, and other clients accepted all of them. Now one rule holds for all clients, and each passes the
/// same table.
#[test]
fn every_client_is_recognised_by_the_same_rule() {
    let wrong: Vec<String> = process_shapes().iter().filter_map(ProcessShape::mistake).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn further_arguments_make_no_other_client_of_a_process() {
    const WORDS: &[&str] =
        &["claude", "/usr/bin/codex", "-m", "aider", "--", "npm:opencode", "mcp", "serve", "-c", "--yolo", ""];
    let shapes = process_shapes();
    let shape = (0..shapes.len()).prop_map(|at| &shapes[at]);
    let further = prop::collection::vec(prop::sample::select(WORDS).prop_map(Untrusted::from), 0..4);
    proptest!(|((shape, further) in (shape, further))| {
        prop_assert_eq!(shape.mistake_with(&further), None);
    });
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
    let of = |exe: &str, called: &str| verdict(&process("x".into(), exe, vec![called.into()]));
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
