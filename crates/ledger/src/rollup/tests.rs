//! Sums and responses give the same totals, whatever is written before and after the rollup is built.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, Response, ServiceTier, Usage, UsageExtent};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::file_summary::{FileSummary, ResponseRecord};
use crate::record::FileRecord;
use crate::testing::{CLIENT, CLIENTS, OTHER, key, minute, opened, record, response, response_at, summary};

/// Totals of usage, overall and by the model's name.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    responses: u64,
    usage: Usage,
    /// Priced by a list whose rates double above some lengths, reached or exceeded.
    cost: u128,
    embedded: i64,
    models: HashMap<String, u64>,
    tools: HashMap<String, u64>,
}

impl Totals {
    fn add(&mut self, model: &str, cell: &RollupCell) {
        self.responses += cell.responses;
        self.usage += cell.usage;
        *self.models.entry(model.to_owned()).or_default() += cell.responses;
        match cell.embedded_cost {
            Some(cost) => self.embedded += cost.as_pico(),
            None => self.cost += price(cell),
        }
    }
}

fn price(cell: &RollupCell) -> u128 {
    assert!(!cell.is_split_by(200_000) && !cell.is_split_by(272_000), "{cell:?}");
    let is_response = cell.extent == UsageExtent::Response;
    let long = u128::from(is_response && cell.largest_prompt > 200_000)
        + u128::from(is_response && cell.largest_prompt >= 272_000);
    let tier = if cell.tier == ServiceTier::Priority { 3 } else { 1 };
    let reasoning = cell.usage.reasoning.min(cell.usage.output);
    let tokens = 7 * u128::from(cell.usage.prompt()) + 31 * u128::from(cell.usage.output) + 5 * u128::from(reasoning);
    tokens * tier * (1 + long)
}

/// Joins responses like the World does, and takes sums for what they are.
#[derive(Default)]
struct World {
    responses: HashMap<MessageKey, (ResponseRecord, String)>,
    coarse: HashSet<MessageKey>,
    rolled_up: HashMap<FileEntryId, FileRollup>,
}

impl World {
    fn take(&mut self, summary: &FileSummary, response: &ResponseRecord) {
        let model =
            response.counted.model().and_then(|model| summary.name(model)).map(ToString::to_string).unwrap_or_default();
        self.coarse.extend(response.part_of.iter());
        self.responses
            .entry(response.message)
            .and_modify(|(kept, _)| kept.merge(response, &[]))
            .or_insert_with(|| (response.clone(), model));
    }

    /// Takes a summary, and first the responses behind every sum that it has a copy of.
    fn take_all(&mut self, ledger: &Ledger, keys: &MessageKeyIndex, summary: &FileSummary) {
        for response in &summary.responses {
            for key in std::iter::once(response.message).chain(response.part_of.iter()) {
                let files: Vec<FileEntryId> = keys.files_of(key).collect();
                for file in files {
                    self.expand(ledger, keys, file);
                }
            }
            self.take(summary, response);
        }
    }

