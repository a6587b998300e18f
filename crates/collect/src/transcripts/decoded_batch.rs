use agtop_model::{Event, Issue};

/// Events that a reader decoded from a file, and what it could not decode.
#[derive(Default)]
pub(crate) struct DecodedBatch {
    pub(crate) events: Vec<Event>,
    /// Records that were decoded.
    pub(crate) records: u64,
    pub(crate) issues: Vec<Issue>,
    /// How many further records could not be used.
    pub(crate) more_issues: u64,
}
