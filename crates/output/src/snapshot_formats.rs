use crate::snapshot_format::SnapshotFormat;
use crate::{csv, json, list, once, watch};

/// Every format of snapshots, in the order of help. A new one is a file and an entry here. The first one is the
/// default, and so is the first shape of JSON.
pub static SNAPSHOT_FORMATS: &[&dyn SnapshotFormat] = &[
    &once::AgentTable,
    &list::SessionTable,
    &json::agents::JsonAgents,
    &json::sessions::JsonSessions,
    &json::tree::JsonTree,
    &csv::SessionCsv,
    &watch::WatchLine,
];

/// The format of that name; `None` if there is none.
pub fn snapshot_format(id: &str) -> Option<&'static dyn SnapshotFormat> {
    SNAPSHOT_FORMATS.iter().copied().find(|format| format.id() == id)
}
