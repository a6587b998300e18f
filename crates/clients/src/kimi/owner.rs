//! The session that a file in the format of kimi-cli belongs to.

use std::path::Path;
use std::sync::Arc;

use agtop_model::SessionKey;

use super::id::ID;
use crate::store::file_stem;

/// The session of a file, from its path below `sessions`.
pub(super) struct SessionOwner {
    /// The MD5 of the work directory, which `kimi.json` resolves.
    pub(super) project: Arc<str>,
    /// The session or sub-agent.
    pub(super) session: SessionKey,
    /// The session of a sub-agent.
    pub(super) parent: Option<SessionKey>,
    /// The sub-agent's own id.
    pub(super) agent: Option<String>,
}

impl SessionOwner {
    /// `<project>/<session>/<file>`, `<project>/<session>/subagents/<agent>/<file>` or `<project>/<session>.jsonl`.
    pub(super) fn of(relative: &Path) -> Self {
        let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let project = parts.first().map(String::as_str).unwrap_or_default().into();
        let session = |id: &str| SessionKey::new(ID, id);
        match parts.as_slice() {
            [_, id, _, agent, _] => Self {
                project,
                session: session(&child_id(id, agent)),
                parent: Some(session(id)),
                agent: Some(agent.clone()),
            },
            [_, id, _] => Self { project, session: session(id), parent: None, agent: None },
            _ => Self { project, session: session(file_stem(relative)), parent: None, agent: None },
        }
    }
}

/// The session id of a sub-agent, whose own id is unique only within its session.
pub(super) fn child_id(session: &str, agent: &str) -> String {
    format!("{session}/{agent}")
}
