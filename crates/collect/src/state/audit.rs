use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, InferenceGeo, Lineage, MessageKey, PicoUsd, Provenance, Purpose, ResolvedTime, Response,
    ResponseCopy, ServiceTier, SessionKey, Timestamp, Usage, UsageExtent,
};

/// Every copy of every response, to explain the figures of sessions.
#[derive(Debug, Default)]
pub struct Audit {
    /// The beginning of the ids of these sessions.
    wanted: String,
    copies: Vec<AuditedCopy>,
}

/// One copy of a response, from one record of one file.
#[derive(Clone, Debug)]
pub struct AuditedCopy {
    /// Which response.
    pub message: MessageKey,
    /// The vendor's id of the response.
    pub id: Option<Box<str>>,
    /// The coarser records that it is a part of.
    pub part_of: CoarserRecords,
    /// The session whose file this is.
    pub session: SessionKey,
    /// Where it was read.
    pub source: Provenance,
    /// When it happened.
    pub when: ResolvedTime,
    /// The model.
    pub model: Option<Arc<str>>,
    /// The usage by this copy.
    pub usage: Usage,
    /// The class of service.
    pub tier: ServiceTier,
    /// Where the model ran.
    pub geo: InferenceGeo,
    /// Whether it is one response or a sum.
    pub extent: UsageExtent,
    /// What the model was asked for.
    pub purpose: Purpose,
    /// How many requests it counts for.
    pub requests: u64,
    /// What the agent says it cost.
    pub embedded_cost: Option<PicoUsd>,
    /// Whether it is on the main line of the conversation.
    pub lineage: Lineage,
    /// When its file was created.
    pub opened: Timestamp,
}

impl AuditedCopy {
    /// Merges another copy, by the rule for all responses.
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

/// How a copy counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyVerdict {
    /// It counts, in this session. Its figures are those of all copies merged.
    Counted,
    /// A copy with less usage: the response was still being written.
    Partial,
    /// It repeats another copy.
    Repeat,
    /// It counts in another session, where it happened first.
    Elsewhere,
    /// Other records of the same usage count instead.
    Replaced {
        /// The first of them, at most [`Self::MAX_NAMED`], in the order of files and places.
        by: Vec<Provenance>,
        /// Whether there are more.
        and_more: bool,
    },
}

impl CopyVerdict {
    /// How many of the records that replace another are named.
    pub const MAX_NAMED: usize = 3;
}

/// Records that are searched for those that replace another one, at most.
const MAX_SEARCHED: usize = 1000;

impl Audit {
    /// For the sessions whose id begins with `session`.
    pub(super) fn of(session: &str) -> Self {
        Self { wanted: session.to_owned(), copies: Vec::new() }
    }

    /// Keeps a copy, whatever its session: which session owns it is known only at the end.
    pub(super) fn note(&mut self, session: &SessionKey, source: Provenance, when: ResolvedTime, copy: &ResponseCopy) {
        self.copies.push(AuditedCopy {
            message: copy.message,
            id: copy.id.clone(),
            part_of: copy.part_of.clone(),
            session: session.clone(),
            source,
            when,
            model: copy.model.clone(),
            usage: copy.usage,
            tier: copy.tier,
            geo: copy.geo,
            extent: copy.extent,
            purpose: copy.purpose,
            requests: copy.requests,
            embedded_cost: copy.embedded_cost,
            lineage: copy.lineage,
            opened: copy.opened,
        });
    }

    /// The beginning of the ids of the sessions to explain.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The copies in these sessions, in the order of files and places, and how each counts. A record that was read several
    /// times is one copy.
    pub fn verdicts(&self, sessions: &[SessionKey]) -> Vec<(AuditedCopy, CopyVerdict)> {
        let copies = self.distinct();
        let responses = Responses::of(&copies);
        let concerns = |(_, copy): &(usize, &AuditedCopy)| sessions.contains(&copy.session);
        copies.iter().enumerate().filter(concerns).map(|(at, _)| responses.verdict(at, sessions)).collect()
    }

