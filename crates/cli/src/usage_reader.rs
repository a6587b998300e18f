//! Snapshots and usage of this machine, or of the demo.

use std::sync::Arc;
use std::time::Instant;

use agtop_collect::Collector;
use agtop_hooks::{HookDirs, SpoolAccess};
use agtop_model::{ClientId, Snapshot, SourceHealth, TimeGranularity, UsageTable};
use agtop_prices::PriceBook;

use crate::plan::{DEMO_AGE, DemoSource, UsageSource};
use crate::{collector_setup, progress};

/// Reads what a one-shot command shows.
pub(crate) enum UsageReader {
    /// Reads files and processes.
    Machine(Box<Collector>),
    /// Makes it up.
    Demo(DemoSource, Instant),
}

impl UsageReader {
    /// A reader of the source.
    pub(crate) fn new(source: UsageSource, book: Arc<PriceBook>) -> Self {
        match source {
            UsageSource::Machine(settings) => {
                Self::Machine(Box::new(Collector::new(*settings, agtop_os::native(), book)))
            }
            UsageSource::Demo(demo) => Self::Demo(demo, Instant::now()),
        }
    }

    /// Has the machine's collector receive the events of hooks.
    pub(crate) fn attach_hooks(&mut self, dirs: &HookDirs, spool: SpoolAccess) {
        if let Self::Machine(collector) = self {
            collector_setup::attach_hooks(collector, dirs, spool);
        }
    }

    /// Has the machine's collector read the tags of sessions from events that no agtop has received.
    pub(crate) fn import_spooled_tags(&mut self, dirs: &HookDirs) {
        if let Self::Machine(collector) = self {
            collector.import_spooled_tags(dirs);
        }
    }

    /// The present snapshot.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        match self {
            Self::Machine(collector) => progress::with_progress(collector.progress_reporter(), || collector.refresh()),
            Self::Demo(source, started) => {
                let snapshot = source.demo.snapshot(DEMO_AGE + started.elapsed());
                of_clients(snapshot, &source.clients)
            }
        }
    }

    /// All usage.
    pub(crate) fn usage_table(&mut self, granularity: TimeGranularity) -> UsageTable {
        match self {
            Self::Machine(collector) => {
                progress::with_progress(collector.progress_reporter(), || collector.usage_table(granularity))
            }
            Self::Demo(source, started) => {
                let mut table = source.demo.usage_table(DEMO_AGE + started.elapsed());
                let is_wanted: Vec<bool> =
                    table.sessions.iter().map(|session| is_of(&source.clients, session.client())).collect();
                table.rows.retain(|row| {
                    usize::try_from(row.session).is_ok_and(|at| is_wanted.get(at).is_some_and(|wanted| *wanted))
                });
                table
            }
        }
    }

    /// The source health; that of the demo has no faults.
    pub(crate) fn health(&mut self) -> SourceHealth {
        match self {
            Self::Machine(collector) => collector.health(),
            Self::Demo(..) => SourceHealth::default(),
        }
    }

    /// Writes what was read into the ledger, and reports problems with the ledger on standard error.
    pub(crate) fn finish(&mut self) {
        if let Self::Machine(collector) = self {
            collector_setup::finish(collector);
        }
    }
}

fn is_of(clients: &[ClientId], client: ClientId) -> bool {
    clients.is_empty() || clients.contains(&client)
}

/// The snapshot with the agents and sessions of these clients; with all if there are none.
fn of_clients(snapshot: Snapshot, clients: &[ClientId]) -> Snapshot {
    let agents = snapshot.agents.iter().filter(|agent| is_of(clients, agent.client)).cloned().collect();
    let sessions = snapshot.sessions.iter().filter(|session| is_of(clients, session.client())).cloned().collect();
    Snapshot { agents, sessions, ..snapshot }
}
