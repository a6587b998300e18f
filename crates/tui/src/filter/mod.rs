//! The language of filters: `cpu>50 project:api status:working`, `!idle`, `(a or b) and cost>=$2`.
//!
//! A bare word is a substring that the row must hold somewhere, as in agtop 2. `field:text` looks in one field,
//! `field=text` wants all of it, `<`, `>`, `<=` and `>=` compare numbers in the units that columns show. Terms next to
//! each other must all hold; `or`, `!` and parentheses do what they say.

mod parse;
mod value;

use agtop_model::{Field, Row};
use thiserror::Error;

pub use parse::parse;

/// A filter that was understood.
#[derive(Clone)]
pub struct Query(Node);

/// Why a filter was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// No field is called that.
    #[error("no field is called '{0}'")]
    UnknownField(String),
    /// The value is not one that the field could have.
    #[error("'{value}' is no {kind}")]
    BadValue {
        /// What was written.
        value: String,
        /// What should have been.
        kind: &'static str,
    },
    /// Something should follow.
    #[error("something is missing after '{0}'")]
    Unfinished(String),
    /// Parentheses do not match.
    #[error("parentheses do not match")]
    Parentheses,
    /// A quotation does not end.
    #[error("a quotation does not end")]
    Quotation,
    /// Texts cannot be compared by size.
    #[error("'{0}' holds text: use ':' or '='")]
    TextComparison(&'static str),
    /// It is nested more deeply than anybody would write.
    #[error("too many parentheses")]
    TooDeep,
}

#[derive(Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Holds(agtop_render::Filter),
    Text(Subject, Match, String),
    Number(&'static Field, Comparison, f64),
}

/// Where a text is looked for.
#[derive(Clone, Copy)]
enum Subject {
    Field(&'static Field),
    /// The status, by its own name or by the name of a group of statuses.
    Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Contains,
    Is,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => (left - right).abs() <= f64::EPSILON * right.abs().max(1.0),
        }
    }
}

impl Query {
    /// Whether the row passes. What a row does not have compares with nothing.
    pub fn matches(&self, row: &Row<'_>) -> bool {
        self.0.matches(row)
    }
}

impl Node {
    fn matches(&self, row: &Row<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(row)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(row)),
            Self::Not(node) => !node.matches(row),
            Self::Holds(filter) => filter.matches(row),
            Self::Text(Subject::Status, how, text) => {
                value::status_names(row.status()).iter().any(|name| is_match(*how, name, text))
            }
            Self::Text(Subject::Field(field), how, text) => {
                value::text((field.get)(row)).is_some_and(|value| is_match(*how, &value.to_lowercase(), text))
            }
            Self::Number(field, comparison, number) => {
                value::number(&(field.get)(row)).is_some_and(|value| comparison.holds(value, *number))
            }
        }
    }
}

fn is_match(how: Match, value: &str, text: &str) -> bool {
    match how {
        Match::Contains => value.contains(text),
        Match::Is => value == text,
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::Snapshot;

    use super::*;
    use crate::demo;

    fn chosen(text: &str, snapshot: &Snapshot) -> Vec<String> {
        let query = parse(text).unwrap().unwrap();
        let rows = snapshot.agents.iter().map(|agent| Row::of_agent(snapshot.now, agent));
        rows.filter(|row| query.matches(row)).map(|row| row.agent.unwrap().process.id.pid.to_string()).collect()
    }

    fn all_that(snapshot: &Snapshot, is_one: impl Fn(&Row<'_>) -> bool) -> Vec<String> {
        let rows = snapshot.agents.iter().map(|agent| Row::of_agent(snapshot.now, agent));
        rows.filter(|row| is_one(row)).map(|row| row.agent.unwrap().process.id.pid.to_string()).collect()
    }

    #[test]
    fn terms_say_what_they_mean() {
        let snapshot = demo::crowd(60, 10);
        let cpu = |row: &Row<'_>| row.agent.unwrap().cpu_percent.unwrap_or(-1.0);
        let project = |row: &Row<'_>| row.session.unwrap().project.clone().unwrap().raw().to_owned();
        assert_eq!(chosen("cpu>50", &snapshot), all_that(&snapshot, |row| cpu(row) > 50.0));
        assert_eq!(chosen("cpu<=3%", &snapshot), all_that(&snapshot, |row| (0.0..=3.0).contains(&cpu(row))));
        assert_eq!(
            chosen("project:SHOP and cpu>1", &snapshot),
            all_that(&snapshot, |row| project(row).contains("shop") && cpu(row) > 1.0)
        );
        assert_eq!(
            chosen("agent=codex or agent=gemini", &snapshot),
            all_that(&snapshot, |row| ["codex", "gemini"].contains(&row.agent.unwrap().client.as_str()))
        );
        assert_eq!(
            chosen("!(client:claude | client:codex)", &snapshot),
            all_that(&snapshot, |row| !["claude", "codex"].contains(&row.agent.unwrap().client.as_str()))
        );
    }

    #[test]
    fn a_bare_word_is_a_substring_anywhere() {
        let snapshot = demo::crowd(30, 10);
        let filter = agtop_render::Filter::new("Opus");
        let expected = all_that(&snapshot, |row| filter.matches(row));
        assert!(!expected.is_empty());
        assert_eq!(chosen("Opus", &snapshot), expected);
        assert_eq!(chosen("\"Opus\"", &snapshot), expected);
    }

    #[test]
    fn a_status_is_found_by_its_group_too() {
        let snapshot = demo::crowd(60, 10);
        let needs = all_that(&snapshot, |row| crate::app::needs_its_person(row.status()));
        assert!(!needs.is_empty());
        assert_eq!(chosen("status:needs", &snapshot), needs);
        assert_eq!(chosen("status:attention", &snapshot), needs);
    }

    #[test]
    fn what_a_row_does_not_have_compares_with_nothing() {
        let mut snapshot = demo::crowd(1, 1);
        snapshot.agents =
            snapshot.agents.iter().map(|agent| agtop_model::Agent { session: None, ..agent.clone() }).collect();
        assert_eq!(chosen("cost>=0", &snapshot), [""; 0]);
        assert_eq!(chosen("!cost>=0", &snapshot).len(), 1);
    }
}
