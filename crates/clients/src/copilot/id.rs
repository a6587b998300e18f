//! The id of the client, and those of its sessions in paths.

use std::path::Path;

use agtop_model::ClientId;

use crate::facts::is_uuid;
use crate::store::{file_name, file_stem};

pub(crate) const ID: ClientId = ClientId::new("copilot");

/// The session of a file: the name of its directory, or its own name for files from 2025, which in the first releases
/// has text before and after the id.
pub(super) fn session_id(path: &Path) -> &str {
    let name = match file_name(path) {
        "events.jsonl" | "workspace.yaml" => path.parent().map(file_name).unwrap_or_default(),
        _ => file_stem(path),
    };
    name.split('_').find(|part| is_uuid(part)).unwrap_or(name)
}
