//! What one file told, without a word of any message.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, CoarserRecords, Extent, InferenceGeo, Lineage, MessageKey, Phase, PicoUsd, Purpose, RateLimit,
    RunningTotal, SessionFacts, SessionKey, StopReason, Tier, Timestamp, Title, ToolKey, Usage,
};

use crate::codec::{Damaged, Reader, Writer};

/// Everything that one file told and that outlives the present: enough to take the file's place.
///
/// What is in flight is left out: a file in which something is in flight will be read on, and says so again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Names of models and tools, which [`Name`]s refer to.
    pub names: Vec<Arc<str>>,
    /// The sessions it tells of.
    pub sessions: Vec<SessionMemory>,
    /// The responses, each session's once.
    pub turns: Vec<TurnMemory>,
    /// The newest reading of each allowance.
    pub limits: Vec<LimitReading>,
    /// Directories behind abbreviated project names.
    pub roots: Vec<ProjectRoot>,
}

/// A name, as an index into [`Memory::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u32);

/// What one file told of one session, apart from its responses.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionMemory {
    /// Which session.
    pub key: SessionKey,
    /// What is known about it: of each fact the last that was told.
    pub facts: SessionFacts,
    /// When [`SessionFacts::context_used`] was told.
    pub context_at: Option<Timestamp>,
    /// The best name that is no message text.
    pub title: Option<Title>,
    /// How often the person spoke.
    pub prompts: u64,
    /// Failed requests.
    pub errors: u64,
    /// How often the context was summarised.
    pub compactions: u64,
    /// Every tool call once, and the tool's name.
    pub calls: Vec<(ToolKey, Name)>,
    /// Where the conversation stands.
    pub phase: Phase,
    /// When something first happened.
    pub first: Option<Timestamp>,
    /// When something last happened.
    pub last: Option<Timestamp>,
    /// The newest response on the main line.
    pub last_turn: Option<LastTurn>,
    /// The largest context seen, in tokens.
    pub largest_prompt: u64,
}

impl SessionMemory {
    /// Nothing is known of this session yet.
    pub fn new(key: SessionKey) -> Self {
        Self {
            key,
            facts: SessionFacts::default(),
            context_at: None,
            title: None,
            prompts: 0,
            errors: 0,
            compactions: 0,
            calls: Vec::new(),
            phase: Phase::Fresh,
            first: None,
            last: None,
            last_turn: None,
            largest_prompt: 0,
        }
    }
}

/// The newest response on a session's main line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTurn {
    /// When it happened.
    pub at: Timestamp,
    /// The model that answered.
    pub model: Option<Name>,
    /// Tokens in the context with it.
    pub context_used: u64,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
}

/// One response, joined from all that the file says of it: what `agtop_model::Turn` is, made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnMemory {
    /// The session it was told of, as an index into [`Memory::sessions`].
    pub session: u32,
    /// Which response.
    pub message: MessageKey,
    /// The coarser records that this one is a part of.
    pub part_of: CoarserRecords,
    /// When it happened, or the best guess.
    pub at: Timestamp,
    /// The model that answered.
    pub model: Option<Name>,
    /// What it used.
    pub usage: Usage,
    /// The class of service.
    pub tier: Tier,
    /// Where the model ran.
    pub geo: InferenceGeo,
    /// What the model was asked for.
    pub purpose: Purpose,
    /// One response, or a sum of several.
    pub extent: Extent,
    /// What the agent says it cost.
    pub embedded_cost: Option<PicoUsd>,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
    /// Whether it belongs to the conversation itself.
    pub lineage: Lineage,
    /// When the file that holds it was begun.
    pub opened: Timestamp,
    /// Tokens in the context with it, where that is not the prompt.
    pub context_used: Option<u64>,
}

impl TurnMemory {
    /// Joins another copy of the same response in the same session: the greatest usage counts, and it happened when its
    /// first copy says. The order of copies does not matter.
    pub fn absorb(&mut self, copy: &Self) {
        if weight(copy) > weight(self) {
            self.usage = copy.usage;
            self.tier = copy.tier;
            self.geo = copy.geo;
            self.purpose = copy.purpose;
            self.extent = copy.extent;
            self.model = copy.model.or(self.model);
        }
        self.model = self.model.or(copy.model);
        self.stop = self.stop.or(copy.stop);
        self.part_of.merge(&copy.part_of);
        self.embedded_cost = self.embedded_cost.max(copy.embedded_cost);
        self.context_used = self.context_used.max(copy.context_used);
        self.at = self.at.min(copy.at);
        (self.lineage, self.opened) = (self.lineage, self.opened).min((copy.lineage, copy.opened));
    }

    /// The running total that this is a reading of, if it is one.
    pub fn running_total(&self) -> Option<RunningTotal> {
        let Self { message, usage, embedded_cost, .. } = *self;
        self.part_of.contains(message).then_some(RunningTotal { message, usage, embedded_cost })
    }

    /// Whether a copy of the same response would add nothing to what this one used and cost, and what it is a part of.
    pub(crate) fn outweighs(&self, copy: &Self) -> bool {
        let is_part = self.part_of.contains_all(&copy.part_of);
        is_part && weight(self) >= weight(copy) && self.embedded_cost >= copy.embedded_cost
    }
}

/// Which of two copies' usage counts: the greater by this.
fn weight(turn: &TurnMemory) -> impl PartialOrd + use<> {
    let usage = &turn.usage;
    let size = (usage.total(), usage.output, usage.web_searches);
    (size, usage.input, usage.cache_write_1h, usage.cache_read, usage.reasoning, turn.tier)
}

/// A reading of an allowance.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitReading {
    /// Whose allowance.
    pub client: ClientId,
    /// When it was read.
    pub at: Timestamp,
    /// What it said.
    pub limit: RateLimit,
}

/// The directory behind an abbreviated project name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// Whose abbreviation.
    pub client: ClientId,
    /// The abbreviation.
    pub project: Arc<str>,
    /// The directory.
    pub root: PathBuf,
}

impl Memory {
    /// The memory as bytes: about thirty for each response.
    pub fn encode(&self) -> Vec<u8> {
        Writer::blob(self)
    }

    /// The memory that [`Self::encode`] wrote. `clients` are those that this program knows.
    ///
    /// # Errors
    ///
    /// Where the bytes are anything else, or tell of another client.
    pub fn decode(blob: &[u8], clients: &[ClientId]) -> Result<Self, Damaged> {
        Reader::value(blob, clients)
    }

    /// The text of a name.
    pub fn name(&self, name: Name) -> Option<&Arc<str>> {
        self.names.get(name.0 as usize)
    }

    /// When something last happened in any of its sessions.
    pub fn last_active(&self) -> Option<Timestamp> {
        self.sessions.iter().filter_map(|session| session.last).max()
    }
}
