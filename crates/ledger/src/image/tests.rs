//! Sums and responses give the same totals, whatever is written before and after the image is made.

use std::collections::{HashMap, HashSet};

use agtop_model::{MessageKey, Response, ServiceTier, Usage, UsageExtent};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::memory::{Memory, TurnMemory};
use crate::record::FileRecord;
use crate::testing::{CLIENT, CLIENTS, OTHER, key, memory, minute, opened, record, turn, turn_at};

/// What an account of usage comes to, in all and by the model's name.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    turns: u64,
    usage: Usage,
    /// Priced by a list whose rates double above some lengths, reached or exceeded.
    cost: u128,
    embedded: i64,
    models: HashMap<String, u64>,
    tools: HashMap<String, u64>,
}

impl Totals {
    fn add(&mut self, model: &str, cell: &Cell) {
        self.turns += cell.turns;
        self.usage += cell.usage;
        *self.models.entry(model.to_owned()).or_default() += cell.turns;
        match cell.embedded_cost {
            Some(cost) => self.embedded += cost.as_pico(),
            None => self.cost += price(cell),
        }
    }
}

fn price(cell: &Cell) -> u128 {
    assert!(!cell.is_split_by(200_000) && !cell.is_split_by(272_000), "{cell:?}");
    let is_response = cell.extent == UsageExtent::Response;
    let long = u128::from(is_response && cell.longest > 200_000) + u128::from(is_response && cell.longest >= 272_000);
    let tier = if cell.tier == ServiceTier::Priority { 3 } else { 1 };
    let reasoning = cell.usage.reasoning.min(cell.usage.output);
    let tokens = 7 * u128::from(cell.usage.prompt()) + 31 * u128::from(cell.usage.output) + 5 * u128::from(reasoning);
    tokens * tier * (1 + long)
}

/// Joins responses like the World does, and takes sums for what they are.
#[derive(Default)]
struct World {
    turns: HashMap<MessageKey, (TurnMemory, String)>,
    coarse: HashSet<MessageKey>,
    cold: HashMap<EntryId, WarmFile>,
}

impl World {
    fn take(&mut self, memory: &Memory, turn: &TurnMemory) {
        let model =
            turn.response.model().and_then(|model| memory.name(model)).map(ToString::to_string).unwrap_or_default();
        self.coarse.extend(turn.part_of.iter());
        self.turns
            .entry(turn.message)
            .and_modify(|(kept, _)| kept.merge(turn, &[]))
            .or_insert_with(|| (turn.clone(), model));
    }

    /// Takes a memory, and first the responses behind every sum that it has news of.
    fn take_all(&mut self, ledger: &Ledger, keys: &KeyIndex, memory: &Memory) {
        for turn in &memory.turns {
            for key in std::iter::once(turn.message).chain(turn.part_of.iter()) {
                let files: Vec<EntryId> = keys.files_of(key).collect();
                for file in files {
                    self.thaw(ledger, keys, file);
                }
            }
            self.take(memory, turn);
        }
    }

