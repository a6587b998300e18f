//! Bounds that several parts of the crate share.

use std::time::Duration;

/// The clocks of machines that share a home directory differ by at most this; a later time is a broken clock's.
pub(crate) const CLOCK_SLACK: Duration = Duration::from_hours(24);
/// The clocks of transcripts, hooks and process starts differ by at most this. They are the same machine's, but a
/// transcript is written a little after the event that it reports.
pub(crate) const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(2);
/// What happened longer ago than this is history: it is counted, but not shown as activity.
pub(crate) const RECENT_WINDOW: Duration = Duration::from_hours(24);
/// Sessions that have tags, at most.
pub(crate) const MAX_TAGS: usize = 100_000;
