use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, InferenceGeo, Lineage, MessageKey, PicoUsd, Provenance, Purpose, ResolvedTime, Response,
    ServiceTier, SessionKey, Timestamp, Turn, Usage, UsageExtent,
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
    /// When it happened.
    pub when: ResolvedTime,
    /// The model.
    pub model: Option<Arc<str>>,
    /// What this copy says was used.
    pub usage: Usage,
    /// The class of service.
    pub tier: ServiceTier,
    /// Where the model ran.
    pub geo: InferenceGeo,
    /// One response or a sum.
    pub extent: UsageExtent,
    /// What the model was asked for.
    pub purpose: Purpose,
    /// How many requests it answers.
    pub requests: u64,
    /// What the agent says it cost.
    pub embedded_cost: Option<PicoUsd>,
    /// Main line or not.
    pub lineage: Lineage,
    /// When its file was begun.
    pub opened: Timestamp,
}

impl Entry {
    /// Merges what another copy says, by the rule by which all responses are counted.
    fn merge(&mut self, copy: &Self) {
        let mut response = self.response();
        response.merge(&copy.response(), Ord::cmp);
        let model = response.model().map(Arc::from);
        let Response { usage, tier, geo, extent, requests, embedded_cost, .. } = response;
        let when = self.when.min(copy.when);
        *self = Self { when, model, usage, tier, geo, extent, requests, embedded_cost, ..self.clone() };
    }

    fn response(&self) -> Response<&str> {
        let Self { usage, tier, geo, extent, requests, embedded_cost, lineage, opened, .. } = *self;
        let plain = Response::plain(usage, self.model.as_deref(), opened);
        Response { tier, geo, extent, requests, embedded_cost, lineage, ..plain }
    }
}

/// What became of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It is counted, in this session; its entry is what all copies of the response say together.
    Yes,
    /// An earlier copy in the same session with less usage: the response was still being written.
    Partial,
    /// The same again.
    Repeat,
    /// It is counted in another session, where it happened first.
    Elsewhere,
    /// Other records of the same usage are counted instead.
    Replaced {
        /// The first of them, at most [`Self::MOST_NAMED`], in the order of files and places.
        by: Vec<Provenance>,
        /// Whether there are more.
        and_more: bool,
    },
}

impl Counted {
    /// So many of the records that replaced another are named.
    pub const MOST_NAMED: usize = 3;
}

/// More records than this are not looked through for those that replaced another one.
const MOST_SEEN: usize = 1000;

impl Audit {
    /// Remembers sessions whose id starts so.
    pub(super) fn of(session: &str) -> Self {
        Self { wanted: session.to_owned(), copies: Vec::new() }
    }

    /// All copies are kept, whoever tells them: whether a copy is the session's own is known only at the end.
    pub(super) fn note(&mut self, session: &SessionKey, source: Provenance, when: ResolvedTime, turn: &Turn) {
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
            purpose: turn.purpose,
            requests: turn.requests,
            embedded_cost: turn.embedded_cost,
            lineage: turn.lineage,
            opened: turn.opened,
        });
    }

    /// The beginning of the session ids that were asked for.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The copies that concern these sessions, in the order of files and places, with what became of each. A record that
    /// was told several times, as of a file that was read again, is one copy.
    pub fn verdicts(&self, sessions: &[SessionKey]) -> Vec<(Entry, Counted)> {
        let copies = self.distinct();
        let responses = Responses::of(&copies);
        let concerns = |(_, copy): &(usize, &Entry)| sessions.contains(&copy.session);
        copies.iter().enumerate().filter(concerns).map(|(at, _)| responses.verdict(at, sessions)).collect()
    }

    fn distinct(&self) -> Vec<Entry> {
        let mut distinct: BTreeMap<_, Entry> = BTreeMap::new();
        for copy in &self.copies {
            let place = (copy.source.file, copy.source.place, copy.message, copy.session.id.clone());
            match distinct.get_mut(&place) {
                Some(known) => {
                    known.merge(copy);
                    known.part_of.merge(&copy.part_of);
                    (known.lineage, known.opened) = (known.lineage, known.opened).min((copy.lineage, copy.opened));
                }
                None => drop(distinct.insert(place, copy.clone())),
            }
        }
        distinct.into_values().collect()
    }
}