    fn distinct(&self) -> Vec<AuditedCopy> {
        let mut distinct: BTreeMap<_, AuditedCopy> = BTreeMap::new();
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

/// The merged copies of one response.
#[derive(Clone, Debug)]
struct MergedResponse {
    /// The response as it counts: the greatest usage with its model and class of service, at the time of the first copy.
    whole: AuditedCopy,
    /// The copy that decides which session owns it.
    owner: usize,
}

impl MergedResponse {
    fn add(&mut self, at: usize, copies: &[AuditedCopy]) {
        let copy = &copies[at];
        self.whole.merge(copy);
        let rank = |copy: &AuditedCopy| (copy.lineage, copy.opened, copy.session.id.clone());
        if rank(copy) < rank(&copies[self.owner]) {
            self.owner = at;
        }
    }
}

/// Every response of some copies, merged as the World merges them.
struct Responses<'c> {
    copies: &'c [AuditedCopy],
    merged: HashMap<MessageKey, MergedResponse>,
    /// The records by which each record is replaced.
    finer: HashMap<MessageKey, Vec<MessageKey>>,
    /// The copy that stands for each response.
    chosen: HashMap<MessageKey, usize>,
}

impl<'c> Responses<'c> {
    fn of(copies: &'c [AuditedCopy]) -> Self {
        let mut merged: HashMap<MessageKey, MergedResponse> = HashMap::new();
        let mut finer: HashMap<MessageKey, Vec<MessageKey>> = HashMap::new();
        for (at, copy) in copies.iter().enumerate() {
            let response = || MergedResponse { whole: copy.clone(), owner: at };
            merged.entry(copy.message).or_insert_with(response).add(at, copies);
            for coarse in copy.part_of.iter() {
                finer.entry(coarse).or_default().push(copy.message);
            }
        }
        let mut responses = Self { copies, merged, finer, chosen: HashMap::new() };
        responses.name_parts();
        responses.choose();
        responses
    }

    /// Gives parts that do not name their model the model of the record that they are a part of.
    fn name_parts(&mut self) {
        let model_of = |coarse: MessageKey| self.merged.get(&coarse).and_then(|coarse| coarse.whole.model.clone());
        let nameless = self.copies.iter().filter(|copy| copy.model.is_none());
        let named: Vec<_> =
            nameless.filter_map(|copy| Some((copy.message, copy.part_of.iter().find_map(model_of)?))).collect();
        for (message, model) in named {
            if let Some(part) = self.merged.get_mut(&message) {
                part.whole.model.get_or_insert(model);
            }
        }
    }

    /// Chooses the copy that stands for each response: the first one in the owning session with the whole usage. If only a
    /// copy in another session has that, it is the last one in the owning session.
    fn choose(&mut self) {
        let mut is_whole: HashSet<MessageKey> = HashSet::new();
        for (at, copy) in self.copies.iter().enumerate() {
            let Some(response) = self.merged.get(&copy.message) else { continue };
            if copy.session == self.copies[response.owner].session && !is_whole.contains(&copy.message) {
                self.chosen.insert(copy.message, at);
                if copy.usage == response.whole.usage {
                    is_whole.insert(copy.message);
                }
            }
        }
    }

    fn verdict(&self, at: usize, sessions: &[SessionKey]) -> (AuditedCopy, CopyVerdict) {
        let copy = &self.copies[at];
        let Some(response) = self.merged.get(&copy.message) else { return (copy.clone(), CopyVerdict::Repeat) };
        if self.finer.contains_key(&copy.message) {
            (copy.clone(), self.replacement(copy.message))
        } else if !sessions.contains(&self.copies[response.owner].session) {
            (copy.clone(), CopyVerdict::Elsewhere)
        } else if self.chosen.get(&copy.message) == Some(&at) {
            let (whole, copy) = (response.whole.clone(), copy.clone());
            let own = AuditedCopy { session: copy.session, source: copy.source, id: copy.id, ..whole };
            (own, CopyVerdict::Counted)
        } else if copy.usage.total() < response.whole.usage.total() {
            (copy.clone(), CopyVerdict::Partial)
        } else {
            (copy.clone(), CopyVerdict::Repeat)
        }
    }

