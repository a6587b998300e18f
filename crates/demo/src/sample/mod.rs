//! Snapshots at a fixed moment, for the tests of every crate that shows them.

mod agents;
mod aggregates;
mod hostile;
mod ids;
mod sessions;

use std::sync::Arc;

use agtop_model::{Agent, Gap, LifecycleChange, Process, Session, Snapshot, Totals};

use self::agents::{claude_agent, codex_agent, gemini_agent};
use self::aggregates::{activity_rates, health, history, lifecycle, rate_limit, system, timings, totals};
use self::ids::{CLAUDE, CODEX, CURSOR, NOW, ago};
use self::sessions::{claude_session, codex_session, gemini_session, opencode_session};
pub use crate::base::{process, session};

pub use self::aggregates::DEGRADED_HEALTH;
pub use self::ids::{CLAUDE_PID, CLAUDE_SESSION, CODEX_PID, CODEX_SESSION, GEMINI_PID, GEMINI_SESSION, SECRET_TEXT};

/// Three agents, four sessions, subagents, gaps and lost records.
pub fn rich() -> Snapshot {
    let sessions = [codex_session(), claude_session(), gemini_session(), opencode_session()].map(Arc::new);
    let agents = [
        claude_agent(Arc::clone(&sessions[1])),
        codex_agent(Arc::clone(&sessions[0])),
        gemini_agent(Arc::clone(&sessions[2])),
    ];
    let below = [process(4049, CLAUDE_PID, "bash"), process(4050, 4049, "cargo")];
    Snapshot {
        system: Some(Arc::new(system())),
        processes: below.into_iter().map(Arc::new).collect(),
        totals: Arc::new(totals(&sessions)),
        agents: agents.into_iter().map(Arc::new).collect(),
        sessions: sessions.into(),
        rate_limits: [(CODEX, ago(60), rate_limit())].into(),
        rates: Arc::new(activity_rates()),
        timings: Arc::new(timings()),
        history: Arc::new(history()),
        lifecycle_events: [lifecycle(LifecycleChange::Exited, 4000), lifecycle(LifecycleChange::Spawned, CODEX_PID)]
            .into(),
        health: Arc::new(health()),
        ..empty()
    }
}

/// A machine on which no agent ever ran, and which reports no metrics.
pub fn empty() -> Snapshot {
    Snapshot {
        now: NOW,
        system: None,
        agents: [].into(),
        processes: [].into(),
        cpu_percents: Arc::default(),
        sessions: [].into(),
        totals: Arc::new(Totals { time_zone: "UTC".to_owned(), ..Totals::default() }),
        rates: Arc::default(),
        timings: Arc::default(),
        history: Arc::default(),
        lifecycle_events: [].into(),
        rate_limits: [].into(),
        health: Arc::default(),
        prices: "2026-11-20 (bundled)".into(),
    }
}

/// The sessions of the rich snapshot, without agents.
pub fn without_agents() -> Snapshot {
    Snapshot { agents: [].into(), processes: [].into(), ..rich() }
}

/// The first agent of the rich snapshot, on a session of a client that records no tokens.
pub fn without_usage() -> Snapshot {
    let session = Arc::new(Session {
        prompts: 2,
        turns: 0,
        usage_gap: Some(Gap::NotReported),
        children: vec![Arc::new(Session { usage_gap: Some(Gap::NotReported), ..session(CURSOR, "below") })],
        ..session(CURSOR, "untold")
    });
    let agent = Agent { client: CURSOR, ..claude_agent(Arc::clone(&session)) };
    Snapshot { agents: [Arc::new(agent)].into(), sessions: [session].into(), ..empty() }
}

/// The rich snapshot, with Codex started from a shell of Claude Code.
pub fn nested() -> Snapshot {
    let mut snapshot = rich();
    let shell = process(5000, CLAUDE_PID, "zsh");
    snapshot.agents = snapshot
        .agents
        .iter()
        .map(|agent| if agent.client == CODEX { Arc::new(with_parent(agent, &shell)) } else { Arc::clone(agent) })
        .collect();
    snapshot.processes = [Arc::new(shell)].into();
    snapshot
}

fn with_parent(agent: &Agent, parent: &Process) -> Agent {
    let process = Process { parent: Some(parent.id.pid), ..(*agent.process).clone() };
    Agent { process: Arc::new(process), ..agent.clone() }
}

/// One session with a subagent that has a subagent, and so on.
pub fn with_family(generations: usize) -> Snapshot {
    let family = (0..generations)
        .fold(Vec::new(), |children, n| vec![Arc::new(Session { children, ..session(CLAUDE, &format!("child-{n}")) })]);
    let session = Session { children: family, ..session(CLAUDE, "eldest") };
    Snapshot { sessions: [Arc::new(session)].into(), ..empty() }
}

/// A snapshot in which every text from outside is an attack on a terminal or a parser, and every number is extreme.
pub fn hostile() -> Snapshot {
    hostile::hostile(rich())
}