    fn expand(&mut self, ledger: &Ledger, keys: &MessageKeyIndex, file: FileEntryId) {
        let Some(rolled_up) = self.rolled_up.remove(&file) else { return };
        for summary in ledger.expand(file, rolled_up.entry.generation).unwrap() {
            for response in summary.responses.iter().filter(|response| keys.holds(response.message, file)) {
                self.take(&summary, response);
            }
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (response, model) in
            self.responses.values().filter(|(response, _)| !self.coarse.contains(&response.message))
        {
            for cell in cell::sum(std::iter::once(response)) {
                let reasoning = cell.usage.reasoning.min(cell.usage.output);
                totals.add(model, &RollupCell { usage: Usage { reasoning, ..cell.usage }, ..cell });
            }
        }
        for file in self.rolled_up.values() {
            for cell in &file.cells {
                let model = cell.model.and_then(|model| file.unmerged.name(model)).map(ToString::to_string);
                totals.add(&model.unwrap_or_default(), cell);
            }
        }
        totals
    }
}

fn true_totals(ledger: &Ledger) -> Totals {
    let mut world = World::default();
    let all = |_, summary: Option<FileSummary>| {
        let summary = summary.unwrap();
        for response in &summary.responses {
            world.take(&summary, response);
        }
    };
    ledger.for_each_summary(all).unwrap();
    world.totals()
}

fn totals_by_rollup(ledger: &Ledger) -> Totals {
    let rollup = ledger.rollup().unwrap().unwrap();
    let keys = ledger.key_index(rollup.generation).unwrap();
    let mut world = World::default();
    for file in &rollup.files {
        for response in &file.unmerged.responses {
            world.take(&file.unmerged, response);
        }
    }
    world.rolled_up.extend(rollup.files.into_iter().map(|file| (file.entry.id, file)));
    for entry in &rollup.changed {
        let summary = ledger.load(entry.id).unwrap().unwrap().summary;
        world.take_all(ledger, &keys, &summary);
    }
    world.totals()
}

/// What is done to a file.
#[derive(Clone, Debug)]
enum Step {
    Write { file: u8, responses: Vec<ResponseRecord> },
    Remove { file: u8 },
    BuildRollup,
}

fn any_responses() -> impl Strategy<Value = ResponseRecord> {
    let prompt = select(vec![10_u64, 150_000, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 300_000]);
    let attributes = (
        select(vec![ServiceTier::Standard, ServiceTier::Priority]),
        select(vec![UsageExtent::Response, UsageExtent::Sum]),
    );
    // Few keys, so that many occur more than once.
    let keys = (0..14_u64, proptest::option::weighted(0.15, 0..14_u64));
    let counts = (0..50_u64, 0..60_u64, proptest::option::weighted(0.3, 0..1000_i64));
    (keys, prompt, attributes, counts, 0..60_i64).prop_map(|((message, part_of), input, (tier, extent), counts, at)| {
        let (output, reasoning, cost) = counts;
        let plain = response_at(message, at);
        let model = Some(NameIndex(u32::try_from(message % 2).unwrap()));
        let counted = Response {
            stated_model: model,
            any_model: model,
            usage: Usage { input, output, reasoning, ..Usage::default() },
            embedded_cost: cost.map(agtop_model::PicoUsd::new),
            tier,
            extent,
            ..plain.counted
        };
        ResponseRecord { part_of: part_of.map(key).into(), counted, ..plain }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..5_u8, vec(any_responses(), 0..8)).prop_map(|(file, responses)| Step::Write { file, responses }),
        1 => (0..5_u8).prop_map(|file| Step::Remove { file }),
        1 => Just(Step::BuildRollup),
    ]
}

/// A file with each response once.
fn written(file: u8, seen: usize, responses: Vec<ResponseRecord>) -> FileRecord {
    let mut once = HashSet::new();
    let responses: Vec<ResponseRecord> =
        responses.into_iter().filter(|response| once.insert(response.message)).collect();
    let names = vec!["even".into(), "odd".into()];
    let summary = FileSummary { names, responses, ..summary(&file.to_string(), []) };
    FileRecord { seen: minute(i64::try_from(seen).unwrap()), ..record(&format!("/{file}"), summary) }
}

fn carry_out(ledger: &mut Ledger, steps: &[Step]) {
    for (seen, step) in steps.iter().enumerate() {
        match step {
            Step::Write { file, responses } => {
                let mut batch = ledger.batch().unwrap();
                batch.put(&written(*file, seen, responses.clone())).unwrap();
                batch.commit().unwrap();
            }
            Step::Remove { file } => {
                let path = format!("/{file}");
                let Some(entry) = ledger.entry(CLIENT, path.as_ref()).unwrap() else { continue };
                let mut batch = ledger.batch().unwrap();
                batch.mark_gone(&entry).unwrap();
                batch.commit().unwrap();
            }
            Step::BuildRollup => ledger.build_rollup().unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn sums_and_responses_give_the_same_totals(
        before in vec(step(), 0..10),
        after in vec(step(), 0..6),
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        carry_out(&mut ledger, &before);
        ledger.build_rollup().unwrap();
        prop_assert_eq!(totals_by_rollup(&ledger), true_totals(&ledger));
        carry_out(&mut ledger, &after);
        prop_assert_eq!(totals_by_rollup(&ledger), true_totals(&ledger));
    }
}

fn ledger_of(files: &[(&str, FileSummary)]) -> (tempfile::TempDir, Ledger) {
    let home = tempfile::tempdir().unwrap();
    let mut ledger = opened(&home.path().join("ledger.db"));
    let mut batch = ledger.batch().unwrap();
    for (path, summary) in files {
        batch.put(&record(path, summary.clone())).unwrap();
    }
    batch.commit().unwrap();
    (home, ledger)
}

#[test]
fn a_quarter_of_an_hour_of_one_model_is_one_cell() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..45))]);
    ledger.build_rollup().unwrap();
    let rollup = ledger.rollup().unwrap().unwrap();
    let [file] = rollup.files.as_slice() else { panic!("one file") };
    let cells: Vec<u64> = file.cells.iter().map(|cell| cell.responses).collect();
    assert_eq!((cells, file.unmerged.responses.len()), (vec![15, 15, 15], 0));
    assert_eq!(ledger.key_index(rollup.generation).unwrap().len(), 45);
}

