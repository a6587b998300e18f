//! Which session a sub-agent belongs to.

use std::collections::HashMap;
use std::path::Path;

use agtop_model::SessionKey;
use serde::{Deserialize, Serialize};

use super::id::ID;

/// The session id of a sub-agent: sub-agents' own ids are short, and unique only within their session.
pub(super) fn child_id(session: &str, agent: &str) -> String {
    format!("{session}/{agent}")
}

/// The session in a sub-agent's session id.
pub(super) fn parent_of(session: &SessionKey) -> Option<SessionKey> {
    session.id.rsplit_once('/').map(|(parent, _)| SessionKey::new(ID, parent))
}

/// The session in whose directory a sub-agent's transcript lies: `<cwd>/<session>/subagents/…`.
pub(super) fn parent_in(relative: &Path) -> Option<SessionKey> {
    let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
    let at = parts.iter().position(|&part| part == "subagents")?;
    Some(SessionKey::new(ID, *parts.get(at.checked_sub(1)?)?))
}

/// Claude Code 1.x wrote a sub-agent's lines into the session's file, without an id: each chain of lines that starts
/// without a parent is one sub-agent.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct InlineChains {
    chain_of: HashMap<Box<str>, u32>,
    count: u32,
}

impl InlineChains {
    /// The id of the chain that a line belongs to.
    pub(super) fn chain(&mut self, uuid: Option<&str>, parent: Option<&str>) -> String {
        let chain = parent.and_then(|parent| self.chain_of.get(parent)).copied().unwrap_or_else(|| {
            self.count += 1;
            self.count
        });
        if let Some(uuid) = uuid {
            self.chain_of.insert(uuid.into(), chain);
        }
        format!("sidechain-{chain}")
    }
}
