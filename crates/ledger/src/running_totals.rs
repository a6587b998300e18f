//! Turns running totals into steps: by how much a total has grown from reading to reading.

use agtop_model::{CoarserRecords, RecordTime, Response, RunningTotal};

use crate::file_summary::{FileSummary, ResponseRecord};
use crate::merge::join_responses;
use crate::record::FileRecord;

/// The summary with a response for each step of its running totals: those that were known, and the one to this reading,
/// which happened when the file was written. `None` if it holds no running total.
pub(crate) fn with_steps(old: &FileSummary, record: &FileRecord) -> Option<FileSummary> {
    let readings: Vec<ResponseRecord> =
        record.summary.responses.iter().filter(|response| response.running_total().is_some()).cloned().collect();
    if readings.is_empty() {
        return None;
    }
    let mut summary = record.summary.clone();
    for reading in readings {
        let is_step = |response: &&ResponseRecord| {
            response.part_of.contains(reading.message) && response.running_total().is_none()
        };
        let known: Vec<ResponseRecord> = old.responses.iter().filter(is_step).cloned().collect();
        join_responses(&mut summary, old, &known);
        let before = old
            .responses
            .iter()
            .filter(|response| response.message == reading.message)
            .find_map(ResponseRecord::running_total);
        summary.responses.extend(step(&reading, before, record));
    }
    Some(summary)
}

fn step(reading: &ResponseRecord, before: Option<RunningTotal>, record: &FileRecord) -> Option<ResponseRecord> {
    let RunningTotal { message, usage, embedded_cost } =
        reading.running_total()?.step(record.client, before.as_ref())?;
    // A total says how far it has come, not when: it had come so far when the file was written.
    let written = RecordTime { stated: None, before: Some(record.stamp.file.modified) };
    Some(ResponseRecord {
        session: reading.session,
        message,
        part_of: CoarserRecords::one(reading.message),
        time: if before.is_some() { written } else { reading.time },
        counted: Response { usage, embedded_cost, ..reading.counted },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agtop_model::Timestamp;

    use crate::testing::{key, minute, record, response_at, summary};

    fn reading(output: u64, written: i64) -> FileRecord {
        let mut state = summary("s", []);
        let mut total = ResponseRecord { part_of: CoarserRecords::one(key(1)), ..response_at(1, 0) };
        total.counted.usage = agtop_model::Usage { output, ..Default::default() };
        state.responses.push(total);
        let mut record = record("/a", state);
        record.stamp.file.modified = minute(written);
        record
    }

    fn steps(summary: &FileSummary) -> Vec<(u64, Timestamp)> {
        let steps = summary.responses.iter().filter(|response| response.running_total().is_none());
        let at = |response: &ResponseRecord| response.time.resolve(minute(99), minute(99)).at;
        let mut steps: Vec<_> = steps.map(|response| (response.counted.usage.output, at(response))).collect();
        steps.sort_by_key(|(_, at)| *at);
        steps
    }

    #[test]
    fn successive_readings_become_usage_over_time_across_a_reset() {
        let mut known = FileSummary::default();
        for (output, written) in [(10, 5), (10, 6), (25, 7), (4, 8), (9, 9)] {
            known = with_steps(&known, &reading(output, written)).unwrap();
        }
        let wanted = [(10, minute(0)), (15, minute(7)), (4, minute(8)), (5, minute(9))];
        assert_eq!(steps(&known), wanted);
    }

    #[test]
    fn what_is_no_running_total_stays_as_it_is() {
        assert_eq!(with_steps(&FileSummary::default(), &record("/a", summary("s", [1, 2]))), None);
    }
}