#[test]
fn a_response_in_two_files_stays_single_in_both() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3)), ("/b", summary("b", 2..5))]);
    ledger.build_rollup().unwrap();
    let rollup = ledger.rollup().unwrap().unwrap();
    let single: Vec<Vec<MessageKey>> = rollup
        .files
        .iter()
        .map(|file| file.unmerged.responses.iter().map(|response| response.message).collect())
        .collect();
    assert_eq!(single, [[key(2)], [key(2)]]);
}

#[test]
fn tool_calls_of_a_session_in_two_files_stay_single() {
    let with_tools = |session: &str| {
        let mut summary = summary(session, []);
        let tool = |id: u64| (agtop_model::ToolKey::from_bits(id), NameIndex(0));
        summary.sessions[0].calls = vec![tool(1), tool(2)];
        summary
    };
    let (_home, mut ledger) = ledger_of(&[("/a", with_tools("s")), ("/b", with_tools("s")), ("/c", with_tools("t"))]);
    ledger.build_rollup().unwrap();
    let files = ledger.rollup().unwrap().unwrap().files;
    let calls: Vec<usize> = files.iter().map(|file| file.unmerged.sessions[0].calls.len()).collect();
    assert_eq!(calls, [2, 2, 0]);
    assert_eq!(files[2].tools, [ToolCallCount { session: 0, tool: NameIndex(0), calls: 2 }]);
}

#[test]
fn a_rollup_is_built_again_only_when_much_has_changed() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3))]);
    assert!(ledger.refresh_rollup(ledger.rollup().unwrap().map(|rollup| rollup.generation)).unwrap());
    let rollup = ledger.rollup().unwrap();
    carry_out(&mut ledger, &[Step::Write { file: 1, responses: vec![response(9)] }]);
    assert!(!ledger.refresh_rollup(rollup.as_ref().map(|rollup| rollup.generation)).unwrap());
    let many: Vec<Step> = (0..=64).map(|file| Step::Write { file, responses: vec![] }).collect();
    carry_out(&mut ledger, &many);
    assert!(ledger.refresh_rollup(rollup.as_ref().map(|rollup| rollup.generation)).unwrap());
}

#[test]
fn a_rollup_by_a_program_that_knows_fewer_clients_is_not_used() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3))]);
    ledger.clients = vec![CLIENT];
    ledger.build_rollup().unwrap();
    assert!(ledger.rollup().unwrap().is_some());
    ledger.clients = CLIENTS.to_vec();
    assert_eq!(ledger.rollup().unwrap(), None);
    ledger.clients = vec![OTHER];
    assert_eq!(ledger.rollup().unwrap(), None);
}

#[test]
fn a_damaged_rollup_is_ignored() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3))]);
    ledger.build_rollup().unwrap();
    ledger.database.execute("UPDATE image SET body = substr(body, 1, 20)", []).unwrap();
    assert_eq!(ledger.rollup().unwrap(), None);
}

#[test]
fn forgetting_leaves_nothing_in_the_rollup() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3)), ("/b", summary("b", 5..9))]);
    ledger.build_rollup().unwrap();
    let chosen = crate::upkeep::FileSelector { below: Some("/a".into()), ..Default::default() };
    ledger.forget(&chosen).unwrap();
    assert_eq!(ledger.rollup().unwrap(), None);
}

#[test]
fn the_key_index_is_there_even_when_another_process_has_built_a_newer_rollup() {
    let (_home, mut ledger) = ledger_of(&[("/a", summary("a", 0..3))]);
    ledger.build_rollup().unwrap();
    let rollup = ledger.rollup().unwrap().unwrap();
    carry_out(&mut ledger, &[Step::Write { file: 1, responses: vec![response(9)] }]);
    ledger.build_rollup().unwrap();
    let keys = ledger.key_index(rollup.generation).unwrap();
    assert_eq!(keys.files_of(key(1)).collect::<Vec<_>>(), [rollup.files[0].entry.id]);
}
