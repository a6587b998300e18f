use std::path::Path;

use agtop_model::{Agent, FieldValue, Session, SnapshotRow, Untrusted, field};

use crate::status_words::{state_words, status_words};

/// A text that a row must contain somewhere, in upper or lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substring {
    /// In lower case.
    text: String,
    scope: SearchScope,
}

/// Where a text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchScope {
    /// In everything that is known of the row by its text.
    AllTexts,
    /// Not in command lines and directories: the text is the word of a status. `permission` does not mean the agents that
    /// run with `--dangerously-skip-permissions`.
    ShownTexts,
}

impl Substring {
    /// The rows that contain this text.
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let is_state = status_words().contains(&text.as_str());
        Self { text, scope: if is_state { SearchScope::ShownTexts } else { SearchScope::AllTexts } }
    }

    /// Whether the row contains it, in what outputs show of it: its state, tool and branch; an agent in its label, command
    /// line, directory, project or pid; a session in its client, id, name, directory, project, model or branch.
    pub(super) fn matches(&self, row: &SnapshotRow<'_>) -> bool {
        row.agent.is_some_and(|agent| self.matches_agent(agent))
            || row.session.is_some_and(|session| self.matches_session(session))
            || state_words(row).any(|word| self.is_in(word))
            || ["tool", "branch"].iter().any(|id| self.is_in_field(id, row))
    }

    fn is_in_field(&self, id: &str, row: &SnapshotRow<'_>) -> bool {
        match field(id).map(|field| (field.get)(row)) {
            Some(FieldValue::Text(text)) => self.is_in(&text),
            Some(FieldValue::Untrusted(text)) => self.is_in(text.raw()),
            _ => false,
        }
    }

    fn matches_agent(&self, agent: &Agent) -> bool {
        let is_in_hidden_text = || {
            let argv: Vec<&str> = agent.process.argv.iter().map(Untrusted::raw).collect();
            self.is_in(&argv.join(" ")) || agent.process.cwd.as_deref().is_ok_and(|cwd| self.is_in_path(cwd))
        };
        self.is_in(agent.label.raw())
            || (self.scope == SearchScope::AllTexts && is_in_hidden_text())
            || self.is_in(&agent.process.id.pid.to_string())
    }

    fn matches_session(&self, session: &Session) -> bool {
        let title = session.public_title.as_ref().map(|title| title.text.raw());
        let texts = [
            Some(session.key.client.as_str()),
            Some(&*session.key.id),
            title,
            session.project.as_ref().map(Untrusted::raw),
            session.model.as_deref(),
            session.branch.as_ref().map(Untrusted::raw),
        ];
        texts.into_iter().flatten().any(|text| self.is_in(text))
            || (self.scope == SearchScope::AllTexts && session.cwd.as_deref().is_some_and(|cwd| self.is_in_path(cwd)))
    }

    fn is_in_path(&self, path: &Path) -> bool {
        self.is_in(&path.to_string_lossy())
    }

    fn is_in(&self, text: &str) -> bool {
        // Every letter that the user types searches up to 20,000 sessions, so ASCII texts are compared without a copy.
        if text.is_ascii() {
            is_in_ascii(self.text.as_bytes(), text.as_bytes())
        } else {
            text.to_lowercase().contains(&self.text)
        }
    }
}

/// `memchr` finds the first letter many bytes at a time; the rest is compared only there.
fn is_in_ascii(wanted: &[u8], text: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text).any(|at| {
        let end = at.saturating_add(wanted.len());
        text.get(at + 1..end).is_some_and(|found| found.eq_ignore_ascii_case(rest))
    })
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use crate::{Filter, Selection, select};

    fn filtered_by(text: &str) -> Vec<u32> {
        let selection = Selection { filter: Some(Filter::new(text)), ..Selection::default() };
        let snapshot = testing::rich();
        let rows = select::agents(&snapshot, &selection);
        rows.iter().filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect()
    }

    #[test]
    fn a_filter_searches_label_command_line_directory_and_pid() {
        assert_eq!(filtered_by("CODEX"), [testing::CODEX_PID]);
        assert_eq!(filtered_by("--dangerously"), [testing::CLAUDE_PID]);
        assert_eq!(filtered_by("/work/SHOP"), [testing::CODEX_PID]);
        assert_eq!(filtered_by(&testing::GEMINI_PID.to_string()), [testing::GEMINI_PID]);
        assert_eq!(filtered_by("no such thing"), [0_u32; 0]);
    }

    #[test]
    fn upper_and_lower_case_match_in_every_script() {
        let cases = [
            ("MÉTÉO", "données-météo"),
            ("api", "Shop-API"),
            ("É", "é"),
            ("aab", "xAaAB"),
            ("b", "aB"),
            ("\u{212A}", "kelvin"),
            ("", "x"),
        ];
        for (wanted, text) in cases {
            assert!(super::Substring::new(wanted).is_in(text), "{wanted} in {text}");
        }
        assert!(!super::Substring::new("é").is_in("e") && !super::Substring::new("long").is_in("lon"));
    }

    #[test]
    fn a_filter_searches_a_session_but_not_its_prompts() {
        let ids = |text: &str| -> Vec<String> {
            let selection = Selection { filter: Some(Filter::new(text)), ..Selection::default() };
            let snapshot = testing::rich();
            let rows = select::sessions(&snapshot, &selection);
            rows.iter().filter_map(|row| row.session).map(|session| session.key.id.to_string()).collect()
        };
        assert_eq!(ids("prover polish"), [testing::CLAUDE_SESSION]);
        assert_eq!(ids("fix/basket"), [testing::CODEX_SESSION]);
        assert_eq!(ids(testing::SECRET_TEXT), [""; 0]);
    }
}
