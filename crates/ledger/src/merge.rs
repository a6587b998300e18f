//! Two accounts of one file: which is the newer, and what the other knows that it does not.
//!
//! Usage that was seen was used. So whatever happens to a file (cut off, written anew, read by two programs at once),
//! a response is given up only where another account tells of it, too.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, SessionKey};

use crate::memory::{Memory, Name, SessionMemory, TurnMemory};
use crate::record::{FileEntry, FileRecord};

/// Whether a reader's account of a file takes the place of the known one. The file itself can only have grown if it is
/// the same one and nothing of it is shorter; otherwise whoever looked last is right.
pub(crate) fn supersedes(new: &FileRecord, known: &FileEntry) -> bool {
    let (file, before) = (&new.stamp.file, &known.stamp.file);
    let is_same = (file.device, file.inode) == (before.device, before.inode);
    let has_grown = is_same && file.size >= before.size && new.reach.offset >= known.reach.offset;
    has_grown || new.seen >= known.seen
}

/// What `old` tells and `new` does not: responses alone, with the sessions they belong to. Counts and tool calls are
/// left out, because they cannot be told apart from those of `new`.
pub(crate) fn leftover(old: &Memory, new: &Memory) -> Option<Memory> {
    let coarse: HashSet<MessageKey> = new.turns.iter().flat_map(|turn| turn.part_of.iter()).collect();
    let mut known: HashMap<MessageKey, TurnMemory> = HashMap::with_capacity(new.turns.len());
    for turn in &new.turns {
        known.entry(turn.message).and_modify(|kept| kept.merge(turn, &new.names)).or_insert_with(|| turn.clone());
    }
    let is_told = |turn: &TurnMemory| {
        coarse.contains(&turn.message) || known.get(&turn.message).is_some_and(|copy| copy.outweighs(turn))
    };
    let left: Vec<TurnMemory> = old.turns.iter().filter(|turn| !is_told(turn)).cloned().collect();
    if left.is_empty() {
        return None;
    }
    let mut remains = Memory::default();
    Joiner::onto(&mut remains).add(old, &left);
    Some(remains)
}

/// Adds the responses of one account to another's.
pub(crate) fn join(into: &mut Memory, other: &Memory) {
    Joiner::onto(into).add(other, &other.turns);
}

/// Adds some responses of one account to another.
pub(crate) fn join_turns(into: &mut Memory, other: &Memory, turns: &[TurnMemory]) {
    Joiner::onto(into).add(other, turns);
}

/// Adds responses to a memory, each once.
struct Joiner<'a> {
    memory: &'a mut Memory,
    names: HashMap<std::sync::Arc<str>, Name>,
    sessions: HashMap<SessionKey, u32>,
    turns: HashMap<(u32, MessageKey), usize>,
}

