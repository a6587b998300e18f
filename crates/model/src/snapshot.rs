use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{
    ActivityRates, Agent, Billing, ClientId, History, HostMetrics, LifecycleEvent, ModelSpend, ProcId, Process,
    RateLimit, Session, SourceHealth, Spend, Timestamp, Timings, Usage,
};

/// Everything agtop knows at one moment. Immutable, cheap to share; every output draws one.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The moment.
    pub now: Timestamp,
    /// The machine; `None` where processes were not asked for.
    pub system: Option<Arc<HostMetrics>>,
    /// Live agents. One that is the same as in the snapshot before may be shared with it.
    pub agents: Arc<[Arc<Agent>]>,
    /// Live agents and everything below and above them, for trees.
    pub processes: Arc<[Arc<Process>]>,
    /// Processor use of these over the last interval, in percent of one processor. A process whose use
    /// is unknown has no entry.
    pub cpu_percents: Arc<HashMap<ProcId, f64>>,
    /// Conversations, newest first; sub-agents are below their parents and not in this list.
    pub sessions: Arc<[Arc<Session>]>,
    /// Sums over all counted responses.
    pub totals: Arc<Totals>,
    /// What happened in the last minutes, and since agtop started.
    pub rates: Arc<ActivityRates>,
    /// How long tools and turns took.
    pub timings: Arc<Timings>,
    /// Totals of all agents in each of the last snapshots, this one included.
    pub history: Arc<History>,
    /// Agents that started and exited while agtop ran, newest first.
    pub lifecycle_events: Arc<[LifecycleEvent]>,
    /// The newest readings of accounts' allowances.
    pub rate_limits: Arc<[(ClientId, Timestamp, RateLimit)]>,
    /// How well the sources could be read.
    pub health: Arc<SourceHealth>,
    /// Where prices come from, for people: source and date.
    pub prices: Arc<str>,
}

/// Sums over responses, each counted once.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Of everything.
    pub usage: Usage,
    /// Of everything.
    pub spend: Spend,
    /// Responses.
    pub turns: u64,
    /// By client, in the order of the registry.
    pub by_client: Vec<(ClientId, ModelSpend)>,
    /// By model, most expensive first.
    pub by_model: Vec<ModelSpend>,
    /// By day, client and model, oldest first.
    pub by_day: Vec<DayModel>,
    /// The time zone in which days begin and end.
    pub time_zone: String,
}

/// Usage of one model of one client on one day.
#[derive(Clone, Debug)]
pub struct DayModel {
    /// `YYYY-MM-DD`, or `unknown` for responses without a time.
    pub day: String,
    /// The client.
    pub client: ClientId,
    /// What was used and spent.
    pub spend: ModelSpend,
}

impl Snapshot {
    /// The agent at this place in the list.
    pub fn agent(&self, at: usize) -> Option<&Agent> {
        self.agents.get(at).map(Arc::as_ref)
    }

    /// Copies of the agents, to be changed.
    pub fn cloned_agents(&self) -> Vec<Agent> {
        self.agents.iter().map(|agent| Agent::clone(agent)).collect()
    }

    /// The same snapshot with these agents.
    #[must_use]
    pub fn with_agents(self, agents: impl IntoIterator<Item = Agent>) -> Self {
        Self { agents: agents.into_iter().map(Arc::new).collect(), ..self }
    }

    /// The directories the live agents work in, each once.
    pub fn project_directories(&self) -> Vec<PathBuf> {
        let mut directories: Vec<PathBuf> =
            self.agents.iter().filter_map(|agent| agent.process.cwd.clone().ok()).collect();
        directories.sort_unstable();
        directories.dedup();
        directories
    }

    /// Whether subscriptions cover everything shown.
    pub fn billing(&self) -> Billing {
        self.totals.spend.billing
    }
}