/// What the copies of one response say together, and which of them stands for it.
#[derive(Clone, Debug)]
struct Joined {
    /// As it is counted: the greatest usage with its model and class of service, at the time of the first copy.
    whole: Entry,
    /// The copy that decides whose it is.
    owner: usize,
}

impl Joined {
    fn absorb(&mut self, at: usize, copies: &[Entry]) {
        let copy = &copies[at];
        self.whole.merge(copy);
        let rank = |entry: &Entry| (entry.lineage, entry.opened, entry.session.id.clone());
        if rank(copy) < rank(&copies[self.owner]) {
            self.owner = at;
        }
    }
}

/// Every response of some copies, joined as the World joins them.
struct Responses<'c> {
    copies: &'c [Entry],
    joined: HashMap<MessageKey, Joined>,
    /// What each record was replaced by.
    finer: HashMap<MessageKey, Vec<MessageKey>>,
    /// The copy that stands for each response.
    chosen: HashMap<MessageKey, usize>,
}

impl<'c> Responses<'c> {
    fn of(copies: &'c [Entry]) -> Self {
        let mut joined: HashMap<MessageKey, Joined> = HashMap::new();
        let mut finer: HashMap<MessageKey, Vec<MessageKey>> = HashMap::new();
        for (at, copy) in copies.iter().enumerate() {
            let response = || Joined { whole: copy.clone(), owner: at };
            joined.entry(copy.message).or_insert_with(response).absorb(at, copies);
            for coarse in copy.part_of.iter() {
                finer.entry(coarse).or_default().push(copy.message);
            }
        }
        let mut responses = Self { copies, joined, finer, chosen: HashMap::new() };
        responses.name_parts();
        responses.choose();
        responses
    }

    /// A part that does not name its model has that of the record it is a part of.
    fn name_parts(&mut self) {
        let model_of = |coarse: MessageKey| self.joined.get(&coarse).and_then(|coarse| coarse.whole.model.clone());
        let nameless = self.copies.iter().filter(|copy| copy.model.is_none());
        let named: Vec<_> =
            nameless.filter_map(|copy| Some((copy.message, copy.part_of.iter().find_map(model_of)?))).collect();
        for (message, model) in named {
            if let Some(part) = self.joined.get_mut(&message) {
                part.whole.model.get_or_insert(model);
            }
        }
    }

    /// Of the owner's copies the first one that tells the whole usage stands for the response; if another session's
    /// copy tells more, the owner's last one does.
    fn choose(&mut self) {
        let mut is_whole: HashSet<MessageKey> = HashSet::new();
        for (at, copy) in self.copies.iter().enumerate() {
            let Some(response) = self.joined.get(&copy.message) else { continue };
            if copy.session == self.copies[response.owner].session && !is_whole.contains(&copy.message) {
                self.chosen.insert(copy.message, at);
                if copy.usage == response.whole.usage {
                    is_whole.insert(copy.message);
                }
            }
        }
    }

    fn verdict(&self, at: usize, sessions: &[SessionKey]) -> (Entry, Counted) {
        let copy = &self.copies[at];
        let Some(response) = self.joined.get(&copy.message) else { return (copy.clone(), Counted::Repeat) };
        if self.finer.contains_key(&copy.message) {
            (copy.clone(), self.replacement(copy.message))
        } else if !sessions.contains(&self.copies[response.owner].session) {
            (copy.clone(), Counted::Elsewhere)
        } else if self.chosen.get(&copy.message) == Some(&at) {
            let (whole, copy) = (response.whole.clone(), copy.clone());
            let own = Entry { session: copy.session, source: copy.source, id: copy.id, ..whole };
            (own, Counted::Yes)
        } else if copy.usage.total() < response.whole.usage.total() {
            (copy.clone(), Counted::Partial)
        } else {
            (copy.clone(), Counted::Repeat)
        }
    }

