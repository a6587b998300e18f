use crate::surface::Surface;
use crate::{csv, json, list, once, watch};

/// Every output. A new output is a file and an entry here.
pub static SURFACES: &[&dyn Surface] = &[
    &once::AgentTable,
    &list::SessionTable,
    &csv::SessionCsv,
    &watch::WatchLine,
    &json::agents::JsonAgents,
    &json::sessions::JsonSessions,
    &json::tree::JsonTree,
];

/// The output of that name; `None` if there is none.
pub fn surface(id: &str) -> Option<&'static dyn Surface> {
    SURFACES.iter().copied().find(|surface| surface.id() == id)
}