    /// The counted records that replace a record. A record that replaces it may itself be replaced.
    fn replacement(&self, message: MessageKey) -> CopyVerdict {
        let mut seen = HashSet::from([message]);
        let mut next = vec![message];
        let mut by = Vec::new();
        while let Some(coarse) = next.pop() {
            for &part in self.finer.get(&coarse).into_iter().flatten() {
                if seen.len() > MAX_SEARCHED || !seen.insert(part) {
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
        let and_more = by.len() > CopyVerdict::MAX_NAMED || seen.len() > MAX_SEARCHED;
        by.truncate(CopyVerdict::MAX_NAMED);
        CopyVerdict::Replaced { by, and_more }
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

    fn copy(message: &str, output: u64, part_of: &[&str]) -> ResponseCopy {
        ResponseCopy {
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

    /// How these lines of one session count, each at the byte of its number.
    fn verdicts(lines: &[(u64, ResponseCopy)]) -> Vec<(Option<Box<str>>, u64, CopyVerdict)> {
        let session = SessionKey::new(CLIENT, "s");
        let mut audit = Audit::of("s");
        for (at, copy) in lines {
            let when = ResolvedTime { source: TimeSource::Record, at: Timestamp::EARLIEST };
            audit.note(&session, line(*at), when, copy);
        }
        let verdicts = audit.verdicts(std::slice::from_ref(&session)).into_iter();
        verdicts.map(|(copy, verdict)| (copy.id, copy.usage.output, verdict)).collect()
    }

    fn replaced(by: &[u64]) -> CopyVerdict {
        CopyVerdict::Replaced { by: by.iter().map(|at| line(*at)).collect(), and_more: false }
    }

    /// For messages that the total of their process replaces, `explain` once said that their steps counted one by one.
    #[test]
    fn the_record_that_replaces_another_is_named() {
        let lines = [(1, copy("m1", 11, &[])), (2, copy("m2", 22, &[])), (3, copy("total", 33, &["m1", "m2"]))];
        let wanted = [("m1", 11, replaced(&[3])), ("m2", 22, replaced(&[3])), ("total", 33, CopyVerdict::Counted)];
        assert_eq!(verdicts(&lines), wanted.map(|(id, output, counted)| (Some(id.into()), output, counted)));
    }

    /// Spans count instead of the total, which would count instead of the message.
    #[test]
    fn a_replaced_record_names_the_counted_ones_and_not_those_replaced_themselves() {
        let mut lines = vec![(1, copy("m", 10, &[])), (2, copy("total", 50, &["m"]))];
        lines.extend((3..8).map(|at| (at, copy(&format!("span{at}"), 10, &["total"]))));
        let verdicts = verdicts(&lines);
        let several = CopyVerdict::Replaced { by: vec![line(3), line(4), line(5)], and_more: true };
        assert_eq!([&verdicts[0].2, &verdicts[1].2], [&several, &several]);
        assert!(verdicts[2..].iter().all(|(.., counted)| *counted == CopyVerdict::Counted));
    }

    /// A total is decoded once for each message that it replaces, and was once listed as often.
    #[test]
    fn a_line_is_listed_once_however_often_it_was_decoded() {
        let lines = [(1, copy("total", 33, &["m1"])), (1, copy("total", 33, &["m2"])), (2, copy("total", 33, &[]))];
        let counted: Vec<_> = verdicts(&lines).into_iter().map(|(.., counted)| counted).collect();
        assert_eq!(counted, [CopyVerdict::Counted, CopyVerdict::Repeat]);
    }

    /// Records that replace each other in a cycle do not count, and the search for others ends.
    #[test]
    fn the_search_ends_in_a_cycle_of_records() {
        let verdicts = verdicts(&[(1, copy("a", 1, &["b"])), (2, copy("b", 2, &["a"]))]);
        assert!(verdicts.iter().all(|(.., counted)| *counted == replaced(&[])), "{verdicts:?}");
    }
}
