//! The language of filters: `cpu>50 project:api status:working`, `!idle`, `(a or b) and cost>=$2`.
//!
//! A bare word is a substring that the row must contain somewhere, as in agtop 2. `field:text` searches one field,
//! `field=text` compares all of it, `<`, `>`, `<=` and `>=` compare numbers in the units that columns show. Terms next to
//! each other must all be true; `or`, `!` and parentheses have their usual meaning. A word with such signs, but without
//! the name of a field before them (`ollama:llama3`, `http://x`), is a bare word.

use agtop_model::{Field, SnapshotRow};
use thiserror::Error;

use crate::error::FilterError;
use crate::expression::{Comparison, Expression};
use crate::filter_word::FilterWord;
use crate::parse::{ConditionOrigin, parse, unknown_field};
use crate::substring::Substring;

/// A parsed filter of rows.
#[derive(Clone)]
pub struct Filter {
    query: Query<&'static Field>,
    unknown_field: Option<UnknownField>,
}

/// A word of a filter that looks like a comparison and was searched as text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{name}' is not a field, so '{text}' was searched as text")]
struct UnknownField {
    name: String,
    text: String,
}

/// A parsed condition on a subject that has [`FilterWord`]s.
#[derive(Clone)]
pub struct Query<W>(Expression<W>);

impl Filter {
    /// The rows that contain this text somewhere, whatever signs are in it.
    pub fn new(text: &str) -> Self {
        Self { query: Query(Expression::FreeText(Substring::new(text))), unknown_field: None }
    }

    /// Parses a filter; `None` if it is empty.
    ///
    /// # Errors
    /// If it is invalid; the message says why, for the user.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let unknown_field = || {
            let (name, text) = unknown_field::<&'static Field>(text)?;
            Some(UnknownField { name, text })
        };
        let expression = parse(text, ConditionOrigin::Typed)?;
        Ok(expression.map(|expression| Self { query: Query(expression), unknown_field: unknown_field() }))
    }

    /// What may be wrong with it, to show where no row matches: a word whose field is mistyped is searched as text.
    pub fn doubt(&self) -> Option<String> {
        self.unknown_field.as_ref().map(ToString::to_string)
    }

    /// Whether the row passes. A comparison with a missing value is false.
    pub fn matches(&self, row: &SnapshotRow<'_>) -> bool {
        self.query.matches(row)
    }
}

impl<W: FilterWord> Query<W> {
    /// Parses the condition of a rule, in which `threshold` may stand for that number; `None` if it is empty.
    ///
    /// # Errors
    /// If it is invalid; the message says why, for the user.
    pub fn parse(text: &str, threshold: Option<f64>) -> Result<Option<Self>, FilterError> {
        let parsed = parse(text, ConditionOrigin::Rule { threshold }).map_err(FilterError::without_place)?;
        Ok(parsed.map(Self))
    }

    /// Whether it is true of the subject. A comparison with a missing value is false.
    pub fn matches(&self, subject: &W::Subject<'_>) -> bool {
        self.0.matches(subject)
    }

    /// The words that it compares by size, each once.
    pub fn compared_words(&self) -> Vec<W> {
        let mut words: Vec<W> = Vec::new();
        self.0.visit_words(&mut |word, comparison| {
            let is_compared = comparison.is_some_and(|comparison| comparison != Comparison::Equal);
            if is_compared && !words.iter().any(|known| known.id() == word.id()) {
                words.push(word);
            }
        });
        words
    }

    /// Whether it uses a word for which `is_wanted` is true.
    pub fn uses(&self, is_wanted: impl Fn(W) -> bool) -> bool {
        let mut is_used = false;
        self.0.visit_words(&mut |word, _| is_used |= is_wanted(word));
        is_used
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_demo::sample::{CLAUDE_PID, CODEX_PID, GEMINI_PID};
    use agtop_model::{Agent, Snapshot};

    use super::*;

    fn chosen_of(text: &str, snapshot: &Snapshot) -> Vec<u32> {
        let filter = Filter::parse(text).unwrap().unwrap();
        let rows = snapshot.agents.iter().map(|agent| SnapshotRow::of_agent(snapshot.now, agent));
        rows.filter(|row| filter.matches(row)).map(|row| row.agent.unwrap().process.id.pid).collect()
    }

    fn chosen(text: &str) -> Vec<u32> {
        chosen_of(text, &testing::rich())
    }

    #[test]
    fn terms_compare_search_and_combine() {
        let cases: &[(&str, &[u32])] = &[
            ("cpu>1.1", &[CLAUDE_PID]),
            ("cpu>=1.1%", &[CLAUDE_PID, CODEX_PID]),
            ("project:SHOP and cpu>1", &[CODEX_PID]),
            ("project:SHOP cpu>2", &[]),
            ("agent=codex or agent=gemini", &[CODEX_PID, GEMINI_PID]),
            ("!(client:claude | client:codex)", &[GEMINI_PID]),
            ("client!=claude", &[CODEX_PID, GEMINI_PID]),
            ("(codex or gemini) !status:idle", &[CODEX_PID]),
        ];
        for (text, expected) in cases {
            assert_eq!(chosen(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_bare_word_is_searched_in_the_whole_row() {
        for text in ["CODEX", "\"codex\"", "/work/shop"] {
            assert_eq!(chosen(text), [CODEX_PID], "{text}");
        }
    }

    #[test]
    fn a_status_is_found_by_the_name_of_its_group_too() {
        for text in ["status:needs", "status:attention", "state=needs_permission"] {
            assert_eq!(chosen(text), [CODEX_PID], "{text}");
        }
        assert_eq!(chosen("status:busy"), [CLAUDE_PID]);
    }

    /// `/idle` and `!idle` did nothing: bare words were not compared with statuses.
    #[test]
    fn a_bare_word_finds_the_status_that_is_on_the_row() {
        for (text, pids) in [
            ("idle", &[GEMINI_PID][..]),
            ("!idle", &[CLAUDE_PID, CODEX_PID]),
            ("working", &[CLAUDE_PID]),
            ("permission", &[CODEX_PID]),
            ("needs permission", &[CODEX_PID]),
            ("\"needs permission\"", &[CODEX_PID]),
            ("attention", &[CODEX_PID]),
            ("status:permission", &[CODEX_PID]),
            ("status=waiting", &[CODEX_PID]),
        ] {
            assert_eq!(chosen(text), pids, "{text}");
        }
    }

    #[test]
    fn a_comparison_with_a_missing_value_is_false() {
        let rich = testing::rich();
        let alone: Vec<Agent> = rich.agents.iter().map(|agent| Agent { session: None, ..(**agent).clone() }).collect();
        let snapshot = rich.with_agents(alone);
        assert_eq!(chosen_of("cost>=0", &snapshot), [0_u32; 0]);
        assert_eq!(chosen_of("!cost>=0", &snapshot).len(), 3);
    }
}
