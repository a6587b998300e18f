//! The language of filters: `cpu>50 project:api status:working`, `!idle`, `(a or b) and cost>=$2`.
//!
//! A bare word is a substring that the row must hold somewhere, as in agtop 2. `field:text` looks in one field,
//! `field=text` wants all of it, `<`, `>`, `<=` and `>=` compare numbers in the units that columns show. Terms next to
//! each other must all hold; `or`, `!` and parentheses do what they say.

mod parse;
mod substring;
mod value;

use agtop_model::{Field, Row};
use thiserror::Error;

use substring::Substring;
pub use value::needs_its_person;

/// A filter that was understood.
#[derive(Clone)]
pub struct Filter(Node);

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
    Holds(Substring),
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

impl Filter {
    /// The rows that hold this text somewhere, whatever signs are in it.
    pub fn new(text: &str) -> Self {
        Self(Node::Holds(Substring::new(text)))
    }

    /// Understands a filter; `None` if there is nothing in it.
    ///
    /// # Errors
    /// If it cannot be understood; the message says why, for people.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        Ok(parse::parse(text)?.map(Self))
    }

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
    use agtop_model::{Agent, Snapshot};

    use super::*;
    use crate::testing::{self, CLAUDE_PID, CODEX_PID, GEMINI_PID};

    fn chosen_of(text: &str, snapshot: &Snapshot) -> Vec<u32> {
        let filter = Filter::parse(text).unwrap().unwrap();
        let rows = snapshot.agents.iter().map(|agent| Row::of_agent(snapshot.now, agent));
        rows.filter(|row| filter.matches(row)).map(|row| row.agent.unwrap().process.id.pid).collect()
    }

    fn chosen(text: &str) -> Vec<u32> {
        chosen_of(text, &testing::rich())
    }

    #[test]
    fn terms_say_what_they_mean() {
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
    fn a_bare_word_is_a_substring_anywhere() {
        for text in ["CODEX", "\"codex\"", "/work/shop"] {
            assert_eq!(chosen(text), [CODEX_PID], "{text}");
        }
    }

    #[test]
    fn a_status_is_found_by_its_group_too() {
        for text in ["status:needs", "status:attention", "state=needs_permission"] {
            assert_eq!(chosen(text), [CODEX_PID], "{text}");
        }
        assert_eq!(chosen("status:busy"), [CLAUDE_PID]);
    }

    #[test]
    fn what_a_row_does_not_have_compares_with_nothing() {
        let rich = testing::rich();
        let alone = rich.agents.iter().map(|agent| Agent { session: None, ..agent.clone() }).collect();
        let snapshot = Snapshot { agents: alone, ..rich };
        assert_eq!(chosen_of("cost>=0", &snapshot), [0_u32; 0]);
        assert_eq!(chosen_of("!cost>=0", &snapshot).len(), 3);
    }
}