    fn thaw(&mut self, ledger: &Ledger, keys: &KeyIndex, file: EntryId) {
        let Some(cold) = self.cold.remove(&file) else { return };
        for memory in ledger.thaw(file, cold.entry.generation).unwrap() {
            for turn in memory.turns.iter().filter(|turn| keys.holds(turn.message, file)) {
                self.take(&memory, turn);
            }
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (turn, model) in self.turns.values().filter(|(turn, _)| !self.coarse.contains(&turn.message)) {
            for cell in cell::sum(std::iter::once(turn)) {
                let reasoning = cell.usage.reasoning.min(cell.usage.output);
                totals.add(model, &Cell { usage: Usage { reasoning, ..cell.usage }, ..cell });
            }
        }
        for file in self.cold.values() {
            for cell in &file.cells {
                let model = cell.model.and_then(|model| file.rest.name(model)).map(ToString::to_string);
                totals.add(&model.unwrap_or_default(), cell);
            }
        }
        totals
    }
}

fn true_totals(ledger: &Ledger) -> Totals {
    let mut world = World::default();
    let all = |_, memory: Option<Memory>| {
        let memory = memory.unwrap();
        for turn in &memory.turns {
            world.take(&memory, turn);
        }
    };
    ledger.each_memory(all).unwrap();
    world.totals()
}

fn totals_by_image(ledger: &Ledger) -> Totals {
    let image = ledger.image().unwrap().unwrap();
    let keys = ledger.keys(image.generation).unwrap();
    let mut world = World::default();
    for file in &image.files {
        for turn in &file.rest.turns {
            world.take(&file.rest, turn);
        }
    }
    world.cold.extend(image.files.into_iter().map(|file| (file.entry.id, file)));
    for entry in &image.changed {
        let memory = ledger.recall(entry.id).unwrap().unwrap().memory;
        world.take_all(ledger, &keys, &memory);
    }
    world.totals()
}

/// What is done to a file.
#[derive(Clone, Debug)]
enum Step {
    Write { file: u8, turns: Vec<TurnMemory> },
    Remove { file: u8 },
    MakeImage,
}

fn turns() -> impl Strategy<Value = TurnMemory> {
    let prompt = select(vec![10_u64, 150_000, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 300_000]);
    let manner = (
        select(vec![ServiceTier::Standard, ServiceTier::Priority]),
        select(vec![UsageExtent::Response, UsageExtent::Sum]),
    );
    // Few keys, so that many are told of more than once.
    let keys = (0..14_u64, proptest::option::weighted(0.15, 0..14_u64));
    let counts = (0..50_u64, 0..60_u64, proptest::option::weighted(0.3, 0..1000_i64));
    (keys, prompt, manner, counts, 0..60_i64).prop_map(|((message, part_of), input, (tier, extent), counts, at)| {
        let (output, reasoning, cost) = counts;
        let plain = turn_at(message, at);
        let model = Some(Name(u32::try_from(message % 2).unwrap()));
        let response = Response {
            stated_model: model,
            any_model: model,
            usage: Usage { input, output, reasoning, ..Usage::default() },
            embedded_cost: cost.map(agtop_model::PicoUsd::new),
            tier,
            extent,
            ..plain.response
        };
        TurnMemory { part_of: part_of.map(key).into(), response, ..plain }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..5_u8, vec(turns(), 0..8)).prop_map(|(file, turns)| Step::Write { file, turns }),
        1 => (0..5_u8).prop_map(|file| Step::Remove { file }),
        1 => Just(Step::MakeImage),
    ]
}

/// A file with each response once.
fn written(file: u8, seen: usize, turns: Vec<TurnMemory>) -> FileRecord {
    let mut once = HashSet::new();
    let turns: Vec<TurnMemory> = turns.into_iter().filter(|turn| once.insert(turn.message)).collect();
    let names = vec!["even".into(), "odd".into()];
    let memory = Memory { names, turns, ..memory(&file.to_string(), []) };
    FileRecord { seen: minute(i64::try_from(seen).unwrap()), ..record(&format!("/{file}"), memory) }
}

fn carry_out(ledger: &mut Ledger, steps: &[Step]) {
    for (seen, step) in steps.iter().enumerate() {
        match step {
            Step::Write { file, turns } => {
                let mut batch = ledger.batch().unwrap();
                batch.put(&written(*file, seen, turns.clone())).unwrap();
                batch.commit().unwrap();
            }
            Step::Remove { file } => {
                let path = format!("/{file}");
                let Some(entry) = ledger.entry(CLIENT, path.as_ref()).unwrap() else { continue };
                let mut batch = ledger.batch().unwrap();
                batch.archive(&entry).unwrap();
                batch.commit().unwrap();
            }
            Step::MakeImage => ledger.make_image().unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn sums_and_responses_come_to_the_same(
        before in vec(step(), 0..10),
        after in vec(step(), 0..6),
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        carry_out(&mut ledger, &before);
        ledger.make_image().unwrap();
        prop_assert_eq!(totals_by_image(&ledger), true_totals(&ledger));
        carry_out(&mut ledger, &after);
        prop_assert_eq!(totals_by_image(&ledger), true_totals(&ledger));
    }
}

fn ledger_of(files: &[(&str, Memory)]) -> (tempfile::TempDir, Ledger) {
    let home = tempfile::tempdir().unwrap();
    let mut ledger = opened(&home.path().join("ledger.db"));
    let mut batch = ledger.batch().unwrap();
    for (path, memory) in files {
        batch.put(&record(path, memory.clone())).unwrap();
    }
    batch.commit().unwrap();
    (home, ledger)
}

#[test]
fn a_quarter_of_an_hour_of_one_model_is_one_cell() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..45))]);
    ledger.make_image().unwrap();
    let image = ledger.image().unwrap().unwrap();
    let [file] = image.files.as_slice() else { panic!("one file") };
    let cells: Vec<u64> = file.cells.iter().map(|cell| cell.turns).collect();
    assert_eq!((cells, file.rest.turns.len()), (vec![15, 15, 15], 0));
    assert_eq!(ledger.keys(image.generation).unwrap().len(), 45);
}

