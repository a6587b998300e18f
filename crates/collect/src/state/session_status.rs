use std::time::Duration;

use agtop_model::{Evidence, Phase, Status, Timestamp};

/// A session without a process is stale after this time without activity.
pub(super) const STALE_AFTER: Duration = Duration::from_hours(24);

/// The status of a session without a process.
pub(super) fn status_without_process(phase: Phase, last: Option<Timestamp>, now: Timestamp) -> (Status, Evidence) {
    let is_old = last.is_none_or(|last| now.since(last) > STALE_AFTER);
    match phase {
        _ if is_old => (Status::Stale, Evidence::Age),
        Phase::Finished | Phase::Ended => (Status::Done, Evidence::Transcript),
        Phase::Fresh | Phase::Open | Phase::AwaitsUser | Phase::Failed | Phase::Limited => {
            (Status::Resumable, Evidence::Transcript)
        }
    }
}
