use agtop_model::{Gap, ProcId, Process, ProcessState, Untrusted};

/// A process of which only these facts are known. An `exe` of `-` cannot be read.
pub(crate) fn process(name: Untrusted, exe: &str, argv: Vec<Untrusted>) -> Process {
    Process {
        id: ProcId { pid: 4711, started: 1 },
        parent: Some(1),
        name,
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
