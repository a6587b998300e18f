//! Whatever happens to files, in any order: usage that was seen is in the ledger, once.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, Response, Usage};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::file_summary::{FileSummary, ResponseRecord};
use crate::record::{FileIdentity, FileRecord, FileStamp};
use crate::store::Ledger;
use crate::testing::{CLIENT, key, minute, opened, record, response, summary};

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// A file is read: as it grew, was cut off, rewritten or replaced, by a reader that looked then.
    Read {
        file: u8,
        inode: u64,
        seen: i64,
        responses: Vec<(u64, u64)>,
    },
    /// A file is missing.
    Remove(u8),
    /// A file was moved.
    Move(u8, u8),
    /// The batch is not written.
    Crash {
        file: u8,
        responses: Vec<(u64, u64)>,
    },
    /// Another process takes over.
    Reopen,
    Sum,
}

fn step() -> impl Strategy<Value = Step> {
    let responses = || vec((0..12_u64, 0..40_u64), 0..8);
    prop_oneof![
        8 => (0..4_u8, 0..3_u64, 0..20_i64, responses())
            .prop_map(|(file, inode, seen, responses)| Step::Read { file, inode, seen, responses }),
        1 => (0..4_u8).prop_map(Step::Remove),
        1 => (0..4_u8, 0..4_u8).prop_map(|(from, to)| Step::Move(from, to)),
        1 => (0..4_u8, responses()).prop_map(|(file, responses)| Step::Crash { file, responses }),
        1 => Just(Step::Reopen),
        1 => Just(Step::Sum),
    ]
}

/// A response, and for some of them the coarser one that they are a part of.
fn response_of(message: u64, output: u64) -> ResponseRecord {
    let part_of = message.is_multiple_of(5).then(|| key((message + 1) % 12)).into();
    let usage = Usage { output, ..Usage::default() };
    let embedded_cost = output.is_multiple_of(3).then(|| agtop_model::PicoUsd::new(50 - output.cast_signed()));
    let plain = response(message);
    ResponseRecord { part_of, counted: Response { usage, embedded_cost, ..plain.counted }, ..plain }
}

fn summary_of(file: u8, responses: &[(u64, u64)]) -> FileSummary {
    let mut once = HashSet::new();
    let responses = responses.iter().filter(|(message, _)| once.insert(*message));
    let responses = responses.map(|&(message, output)| response_of(message, output)).collect();
    FileSummary { responses, ..summary(&file.to_string(), []) }
}

fn read(file: u8, inode: u64, seen: i64, summary: FileSummary) -> FileRecord {
    let whole = record(&format!("/{file}"), summary);
    let identity = FileIdentity { inode, modified: minute(seen), ..whole.stamp.file };
    FileRecord { stamp: FileStamp { file: identity, log: None }, seen: minute(seen), ..whole }
}

/// The usage of every response that counts.
#[derive(Default)]
struct CountedResponses {
    responses: HashMap<MessageKey, ResponseRecord>,
    coarse: HashSet<MessageKey>,
}

impl CountedResponses {
    fn take(&mut self, summary: &FileSummary) {
        for response in &summary.responses {
            self.coarse.extend(response.part_of.iter());
            self.responses
                .entry(response.message)
                .and_modify(|kept| kept.merge(response, &[]))
                .or_insert_with(|| response.clone());
        }
    }

    fn counted(&self) -> HashMap<MessageKey, (Usage, Option<agtop_model::PicoUsd>)> {
        let fine = self.responses.values().filter(|response| !self.coarse.contains(&response.message));
        fine.map(|response| (response.message, (response.counted.usage, response.counted.embedded_cost))).collect()
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
        let mut truth = CountedResponses::default();
        for step in steps {
            match step {
                Step::Read { file, inode, seen, responses } => {
                    let summary = summary_of(file, &responses);
                    truth.take(&summary);
                    put(&mut ledger, &read(file, inode, seen, summary));
                }
                Step::Remove(file) | Step::Move(file, _) => {
                    let found = ledger.entry(CLIENT, format!("/{file}").as_ref()).unwrap();
                    let Some(entry) = found else { continue };
                    let mut batch = ledger.batch().unwrap();
                    match step {
                        Step::Move(_, to) => batch.mark_moved(&entry, format!("/{to}").as_ref()).unwrap(),
                        _ => batch.mark_gone(&entry).unwrap(),
                    }
                    batch.commit().unwrap();
                }
                Step::Crash { file, responses } => {
                    let mut batch = ledger.batch().unwrap();
                    batch.put(&read(file, 0, 30, summary_of(file, &responses))).unwrap();
                }
                Step::Reopen => ledger = opened(&path),
                Step::Sum => ledger.build_rollup().unwrap(),
            }
        }
        let mut known = CountedResponses::default();
        ledger.for_each_summary(|_, summary| known.take(&summary.unwrap())).unwrap();
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
                    let responses: Vec<(u64, u64)> = (0..=round).map(|n| (100 + n * 3 + writer, 1)).collect();
                    // All write the same file, and each has read something else of it.
                    put(&mut ledger, &read(0, 1, round.cast_signed(), summary_of(0, &responses)));
                    ledger.refresh_rollup(None).unwrap();
                }
            });
            scope.spawn(move || {
                let ledger = opened(path);
                for _ in 0..20 {
                    ledger.for_each_summary(|_, summary| assert!(summary.is_some())).unwrap();
                    ledger.rollup().unwrap();
                }
            });
        }
    });
    let mut known = CountedResponses::default();
    opened(&path).for_each_summary(|_, summary| known.take(&summary.unwrap())).unwrap();
    assert_eq!(known.responses.len(), 60);
}
