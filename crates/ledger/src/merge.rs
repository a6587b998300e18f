//! Two summaries of one file: which is the newer, and which responses only the other has.
//!
//! Usage that was seen was used. So whatever happens to a file (cut off, rewritten, read by two programs at once),
//! a response is dropped only where another summary has it, too.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, SessionKey};

use crate::file_summary::{FileSummary, NameIndex, ResponseRecord, SessionSummary};
use crate::record::{FileEntry, FileRecord};

/// Whether a reader's summary of a file replaces the known one. The file itself can only have grown if it is
/// the same one and nothing of it is shorter; otherwise the later reader is right.
pub(crate) fn supersedes(new: &FileRecord, known: &FileEntry) -> bool {
    let (file, before) = (&new.stamp.file, &known.stamp.file);
    let is_same = (file.device, file.inode) == (before.device, before.inode);
    let has_grown = is_same && file.size >= before.size && new.position.offset >= known.position.offset;
    has_grown || new.seen >= known.seen
}

/// What `old` has and `new` lacks: responses alone, with the sessions they belong to. Counts and tool calls are
/// left out, because they cannot be distinguished from those of `new`.
pub(crate) fn leftover(old: &FileSummary, new: &FileSummary) -> Option<FileSummary> {
    let coarse: HashSet<MessageKey> = new.responses.iter().flat_map(|response| response.part_of.iter()).collect();
    let mut known: HashMap<MessageKey, ResponseRecord> = HashMap::with_capacity(new.responses.len());
    for response in &new.responses {
        known
            .entry(response.message)
            .and_modify(|kept| kept.merge(response, &new.names))
            .or_insert_with(|| response.clone());
    }
    let is_told = |response: &ResponseRecord| {
        coarse.contains(&response.message) || known.get(&response.message).is_some_and(|copy| copy.outweighs(response))
    };
    let left: Vec<ResponseRecord> = old.responses.iter().filter(|response| !is_told(response)).cloned().collect();
    if left.is_empty() {
        return None;
    }
    let mut remains = FileSummary::default();
    SummaryMerger::onto(&mut remains).add(old, &left);
    Some(remains)
}

/// Adds the responses of one summary to another.
pub(crate) fn join(into: &mut FileSummary, other: &FileSummary) {
    SummaryMerger::onto(into).add(other, &other.responses);
}

/// Adds some responses of one summary to another.
pub(crate) fn join_responses(into: &mut FileSummary, other: &FileSummary, responses: &[ResponseRecord]) {
    SummaryMerger::onto(into).add(other, responses);
}

/// Adds responses to a summary, each once.
struct SummaryMerger<'a> {
    summary: &'a mut FileSummary,
    names: HashMap<std::sync::Arc<str>, NameIndex>,
    sessions: HashMap<SessionKey, u32>,
    responses: HashMap<(u32, MessageKey), usize>,
}

