use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    Activity, ClientId, Decay, Evidence, Gap, Phase, PicoUsd, Reading, SessionKey, Spend, Status, StopReason,
    Timestamp, Title, Untrusted, Usage,
};

/// A session, as its transcripts record it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Which conversation.
    pub key: SessionKey,
    /// The session that started this one as a sub-agent.
    pub parent: Option<SessionKey>,
    /// The session this one was copied from.
    pub forked_from: Option<SessionKey>,
    /// Its name.
    pub title: Option<Title>,
    /// Its best name that is no message text: what is shown where message text is not.
    pub public_title: Option<Title>,
    /// The directory it works in.
    pub cwd: Option<PathBuf>,
    /// The last part of `cwd`.
    pub project: Option<Untrusted>,
    /// The git branch.
    pub branch: Option<Untrusted>,
    /// The version of the client that wrote it last.
    pub version: Option<Untrusted>,
    /// Who started it.
    pub origin: Option<Untrusted>,
    /// The user's name for it: `AGTOP_TAG` in its environment, which hooks report.
    pub tag: Option<Untrusted>,
    /// When it began; `None` if no record says.
    pub started: Option<Timestamp>,
    /// When something last happened.
    pub last_active: Option<Timestamp>,
    /// The model that answered last on the main line.
    pub model: Option<Arc<str>>,
    /// Usage of this session alone.
    pub own_usage: Usage,
    /// Cost of this session alone.
    pub own_spend: Spend,
    /// The same by day and model, in no particular order.
    pub own_days: Arc<[SessionDay]>,
    /// Usage with that of all sub-agents below it.
    pub usage: Usage,
    /// Cost with that of all sub-agents below it.
    pub spend: Spend,
    /// Why nothing is known of `usage`, where its client does not write that down: then its zeros say nothing. `None` where
    /// zeros are zeros.
    pub usage_gap: Option<Gap>,
    /// `usage` and `spend` by model, most expensive first.
    pub models: Vec<ModelSpend>,
    /// Responses of this session and its sub-agents.
    pub turns: u64,
    /// Prompts of the user.
    pub prompts: u64,
    /// Failed requests.
    pub errors: u64,
    /// How often the context was summarised.
    pub compactions: u64,
    /// How full the context is.
    pub context: Reading<ContextWindow>,
    /// How fast the context fills; `None` where nothing says that it has grown.
    pub growth: Option<ContextGrowth>,
    /// How much the session's length weighs on it; `None` where its context is not known, and of sessions that have long
    /// been idle.
    pub decay: Option<Decay>,
    /// What reading from the cache saved against reading the same tokens without it, sub-agents included; `None` where
    /// no price is known.
    pub cache_saving: Option<PicoUsd>,
    /// How often the same tool was called on the same thing, last and without anything else between; 0 and 1 are usual.
    pub repeats: u32,
    /// The last things that happened on the main line, oldest first; at most [`Self::MAX_ACTIVITIES`], and none in sessions that
    /// have long been idle.
    pub recent: Vec<Activity>,
    /// Tools called in this session, most used first.
    pub tools: Vec<ToolCount>,
    /// What has been started and has not ended.
    pub in_flight: Vec<InFlight>,
    /// Why the model last stopped on the main line.
    pub stop: Option<StopReason>,
    /// Where it stands, as its transcript says.
    pub phase: Phase,
    /// The sub-agents, oldest first.
    pub children: Vec<Arc<Session>>,
    /// Transcript files this session was read from, its sub-agents' included.
    pub files: u32,
    /// Of those, sub-agents' own.
    pub subagent_files: u32,
    /// What it is doing.
    pub status: Status,
    /// What decided that.
    pub evidence: Evidence,
}

impl Session {
    /// How many of the last activities are kept.
    pub const MAX_ACTIVITIES: usize = 12;

    /// The client that wrote it.
    pub fn client(&self) -> ClientId {
        self.key.client
    }

