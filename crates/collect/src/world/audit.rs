use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, Dated, Extent, InferenceGeo, Lineage, MessageKey, PicoUsd, Provenance, SessionKey, Tier, Timestamp,
    Turn, Usage,
};

/// Every copy of every response that names a session or one of its sub-agents, to explain the session's figures.
#[derive(Debug, Default)]
pub struct Audit {
    wanted: String,
    copies: Vec<Entry>,
}

/// One copy of a response, as one record of one file tells it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which response.
    pub message: MessageKey,
    /// The vendor's id of it.
    pub id: Option<Box<str>>,
    /// The coarser record it is a part of.
    pub part_of: CoarserRecords,
    /// The session whose file this is.
    pub session: SessionKey,
    /// Where it was read.
    pub source: Provenance,
    /// When it happened: of the copy that counts, when the first copy says so, for that decides its price.
    pub when: Dated,
    /// The model.
    pub model: Option<Arc<str>>,
    /// What this copy says was used.
    pub usage: Usage,
    /// The class of service.
    pub tier: Tier,
    /// Where the model ran.
    pub geo: InferenceGeo,
    /// One response or a sum.
    pub extent: Extent,
    /// What the agent says it cost.
    pub embedded_cost: Option<PicoUsd>,
    /// Main line or not.
    pub lineage: Lineage,
    /// When its file was begun.
    pub opened: Timestamp,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It is counted, in this session.
    Yes,
    /// An earlier copy in the same session with less usage: the response was still being written.
    Partial,
    /// The same again.
    Repeat,
    /// It is counted in another session, where it happened first.
    Elsewhere,
    /// Finer records of the same response are counted instead.
    Coarse,
}

impl Counted {
    /// Why, for people.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Yes => "counted",
            Self::Partial => "an early copy of the same response, still being written",
            Self::Repeat => "the same response again",
            Self::Elsewhere => "counted in the session where it happened first",
            Self::Coarse => "its steps are counted one by one",
        }
    }
}

impl Audit {
    /// Remembers sessions whose id starts so.
    pub(super) fn of(session: &str) -> Self {
        Self { wanted: session.to_owned(), copies: Vec::new() }
    }

    /// All copies are kept, whoever tells them: whether a copy is the session's own is known only at the end.
    pub(super) fn note(&mut self, session: &SessionKey, source: Provenance, when: Dated, turn: &Turn) {
        self.copies.push(Entry {
            message: turn.message,
            id: turn.id.clone(),
            part_of: turn.part_of.clone(),
            session: session.clone(),
            source,
            when,
            model: turn.model.clone(),
            usage: turn.usage,
            tier: turn.tier,
            geo: turn.geo,
            extent: turn.extent,
            embedded_cost: turn.embedded_cost,
            lineage: turn.lineage,
            opened: turn.opened,
        });
    }

    /// The beginning of the session ids that were asked for.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The copies that concern these sessions, in the order of files and places, with what became of each.
    pub fn verdicts(&self, sessions: &[SessionKey]) -> Vec<(Entry, Counted)> {
        let coarse: std::collections::HashSet<MessageKey> =
            self.copies.iter().flat_map(|copy| copy.part_of.iter()).collect();
        let mut winners: HashMap<MessageKey, (usize, usize, Dated)> = HashMap::new();
        for (at, copy) in self.copies.iter().enumerate() {
            let (owner, usage, first) = winners.entry(copy.message).or_insert((at, at, copy.when));
            *first = copy.when.min(*first);
            let rank = |copy: &Entry| (copy.lineage, copy.opened, copy.session.id.clone());
            if rank(copy) < rank(&self.copies[*owner]) {
                *owner = at;
            }
            if copy.usage.total() > self.copies[*usage].usage.total() {
                *usage = at;
            }
        }
        let mut verdicts: Vec<(Entry, Counted)> = Vec::new();
        for (at, copy) in self.copies.iter().enumerate() {
            if !sessions.contains(&copy.session) {
                continue;
            }
            let (owner, usage, first) = winners.get(&copy.message).copied().unwrap_or((at, at, copy.when));
            let owner = &self.copies[owner];
            let best = &self.copies[usage];
            let verdict = if coarse.contains(&copy.message) {
                Counted::Coarse
            } else if !sessions.contains(&owner.session) {
                Counted::Elsewhere
            } else if self.counts_as(at, copy, owner, best) {
                Counted::Yes
            } else if copy.usage.total() < best.usage.total() {
                Counted::Partial
            } else {
                Counted::Repeat
            };
            let (usage, happened) = if verdict == Counted::Yes { (best.usage, first) } else { (copy.usage, copy.when) };
            verdicts.push((Entry { usage, when: happened, ..copy.clone() }, verdict));
        }
        verdicts.sort_by_key(|(entry, _)| (entry.source.file, entry.source.place));
        verdicts
    }

    /// Of the owner's copies the first one that tells the whole usage stands for the response; if another session's
    /// copy tells more, the owner's last one does.
    fn counts_as(&self, at: usize, copy: &Entry, owner: &Entry, best: &Entry) -> bool {
        let of_owner = |(_, other): &(usize, &Entry)| other.message == copy.message && other.session == owner.session;
        let mine = || self.copies.iter().enumerate().filter(of_owner);
        let whole = mine().find(|(_, other)| other.usage == best.usage);
        copy.session == owner.session && whole.or_else(|| mine().next_back()).is_some_and(|(chosen, _)| chosen == at)
    }
}