impl<'a> Joiner<'a> {
    fn onto(memory: &'a mut Memory) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            names: memory.names.iter().enumerate().map(|(at, name)| (name.clone(), Name(number(at)))).collect(),
            sessions: memory.sessions.iter().enumerate().map(|(at, s)| (s.key.clone(), number(at))).collect(),
            turns: memory.turns.iter().enumerate().map(|(at, turn)| ((turn.session, turn.message), at)).collect(),
            memory,
        }
    }

    fn add(&mut self, from: &Memory, turns: &[TurnMemory]) {
        for turn in turns {
            let Some(session) = from.sessions.get(turn.session as usize) else { continue };
            let session = self.session(session);
            let response = turn.response.named(|model| from.name(model).map(|name| self.name(name)));
            let copy = TurnMemory { session, response, ..turn.clone() };
            let Memory { turns, names, .. } = &mut *self.memory;
            let place = *self.turns.entry((session, copy.message)).or_insert(turns.len());
            match turns.get_mut(place) {
                Some(kept) => kept.merge(&copy, names),
                None => turns.push(copy),
            }
        }
    }

    fn name(&mut self, name: &std::sync::Arc<str>) -> Name {
        let names = &mut self.memory.names;
        *self.names.entry(name.clone()).or_insert_with(|| {
            names.push(name.clone());
            Name(u32::try_from(names.len() - 1).unwrap_or(u32::MAX))
        })
    }

    fn session(&mut self, session: &SessionMemory) -> u32 {
        let sessions = &mut self.memory.sessions;
        *self.sessions.entry(session.key.clone()).or_insert_with(|| {
            sessions.push(bare(session));
            u32::try_from(sessions.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// The session without what is counted and what concerns the present.
fn bare(session: &SessionMemory) -> SessionMemory {
    SessionMemory { told: session.told.leftover(), ..SessionMemory::new(session.key.clone()) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use agtop_model::CoarserRecords;

    use crate::record::{EntryId, Head, Identity, Reach, Stamp, State};
    use crate::testing::{CLIENT, memories, memory, minute, turn};

    #[test]
    fn a_file_that_grew_leaves_nothing_behind() {
        assert_eq!(leftover(&memory("s", 0..5), &memory("s", 0..9)), None);
    }

    #[test]
    fn responses_that_the_new_content_lacks_are_left() {
        let left = leftover(&memory("s", 0..5), &memory("t", 3..9)).unwrap();
        let keys: Vec<MessageKey> = left.turns.iter().map(|turn| turn.message).collect();
        assert_eq!(keys, [0, 1, 2].map(crate::testing::key));
        assert_eq!(&*left.sessions[0].key.id, "s");
        assert_eq!(left.sessions[0].told.prompts, 0, "prompts have no id: they would count twice");
    }

    #[test]
    fn a_response_whose_usage_fell_is_left_and_one_that_grew_is_not() {
        let mut less = memory("s", [1]);
        less.turns[0].response.usage.output = 1;
        assert!(leftover(&memory("s", [1]), &less).is_some());
        assert!(leftover(&less, &memory("s", [1])).is_none());
    }

    #[test]
    fn a_coarse_record_is_told_by_its_parts() {
        let mut parts = memory("s", [2]);
        parts.turns[0].part_of = CoarserRecords::one(turn(1).message);
        assert_eq!(leftover(&memory("s", [1]), &parts), None);
    }

    fn account(size: u64, offset: u64, seen: i64) -> (FileRecord, FileEntry) {
        let file = Identity { device: 1, inode: 2, size, modified: minute(seen) };
        let (stamp, reach) = (Stamp { file, log: None }, Reach { offset, fragment: None });
        let path = PathBuf::from("/f");
        let entry = FileEntry {
            id: EntryId(1),
            client: CLIENT,
            path: path.clone(),
            state: State::Live,
            stamp,
            head: Head::default(),
            reach,
            seen: minute(seen),
            last_active: None,
            turns: 0,
            generation: 0,
        };
        let (head, memory) = (Head::default(), Memory::default());
        let record =
            FileRecord { client: CLIENT, path, stamp, head, reach, checkpoint: None, seen: minute(seen), memory };
        (record, entry)
    }

    #[test]
    fn a_late_writer_that_had_read_less_does_not_undo_one_that_had_read_more() {
        let (earlier, _) = account(100, 90, 1);
        let (_, later) = account(200, 190, 2);
        assert!(!supersedes(&earlier, &later));
    }

    #[test]
    fn a_file_that_grew_is_newer_even_when_the_clock_went_back() {
        let (grown, _) = account(200, 190, 1);
        let (_, before) = account(100, 90, 2);
        assert!(supersedes(&grown, &before));
    }

    #[test]
    fn a_file_that_was_cut_off_is_newer() {
        let (cut, _) = account(10, 0, 5);
        let (_, before) = account(100, 90, 2);
        assert!(supersedes(&cut, &before));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_lost_between_two_accounts(old in memories(), new in memories()) {
            let mut kept = new.clone();
            if let Some(left) = leftover(&old, &new) {
                join(&mut kept, &left);
            }
            for turn in &old.turns {
                let copies = kept.turns.iter().filter(|copy| copy.message == turn.message);
                let is_coarse = kept.turns.iter().any(|part| part.part_of.contains(turn.message));
                prop_assert!(is_coarse || copies.into_iter().any(|copy| copy.outweighs(turn)));
            }
            prop_assert_eq!(leftover(&old, &kept), None);
        }
    }
}
