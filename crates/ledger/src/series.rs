//! Running totals as series: what a file tells of now, and by how much it has grown from reading to reading.

use agtop_model::{CoarserRecords, RecordTime, Response, RunningTotal};

use crate::memory::{Memory, TurnMemory};
use crate::merge::join_turns;
use crate::record::FileRecord;

/// The memory with a response for each step of its running totals: those that were known, and the one to this reading,
/// which happened when the file was written. `None` if it holds no running total.
pub(crate) fn continued(old: &Memory, record: &FileRecord) -> Option<Memory> {
    let readings: Vec<TurnMemory> =
        record.memory.turns.iter().filter(|turn| turn.running_total().is_some()).cloned().collect();
    if readings.is_empty() {
        return None;
    }
    let mut memory = record.memory.clone();
    for reading in readings {
        let is_step = |turn: &&TurnMemory| turn.part_of.contains(reading.message) && turn.running_total().is_none();
        let known: Vec<TurnMemory> = old.turns.iter().filter(is_step).cloned().collect();
        join_turns(&mut memory, old, &known);
        let before =
            old.turns.iter().filter(|turn| turn.message == reading.message).find_map(TurnMemory::running_total);
        memory.turns.extend(step(&reading, before, record));
    }
    Some(memory)
}

fn step(reading: &TurnMemory, before: Option<RunningTotal>, record: &FileRecord) -> Option<TurnMemory> {
    let RunningTotal { message, usage, embedded_cost } =
        reading.running_total()?.step(record.client, before.as_ref())?;
    // A total says how far it has come, not when: it had come so far when the file was written.
    let written = RecordTime { stated: None, before: Some(record.stamp.file.modified) };
    Some(TurnMemory {
        session: reading.session,
        message,
        part_of: CoarserRecords::one(reading.message),
        time: if before.is_some() { written } else { reading.time },
        response: Response { usage, embedded_cost, ..reading.response },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agtop_model::Timestamp;

    use crate::testing::{key, memory, minute, record, turn_at};

    fn reading(output: u64, written: i64) -> FileRecord {
        let mut told = memory("s", []);
        let mut total = TurnMemory { part_of: CoarserRecords::one(key(1)), ..turn_at(1, 0) };
        total.response.usage = agtop_model::Usage { output, ..Default::default() };
        told.turns.push(total);
        let mut record = record("/a", told);
        record.stamp.file.modified = minute(written);
        record
    }

    fn steps(memory: &Memory) -> Vec<(u64, Timestamp)> {
        let steps = memory.turns.iter().filter(|turn| turn.running_total().is_none());
        let at = |turn: &TurnMemory| turn.time.resolve(minute(99), minute(99)).at;
        let mut steps: Vec<_> = steps.map(|turn| (turn.response.usage.output, at(turn))).collect();
        steps.sort_by_key(|(_, at)| *at);
        steps
    }

    #[test]
    fn successive_readings_become_usage_over_time_across_a_reset() {
        let mut known = Memory::default();
        for (output, written) in [(10, 5), (10, 6), (25, 7), (4, 8), (9, 9)] {
            known = continued(&known, &reading(output, written)).unwrap();
        }
        let wanted = [(10, minute(0)), (15, minute(7)), (4, minute(8)), (5, minute(9))];
        assert_eq!(steps(&known), wanted);
    }

    #[test]
    fn what_is_no_running_total_stays_as_it_is() {
        assert_eq!(continued(&Memory::default(), &record("/a", memory("s", [1, 2]))), None);
    }
}
