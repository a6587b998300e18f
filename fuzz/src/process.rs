//! Recognition of agents among processes.

use agtop_clients::{CLIENTS, ProcFacts, recognise};
use agtop_model::{Gap, ProcId, Process, ProcessState, Untrusted};

/// Classifies a process whose executable, kernel name and arguments are the lines of the input, and then an editor with
/// the same arguments.
///
/// # Panics
///
/// If the same process is classified in two ways, or the editor as an agent.
pub(crate) fn run(input: &[u8]) {
    let mut lines = input.split(|&byte| byte == b'\n').map(Untrusted::from_bytes);
    let (exe, name) = (lines.next(), lines.next());
    let exe = exe.as_ref().map_or("", Untrusted::raw);
    let mut argv: Vec<Untrusted> = lines.collect();
    let seen = some_process(exe, name.unwrap_or_else(|| "".into()), argv.clone());
    assert_eq!(recognise(&seen), recognise(&seen));
    for client in CLIENTS {
        client.session_argument(&ProcFacts::new(&seen));
    }
    argv.insert(0, "vim".into());
    let editor = some_process("/usr/bin/vim", "vim".into(), argv);
    assert_eq!(recognise(&editor), None, "an editor is no agent, whatever it edits");
}

fn some_process(exe: &str, name: Untrusted, argv: Vec<Untrusted>) -> Process {
    Process {
        id: ProcId { pid: 4711, started: 1 },
        parent: Some(1),
        name,
        argv,
        exe: if exe.is_empty() { Err(Gap::Denied) } else { Ok(exe.into()) },
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
