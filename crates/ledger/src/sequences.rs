//! Whatever happens to files, in whatever order it is told: usage that was seen is there, once.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, Response, Usage};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::memory::{Memory, TurnMemory};
use crate::record::{FileRecord, Identity, Stamp};
use crate::store::Ledger;
use crate::testing::{CLIENT, key, memory, minute, opened, record, turn};

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// A file is read: as it grew, was cut off, rewritten or replaced, by a reader that looked then.
    Read {
        file: u8,
        inode: u64,
        seen: i64,
        turns: Vec<(u64, u64)>,
    },
    /// A file is missing.
    Remove(u8),
    /// A file lies elsewhere.
    Move(u8, u8),
    /// The batch is not written.
    Crash {
        file: u8,
        turns: Vec<(u64, u64)>,
    },
    /// Another process takes over.
    Reopen,
    Sum,
}

fn step() -> impl Strategy<Value = Step> {
    let turns = || vec((0..12_u64, 0..40_u64), 0..8);
    prop_oneof![
        8 => (0..4_u8, 0..3_u64, 0..20_i64, turns())
            .prop_map(|(file, inode, seen, turns)| Step::Read { file, inode, seen, turns }),
        1 => (0..4_u8).prop_map(Step::Remove),
        1 => (0..4_u8, 0..4_u8).prop_map(|(from, to)| Step::Move(from, to)),
        1 => (0..4_u8, turns()).prop_map(|(file, turns)| Step::Crash { file, turns }),
        1 => Just(Step::Reopen),
        1 => Just(Step::Sum),
    ]
}

/// A response, and for some of them the coarser one that they are a part of.
fn response(message: u64, output: u64) -> TurnMemory {
    let part_of = message.is_multiple_of(5).then(|| key((message + 1) % 12)).into();
    let usage = Usage { output, ..Usage::default() };
    let embedded_cost = output.is_multiple_of(3).then(|| agtop_model::PicoUsd::new(50 - output.cast_signed()));
    let plain = turn(message);
    TurnMemory { part_of, response: Response { usage, embedded_cost, ..plain.response }, ..plain }
}

fn told(file: u8, turns: &[(u64, u64)]) -> Memory {
    let mut once = HashSet::new();
    let turns = turns.iter().filter(|(message, _)| once.insert(*message));
    let turns = turns.map(|&(message, output)| response(message, output)).collect();
    Memory { turns, ..memory(&file.to_string(), []) }
}

fn read(file: u8, inode: u64, seen: i64, memory: Memory) -> FileRecord {
    let whole = record(&format!("/{file}"), memory);
    let identity = Identity { inode, modified: minute(seen), ..whole.stamp.file };
    FileRecord { stamp: Stamp { file: identity, log: None }, seen: minute(seen), ..whole }
}

/// The usage of every response that counts.
#[derive(Default)]
struct Truth {
    turns: HashMap<MessageKey, TurnMemory>,
    coarse: HashSet<MessageKey>,
}

impl Truth {
    fn take(&mut self, memory: &Memory) {
        for turn in &memory.turns {
            self.coarse.extend(turn.part_of.iter());
            self.turns.entry(turn.message).and_modify(|kept| kept.merge(turn, &[])).or_insert_with(|| turn.clone());
        }
    }

    fn counted(&self) -> HashMap<MessageKey, (Usage, Option<agtop_model::PicoUsd>)> {
        let fine = self.turns.values().filter(|turn| !self.coarse.contains(&turn.message));
        fine.map(|turn| (turn.message, (turn.response.usage, turn.response.embedded_cost))).collect()
    }
}

fn put(ledger: &mut Ledger, record: &FileRecord) {
    let mut batch = ledger.batch().unwrap();
    batch.put(record).unwrap();
    batch.commit().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn usage_that_was_seen_is_there_once(steps in vec(step(), 0..20)) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        let mut ledger = opened(&path);
        let mut truth = Truth::default();
        for step in steps {
            match step {
                Step::Read { file, inode, seen, turns } => {
                    let memory = told(file, &turns);
                    truth.take(&memory);
                    put(&mut ledger, &read(file, inode, seen, memory));
                }
                Step::Remove(file) | Step::Move(file, _) => {
                    let found = ledger.entry(CLIENT, format!("/{file}").as_ref()).unwrap();
                    let Some(entry) = found else { continue };
                    let mut batch = ledger.batch().unwrap();
                    match step {
                        Step::Move(_, to) => batch.moved(&entry, format!("/{to}").as_ref()).unwrap(),
                        _ => batch.archive(&entry).unwrap(),
                    }
                    batch.commit().unwrap();
                }
                Step::Crash { file, turns } => {
                    let mut batch = ledger.batch().unwrap();
                    batch.put(&read(file, 0, 30, told(file, &turns))).unwrap();
                }
                Step::Reopen => ledger = opened(&path),
                Step::Sum => ledger.make_image().unwrap(),
            }
        }
        let mut known = Truth::default();
        ledger.each_memory(|_, memory| known.take(&memory.unwrap())).unwrap();
        prop_assert_eq!(known.counted(), truth.counted());
        let report = ledger.verify().unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.faults);
    }
}

#[test]
fn writers_and_readers_at_once_lose_nothing_and_meet_no_error() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    std::thread::scope(|scope| {
        for writer in 0..3_u64 {
            let path = &path;
            scope.spawn(move || {
                let mut ledger = opened(path);
                for round in 0..20 {
                    let turns: Vec<(u64, u64)> = (0..=round).map(|n| (100 + n * 3 + writer, 1)).collect();
                    // All write the same file, and each has read something else of it.
                    put(&mut ledger, &read(0, 1, round.cast_signed(), told(0, &turns)));
                    ledger.renew_image(None).unwrap();
                }
            });
            scope.spawn(move || {
                let ledger = opened(path);
                for _ in 0..20 {
                    ledger.each_memory(|_, memory| assert!(memory.is_some())).unwrap();
                    ledger.image().unwrap();
                }
            });
        }
    });
    let mut known = Truth::default();
    opened(&path).each_memory(|_, memory| known.take(&memory.unwrap())).unwrap();
    assert_eq!(known.turns.len(), 60);
}