    /// The counted records in whose favour a record makes way: what replaced it may itself have been replaced.
    fn replacement(&self, message: MessageKey) -> Counted {
        let mut seen = HashSet::from([message]);
        let mut next = vec![message];
        let mut by = Vec::new();
        while let Some(coarse) = next.pop() {
            for &part in self.finer.get(&coarse).into_iter().flatten() {
                if seen.len() > MOST_SEEN || !seen.insert(part) {
                    continue;
                }
                if self.finer.contains_key(&part) {
                    next.push(part);
                } else if let Some(&chosen) = self.chosen.get(&part) {
                    by.push(self.copies[chosen].source);
                }
            }
        }
        by.sort_unstable_by_key(|source| (source.file, source.place));
        by.dedup();
        let and_more = by.len() > Counted::MOST_NAMED || seen.len() > MOST_SEEN;
        by.truncate(Counted::MOST_NAMED);
        Counted::Replaced { by, and_more }
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{ClientId, FileId, InferenceGeo, Purpose, SourcePosition, TimeSource};

    use super::*;

    const CLIENT: ClientId = ClientId::new("copilot");

    fn key(name: &str) -> MessageKey {
        MessageKey::global(CLIENT, name)
    }

    fn turn(message: &str, output: u64, part_of: &[&str]) -> Turn {
        Turn {
            message: key(message),
            id: Some(message.into()),
            part_of: part_of.iter().map(|name| key(name)).collect(),
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            model: Some("gpt-5.5".into()),
            usage: Usage { output, ..Usage::default() },
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            stop: None,
            lineage: Lineage::Main,
            opened: Timestamp::EARLIEST,
            context_used: None,
        }
    }

    fn line(at: u64) -> Provenance {
        Provenance { file: FileId(0), place: SourcePosition::Byte(at) }
    }

    /// What becomes of these lines of one session, each at the byte of its number.
    fn verdicts(lines: &[(u64, Turn)]) -> Vec<(Option<Box<str>>, u64, Counted)> {
        let session = SessionKey::new(CLIENT, "s");
        let mut audit = Audit::of("s");
        for (at, turn) in lines {
            let when = ResolvedTime { source: TimeSource::Record, at: Timestamp::EARLIEST };
            audit.note(&session, line(*at), when, turn);
        }
        let verdicts = audit.verdicts(std::slice::from_ref(&session)).into_iter();
        verdicts.map(|(entry, counted)| (entry.id, entry.usage.output, counted)).collect()
    }

    fn replaced(by: &[u64]) -> Counted {
        Counted::Replaced { by: by.iter().map(|at| line(*at)).collect(), and_more: false }
    }

    /// Of messages that a total of their process replaces, `explain` said that their steps were counted one by one.
    #[test]
    fn what_replaced_a_record_is_named() {
        let lines = [(1, turn("m1", 11, &[])), (2, turn("m2", 22, &[])), (3, turn("total", 33, &["m1", "m2"]))];
        let wanted = [("m1", 11, replaced(&[3])), ("m2", 22, replaced(&[3])), ("total", 33, Counted::Yes)];
        assert_eq!(verdicts(&lines), wanted.map(|(id, output, counted)| (Some(id.into()), output, counted)));
    }

    /// What replaced it may have been replaced in turn: spans are counted instead of the total.
    #[test]
    fn what_is_counted_replaces_and_not_what_was_replaced_itself() {
        let mut lines = vec![(1, turn("m", 10, &[])), (2, turn("total", 50, &["m"]))];
        lines.extend((3..8).map(|at| (at, turn(&format!("span{at}"), 10, &["total"]))));
        let told = verdicts(&lines);
        let several = Counted::Replaced { by: vec![line(3), line(4), line(5)], and_more: true };
        assert_eq!([&told[0].2, &told[1].2], [&several, &several]);
        assert!(told[2..].iter().all(|(.., counted)| *counted == Counted::Yes));
    }

    /// A record that was told twice, as a total was with each message it replaces, was listed twice.
    #[test]
    fn a_line_is_listed_once_however_often_it_was_told() {
        let lines = [(1, turn("total", 33, &["m1"])), (1, turn("total", 33, &["m2"])), (2, turn("total", 33, &[]))];
        let told: Vec<_> = verdicts(&lines).into_iter().map(|(.., counted)| counted).collect();
        assert_eq!(told, [Counted::Yes, Counted::Repeat]);
    }

    /// Records that replace each other in a circle count nowhere, and are searched once.
    #[test]
    fn a_circle_of_records_ends() {
        let told = verdicts(&[(1, turn("a", 1, &["b"])), (2, turn("b", 2, &["a"]))]);
        assert!(told.iter().all(|(.., counted)| *counted == replaced(&[])), "{told:?}");
    }
}