impl<'a> SummaryMerger<'a> {
    fn onto(summary: &'a mut FileSummary) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            names: summary.names.iter().enumerate().map(|(at, name)| (name.clone(), NameIndex(number(at)))).collect(),
            sessions: summary.sessions.iter().enumerate().map(|(at, s)| (s.key.clone(), number(at))).collect(),
            responses: summary
                .responses
                .iter()
                .enumerate()
                .map(|(at, response)| ((response.session, response.message), at))
                .collect(),
            summary,
        }
    }

    fn add(&mut self, from: &FileSummary, responses: &[ResponseRecord]) {
        for response in responses {
            let Some(session) = from.sessions.get(response.session as usize) else { continue };
            let session = self.session(session);
            let counted = response.counted.named(|model| from.name(model).map(|name| self.name(name)));
            let copy = ResponseRecord { session, counted, ..response.clone() };
            let FileSummary { responses, names, .. } = &mut *self.summary;
            let place = *self.responses.entry((session, copy.message)).or_insert(responses.len());
            match responses.get_mut(place) {
                Some(kept) => kept.merge(&copy, names),
                None => responses.push(copy),
            }
        }
    }

    fn name(&mut self, name: &std::sync::Arc<str>) -> NameIndex {
        let names = &mut self.summary.names;
        *self.names.entry(name.clone()).or_insert_with(|| {
            names.push(name.clone());
            NameIndex(u32::try_from(names.len() - 1).unwrap_or(u32::MAX))
        })
    }

    fn session(&mut self, session: &SessionSummary) -> u32 {
        let sessions = &mut self.summary.sessions;
        *self.sessions.entry(session.key.clone()).or_insert_with(|| {
            sessions.push(bare(session));
            u32::try_from(sessions.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// The session without what is counted and what concerns the present.
fn bare(session: &SessionSummary) -> SessionSummary {
    SessionSummary { state: session.state.leftover(), ..SessionSummary::new(session.key.clone()) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use agtop_model::CoarserRecords;

    use crate::record::{FileEntryId, FileHead, FileIdentity, FilePresence, FileStamp, ReadPosition};
    use crate::testing::{CLIENT, minute, response, summaries, summary};

    #[test]
    fn a_file_that_grew_leaves_nothing_behind() {
        assert_eq!(leftover(&summary("s", 0..5), &summary("s", 0..9)), None);
    }

    #[test]
    fn responses_that_the_new_content_lacks_are_left() {
        let left = leftover(&summary("s", 0..5), &summary("t", 3..9)).unwrap();
        let keys: Vec<MessageKey> = left.responses.iter().map(|response| response.message).collect();
        assert_eq!(keys, [0, 1, 2].map(crate::testing::key));
        assert_eq!(&*left.sessions[0].key.id, "s");
        assert_eq!(left.sessions[0].state.prompts, 0, "prompts have no id: they would count twice");
    }

    #[test]
    fn a_response_whose_usage_fell_is_left_and_one_that_grew_is_not() {
        let mut less = summary("s", [1]);
        less.responses[0].counted.usage.output = 1;
        assert!(leftover(&summary("s", [1]), &less).is_some());
        assert!(leftover(&less, &summary("s", [1])).is_none());
    }

    #[test]
    fn a_coarse_record_is_covered_by_its_parts() {
        let mut parts = summary("s", [2]);
        parts.responses[0].part_of = CoarserRecords::one(response(1).message);
        assert_eq!(leftover(&summary("s", [1]), &parts), None);
    }

    fn record_and_entry(size: u64, offset: u64, seen: i64) -> (FileRecord, FileEntry) {
        let file = FileIdentity { device: 1, inode: 2, size, modified: minute(seen) };
        let (stamp, position) = (FileStamp { file, log: None }, ReadPosition { offset, fragment: None });
        let path = PathBuf::from("/f");
        let entry = FileEntry {
            id: FileEntryId(1),
            client: CLIENT,
            path: path.clone(),
            state: FilePresence::Live,
            stamp,
            head: FileHead::default(),
            position,
            seen: minute(seen),
            last_active: None,
            responses: 0,
            generation: 0,
        };
        let (head, summary) = (FileHead::default(), FileSummary::default());
        let record =
            FileRecord { client: CLIENT, path, stamp, head, position, checkpoint: None, seen: minute(seen), summary };
        (record, entry)
    }

    #[test]
    fn a_late_writer_that_had_read_less_does_not_undo_one_that_had_read_more() {
        let (earlier, _) = record_and_entry(100, 90, 1);
        let (_, later) = record_and_entry(200, 190, 2);
        assert!(!supersedes(&earlier, &later));
    }

    #[test]
    fn a_file_that_grew_is_newer_even_when_the_clock_went_back() {
        let (grown, _) = record_and_entry(200, 190, 1);
        let (_, before) = record_and_entry(100, 90, 2);
        assert!(supersedes(&grown, &before));
    }

    #[test]
    fn a_file_that_was_cut_off_is_newer() {
        let (cut, _) = record_and_entry(10, 0, 5);
        let (_, before) = record_and_entry(100, 90, 2);
        assert!(supersedes(&cut, &before));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_lost_between_two_accounts(old in summaries(), new in summaries()) {
            let mut kept = new.clone();
            if let Some(left) = leftover(&old, &new) {
                join(&mut kept, &left);
            }
            for response in &old.responses {
                let copies = kept.responses.iter().filter(|copy| copy.message == response.message);
                let is_coarse = kept.responses.iter().any(|part| part.part_of.contains(response.message));
                prop_assert!(is_coarse || copies.into_iter().any(|copy| copy.outweighs(response)));
            }
            prop_assert_eq!(leftover(&old, &kept), None);
        }
    }
}