#[test]
fn a_response_in_two_files_stays_single_in_both() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3)), ("/b", memory("b", 2..5))]);
    ledger.make_image().unwrap();
    let image = ledger.image().unwrap().unwrap();
    let single: Vec<Vec<MessageKey>> =
        image.files.iter().map(|file| file.rest.turns.iter().map(|turn| turn.message).collect()).collect();
    assert_eq!(single, [[key(2)], [key(2)]]);
}

#[test]
fn tool_calls_of_a_session_in_two_files_stay_single() {
    let with_tools = |session: &str| {
        let mut memory = memory(session, []);
        let tool = |id: u64| (agtop_model::ToolKey::from_bits(id), Name(0));
        memory.sessions[0].calls = vec![tool(1), tool(2)];
        memory
    };
    let (_home, mut ledger) = ledger_of(&[("/a", with_tools("s")), ("/b", with_tools("s")), ("/c", with_tools("t"))]);
    ledger.make_image().unwrap();
    let files = ledger.image().unwrap().unwrap().files;
    let calls: Vec<usize> = files.iter().map(|file| file.rest.sessions[0].calls.len()).collect();
    assert_eq!(calls, [2, 2, 0]);
    assert_eq!(files[2].tools, [Tally { session: 0, tool: Name(0), calls: 2 }]);
}

#[test]
fn an_image_is_made_anew_only_when_much_has_changed() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3))]);
    assert!(ledger.renew_image(ledger.image().unwrap().map(|image| image.generation)).unwrap());
    let image = ledger.image().unwrap();
    carry_out(&mut ledger, &[Step::Write { file: 1, turns: vec![turn(9)] }]);
    assert!(!ledger.renew_image(image.as_ref().map(|image| image.generation)).unwrap());
    let many: Vec<Step> = (0..=64).map(|file| Step::Write { file, turns: vec![] }).collect();
    carry_out(&mut ledger, &many);
    assert!(ledger.renew_image(image.as_ref().map(|image| image.generation)).unwrap());
}

#[test]
fn an_image_by_a_program_that_knows_fewer_clients_is_not_used() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3))]);
    ledger.clients = vec![CLIENT];
    ledger.make_image().unwrap();
    assert!(ledger.image().unwrap().is_some());
    ledger.clients = CLIENTS.to_vec();
    assert_eq!(ledger.image().unwrap(), None);
    ledger.clients = vec![OTHER];
    assert_eq!(ledger.image().unwrap(), None);
}

#[test]
fn a_damaged_image_is_as_good_as_none() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3))]);
    ledger.make_image().unwrap();
    ledger.database.execute("UPDATE image SET body = substr(body, 1, 20)", []).unwrap();
    assert_eq!(ledger.image().unwrap(), None);
}

#[test]
fn forgetting_leaves_nothing_in_the_image() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3)), ("/b", memory("b", 5..9))]);
    ledger.make_image().unwrap();
    let chosen = crate::upkeep::Selector { below: Some("/a".into()), ..Default::default() };
    ledger.forget(&chosen).unwrap();
    assert_eq!(ledger.image().unwrap(), None);
}

#[test]
fn keys_are_there_even_when_another_process_has_made_a_newer_image() {
    let (_home, mut ledger) = ledger_of(&[("/a", memory("a", 0..3))]);
    ledger.make_image().unwrap();
    let image = ledger.image().unwrap().unwrap();
    carry_out(&mut ledger, &[Step::Write { file: 1, turns: vec![turn(9)] }]);
    ledger.make_image().unwrap();
    let keys = ledger.keys(image.generation).unwrap();
    assert_eq!(keys.files_of(key(1)).collect::<Vec<_>>(), [image.files[0].entry.id]);
}
