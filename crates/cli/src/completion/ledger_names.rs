//! The names of sessions, projects and models that the ledger knows of the newest files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use agtop_clients::clients;
use agtop_ledger::{FileEntry, FileSummary, Ledger, LedgerError, LedgerOptions};
use agtop_model::{ClientId, Timestamp};

use crate::paths::{ledger_file, user_directories};

/// Of how many files the summaries are read: the user waits for the answer.
const MAX_FILES: usize = 200;
/// A session, project or model with a longer name is not offered.
const MAX_NAME_BYTES: usize = 120;
/// A shell does not wait for another agtop that writes.
const BUSY_TIMEOUT: Duration = Duration::from_millis(100);

/// Names that can stand on a command line as they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LedgerNames {
    /// Ids of sessions, each with its agent and project.
    pub(super) sessions: BTreeMap<String, String>,
    /// Names of the directories of sessions.
    pub(super) projects: BTreeSet<String>,
    /// Models that answered.
    pub(super) models: BTreeSet<String>,
}

impl LedgerNames {
    /// The names in the user's ledger. Without a ledger that can be read there are none: a shell has no place for an
    /// error.
    pub(super) fn load() -> Self {
        let Ok(directories) = user_directories() else { return Self::default() };
        Self::load_from(&ledger_file(&directories)).unwrap_or_default()
    }

    fn load_from(path: &Path) -> Result<Self, LedgerError> {
        let mut names = Self::default();
        if !path.exists() {
            return Ok(names);
        }
        let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let options = LedgerOptions { path, clients: &ids, now, busy_timeout: BUSY_TIMEOUT };
        let ledger = Ledger::open(&options)?.ledger;
        for file in newest(ledger.entries()?) {
            if let Some(loaded) = ledger.load(file.id)? {
                names.note(&loaded.summary);
            }
        }
        Ok(names)
    }

    fn note(&mut self, summary: &FileSummary) {
        for session in &summary.sessions {
            let project = session.state.facts.cwd.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
            let project = project.filter(|name| is_safe_word(name));
            self.projects.extend(project.map(str::to_owned));
            if is_safe_word(&session.key.id) {
                let help = [session.key.client.as_str(), project.unwrap_or_default()].join(" ");
                self.sessions.insert(session.key.id.to_string(), help.trim_end().to_owned());
            }
        }
        let models = summary.responses.iter().filter_map(|response| summary.name(response.counted.model()?));
        self.models.extend(models.filter(|name| is_safe_word(name)).map(ToString::to_string));
    }
}

/// The files in which something happened last.
fn newest(mut files: Vec<FileEntry>) -> impl Iterator<Item = FileEntry> {
    files.sort_by_key(|file| std::cmp::Reverse(file.last_active));
    files.into_iter().take(MAX_FILES)
}

/// Whether a name means itself in every shell. Shells insert what they complete without quoting it, so a directory called
/// `$(command)` must not be offered.
fn is_safe_word(name: &str) -> bool {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '+');
    (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.starts_with('-') && name.chars().all(is_safe)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_ledger::SessionSummary;
    use agtop_model::{SessionFacts, SessionKey};

    use super::*;

    fn summary(id: &str, directory: &str) -> FileSummary {
        let mut session = SessionSummary::new(SessionKey::new(ClientId::new("claude"), id));
        session.state.facts = Arc::new(SessionFacts { cwd: Some(directory.into()), ..SessionFacts::default() });
        FileSummary { sessions: vec![session], ..FileSummary::default() }
    }

    #[test]
    fn a_session_is_offered_with_its_agent_and_project() {
        let mut names = LedgerNames::default();
        names.note(&summary("0a1b-22", "/home/u/src/shop"));
        assert_eq!(names.sessions, BTreeMap::from([("0a1b-22".to_owned(), "claude shop".to_owned())]));
        assert_eq!(names.projects, BTreeSet::from(["shop".to_owned()]));
    }

    #[test]
    fn a_name_that_a_shell_would_carry_out_is_not_offered() {
        let mut names = LedgerNames::default();
        for hostile in ["$(reboot)", "`reboot`", "a b", "a;b", "a\u{1b}[2J", "--force", "", "a|b", "~", "a*"] {
            names.note(&summary(hostile, &format!("/home/u/{hostile}")));
        }
        names.projects.remove("u");
        assert_eq!(names, LedgerNames::default());
    }

    #[test]
    fn without_a_ledger_there_are_no_names_and_none_is_created() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger.db");
        assert_eq!(LedgerNames::load_from(&path).unwrap(), LedgerNames::default());
        assert!(!path.exists());
    }
}
