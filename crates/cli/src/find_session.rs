//! Sessions by the beginning of their ids, as users type them.

use std::sync::Arc;

use agtop_model::Session;
use anyhow::{Result, bail};

/// Ids that an error about an ambiguous beginning names.
const MAX_NAMED_IDS: usize = 5;

/// The session whose id starts with `prefix`.
///
/// # Errors
/// If there is none, or if there are several and none of them has exactly this id.
pub(crate) fn find_session<'a>(sessions: &'a [Arc<Session>], prefix: &str) -> Result<&'a Session> {
    let matching: Vec<&Session> =
        sessions.iter().map(AsRef::as_ref).filter(|session| session.key.id.starts_with(prefix)).collect();
    if let [session] = matching[..] {
        return Ok(session);
    }
    if matching.is_empty() {
        bail!("no session's id starts with '{prefix}'; agtop --list shows them all");
    }
    if let Some(session) = matching.iter().find(|session| *session.key.id == *prefix) {
        return Ok(session);
    }
    let ids: Vec<&str> = matching.iter().take(MAX_NAMED_IDS).map(|session| &*session.key.id).collect();
    bail!("{} sessions start with '{prefix}': {}…", matching.len(), ids.join(", "))
}
