use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    Agent, Confidence, Evidence, Gap, Git, IoRate, JoinTier, OpenFiles, Process, Session, SessionJoin, Sockets,
    Untrusted,
};

use crate::base::{agent, process};
use crate::sample::aggregates::activity_rates;
use crate::sample::ids::{CLAUDE, CLAUDE_PID, CODEX, CODEX_PID, GEMINI, GEMINI_PID, ago};

pub(super) fn claude_agent(session: Arc<Session>) -> Agent {
    let argv = ["claude", "--dangerously-skip-permissions", "--api-key", "hunter2"];
    let process = Process {
        argv: argv.map(Untrusted::from).into(),
        rss: Ok(626_491_392),
        started_at: Ok(ago(345_600)),
        ..process(CLAUDE_PID, 1000, "node")
    };
    Agent {
        cpu_percent: Ok(16.3),
        join: Some(SessionJoin { tier: JoinTier::Marker, confidence: Confidence::High }),
        danger: Some("--dangerously-skip-permissions".into()),
        children: vec![(4049, "bash".into())],
        io_rate: Ok(IoRate { read: 0.0, written: 4096.0 }),
        cpu_history: [3.0, 12.0, 16.3].into(),
        git: Ok(Git { branch: "main".into(), modified: Ok(3) }),
        rates: activity_rates().rolling,
        files: Ok(OpenFiles {
            writing: vec!["/home/u/prover/src/main.rs".into()],
            reading: vec!["/home/u/prover/Cargo.lock".into()],
            left_out: 0,
        }),
        sockets: Ok(Sockets { established: 3, listening: vec![8080] }),
        skills: vec!["frontend-design".into()],
        ..agent(CLAUDE, process, session)
    }
}

pub(super) fn codex_agent(session: Arc<Session>) -> Agent {
    let process = Process { cwd: Ok(PathBuf::from("/work/shop")), ..process(CODEX_PID, 1000, "codex") };
    Agent { cpu_percent: Ok(1.1), evidence: Evidence::Hook, ..agent(CODEX, process, session) }
}

pub(super) fn gemini_agent(session: Arc<Session>) -> Agent {
    let process = Process {
        cwd: Err(Gap::Denied),
        exe: Err(Gap::Denied),
        io: Err(Gap::Denied),
        started_at: Err(Gap::Unsupported),
        cpu: Err(Gap::Failed),
        ..process(GEMINI_PID, 1000, "node")
    };
    Agent { join: None, ..agent(GEMINI, process, session) }
}