    /// What it and all sub-agents below it used, or why that is not known.
    pub fn used(&self) -> Reading<Usage> {
        self.known(self.usage)
    }

    /// What it alone used, or why that is not known.
    pub fn used_alone(&self) -> Reading<Usage> {
        self.known(self.own_usage)
    }

    fn known(&self, usage: Usage) -> Reading<Usage> {
        self.usage_gap.filter(|_| usage.is_zero()).map_or(Ok(usage), Err)
    }

    /// How long ago something happened.
    pub fn idle_for(&self, now: Timestamp) -> Option<Duration> {
        self.last_active.map(|at| now.since(at))
    }
}

/// Usage and cost of one model.
#[derive(Clone, Debug, Default)]
pub struct ModelSpend {
    /// The model; `None` where the record does not name it.
    pub model: Option<Arc<str>>,
    /// What it used.
    pub usage: Usage,
    /// What that cost.
    pub spend: Spend,
    /// Responses.
    pub turns: u64,
}

impl ModelSpend {
    /// Adds the totals of further responses of the same model.
    pub fn merge(&mut self, other: &Self) {
        self.usage += other.usage;
        self.spend += other.spend;
        self.turns += other.turns;
    }
}

/// What one session itself used of one model on one day.
#[derive(Clone, Debug)]
pub struct SessionDay {
    /// Days since 1970-01-01, as days begin in [`Totals::time_zone`](crate::Totals::time_zone); `None` for responses
    /// without a time.
    pub day: Option<i32>,
    /// What was used and spent.
    pub spend: ModelSpend,
}

/// How often a tool was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCount {
    /// The tool's name.
    pub name: Untrusted,
    /// Calls.
    pub calls: u64,
}

/// A tool call or sub-agent that has started and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The tool's or sub-agent's name.
    pub name: Untrusted,
    /// What it works on. Private: shown only where asked for.
    pub target: Option<Untrusted>,
    /// When it started.
    pub since: Option<Timestamp>,
    /// Whether it is a sub-agent.
    pub is_subagent: bool,
    /// How long calls of this tool take at most, nearly always (the 95th percentile of the last ones seen); `None` where
    /// too few were seen.
    pub usual: Option<Duration>,
}

/// How full the context window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextWindow {
    /// Tokens in it with the last response.
    pub used: u64,
    /// Its size in tokens.
    pub limit: u64,
    /// Who says so.
    pub source: ContextSource,
}

impl ContextWindow {
    /// How full, in percent, never over 100.
    pub fn percent(&self) -> f64 {
        if self.limit == 0 { 0.0 } else { (self.used as f64 / self.limit as f64 * 100.0).min(100.0) }
    }
}

/// How fast a context fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContextGrowth {
    /// Tokens per minute, over the last responses.
    pub tokens_per_minute: f64,
    /// When the context will be so full that agents summarise it (95 percent of its window), if it goes on like this.
    pub full_in: Option<Duration>,
    /// When it last grew, if that is among the last responses.
    pub grown_at: Option<Timestamp>,
    /// What it is measured over.
    pub basis: GrowthBasis,
}

/// What the growth of a context is measured over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrowthBasis {
    /// The last responses.
    LastResponses,
    /// The session since it began, because its context does not grow now: when it will be full if it goes on as it did on
    /// the whole. A session that was compacted has no such average.
    WholeSession,
}

impl GrowthBasis {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastResponses => "last_responses",
            Self::WholeSession => "whole_session",
        }
    }
}

/// Who says how large a context window is, most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContextSource {
    /// The vendor, for this very session.
    Vendor,
    /// The user's configuration.
    Config,
    /// The price list's table of models.
    Table,
    /// The smallest usual window that holds what was seen.
    Calibrated,
}

impl ContextSource {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Config => "config",
            Self::Table => "table",
            Self::Calibrated => "calibrated",
        }
    }
}
