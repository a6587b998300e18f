//! The language of filters: `cpu>50 project:api status:working`, `!idle`, `(a or b) and cost>=$2`.
//!
//! A bare word is a substring that the row must hold somewhere, as in agtop 2. `field:text` looks in one field,
//! `field=text` wants all of it, `<`, `>`, `<=` and `>=` compare numbers in the units that columns show. Terms next to
//! each other must all hold; `or`, `!` and parentheses do what they say. What has such signs, but no field's name in front
//! of them (`ollama:llama3`, `http://x`), is a bare word.

mod parse;
mod row;
mod substring;
mod value;

use agtop_model::{Field, FieldKind, FieldValue, SnapshotRow};
use thiserror::Error;

pub use substring::Substring;
pub use value::{needs_its_person, number, parsed};

/// A filter of rows that was understood.
#[derive(Clone)]
pub struct Filter {
    query: Query<&'static Field>,
    not_a_field: Option<NotAField>,
}

/// A word of a filter that looks like a comparison and was searched for as a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{name}' is not a field, so '{text}' was searched as text")]
struct NotAField {
    name: String,
    text: String,
}

/// What can be asked of one kind of thing: the names that the language has for it.
pub trait Word: Copy + 'static {
    /// What is asked.
    type Of<'a>;

    /// Whether bare words are looked for in it.
    const IS_SEARCHED: bool;

    /// The word of that name, which is in small letters.
    fn named(name: &str) -> Option<Self>;

    /// Its name.
    fn id(self) -> &'static str;

    /// What kind of values it has.
    fn kind(self) -> FieldKind;

    /// Its value.
    fn value<'a>(self, of: &Self::Of<'a>) -> FieldValue<'a>;

    /// Whether the thing holds the text somewhere.
    fn holds(text: &Substring, of: &Self::Of<'_>) -> bool;

    /// Its value in a sentence, where this is how people read the value alone.
    fn phrase(self, shown: &str) -> String {
        shown.to_owned()
    }
}

/// A condition that was understood, on whatever has words.
#[derive(Clone)]
pub struct Query<W>(Node<W>);

/// Why a filter was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// No field is called that, and there is no text to look for it in.
    #[error("no field is called '{0}'")]
    UnknownField(String),
    /// The value is not one that the field could have.
    #[error("'{value}' is not a {kind}")]
    BadValue {
        /// What was written.
        value: String,
        /// What should have been.
        kind: &'static str,
    },
    /// Something should follow.
    #[error("something is missing after '{0}'")]
    Unfinished(String),
    /// A bare word, where there is no text to look for it in.
    #[error("'{0}' stands alone, and there is no text to look for it in: compare something")]
    Bare(String),
    /// Parentheses do not match.
    #[error("unbalanced parentheses")]
    Parentheses,
    /// A quotation does not end.
    #[error("unclosed quotation mark")]
    Quotation,
    /// Texts cannot be compared by size.
    #[error("'{0}' holds text: use ':' or '='")]
    TextComparison(String),
    /// No status is called that, nor a group of them.
    #[error("no status matches '{0}'; known: {words}", words = value::status_words().join(", "))]
    UnknownStatus(String),
    /// It is nested more deeply than anybody would write.
    #[error("too many parentheses")]
    TooDeep,
}

#[derive(Clone)]
enum Node<W> {
    All(Vec<Node<W>>),
    Any(Vec<Node<W>>),
    Not(Box<Node<W>>),
    Holds(Substring),
    Text(W, Match, String),
    Number(W, Comparison, f64),
}

/// Where a condition comes from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// The user typed it to find rows: what has no field's name in front is a text to look for.
    Typed,
    /// A rule of the configuration, in which `threshold` may stand for that number: what has no field's name in front is
    /// a mistake, which would keep the rule quiet for ever.
    Rule { threshold: Option<f64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Self { query: Query(Node::Holds(Substring::new(text))), not_a_field: None }
    }

    /// Understands a filter; `None` if there is nothing in it.
    ///
    /// # Errors
    /// If it cannot be understood; the message says why, for people.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let of = |node| Self { query: Query(node), not_a_field: parse::not_a_field::<&'static Field>(text) };
        Ok(parse::parse(text, Origin::Typed)?.map(of))
    }

    /// What may be wrong with it, for where no row matches: a word whose field is mistyped is searched as a text.
    pub fn doubt(&self) -> Option<String> {
        self.not_a_field.as_ref().map(ToString::to_string)
    }

    /// Whether the row passes. What a row does not have compares with nothing.
    pub fn matches(&self, row: &SnapshotRow<'_>) -> bool {
        self.query.matches(row)
    }
}

impl<W: Word> Query<W> {
    /// Understands a condition, in which `threshold` may stand for that number; `None` if there is nothing in it.
    pub fn parse(text: &str, threshold: Option<f64>) -> Result<Option<Self>, FilterError> {
        Ok(parse::parse(text, Origin::Rule { threshold })?.map(Self))
    }

    /// Whether it holds. What the thing does not have compares with nothing.
    pub fn matches(&self, of: &W::Of<'_>) -> bool {
        self.0.matches(of)
    }

    /// The words that it compares by size, each once.
    pub fn measured(&self) -> Vec<W> {
        let mut words: Vec<W> = Vec::new();
        self.0.each_term(&mut |word, comparison| {
            let is_measure = comparison.is_some_and(|comparison| comparison != Comparison::Equal);
            if is_measure && !words.iter().any(|known| known.id() == word.id()) {
                words.push(word);
            }
        });
        words
    }

    /// Whether it asks for this.
    pub fn mentions(&self, id: &str) -> bool {
        let mut is_there = false;
        self.0.each_term(&mut |word, _| is_there |= word.id() == id);
        is_there
    }
}

impl<W: Word> Node<W> {
    fn matches(&self, of: &W::Of<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(of)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(of)),
            Self::Not(node) => !node.matches(of),
            Self::Holds(text) => W::holds(text, of),
            Self::Text(word, how, text) => match word.value(of) {
                // By its own name, or by the name of a group of statuses.
                FieldValue::Status(status) => value::status_names(status).iter().any(|name| is_match(*how, name, text)),
                value => value::text(value).is_some_and(|value| is_match(*how, &value.to_lowercase(), text)),
            },
            Self::Number(word, comparison, number) => {
                value::number(&word.value(of)).is_some_and(|value| comparison.holds(value, *number))
            }
        }
    }

    fn each_term(&self, look: &mut impl FnMut(W, Option<Comparison>)) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.each_term(look)),
            Self::Not(node) => node.each_term(look),
            Self::Holds(_) => {}
            Self::Text(word, ..) => look(*word, None),
            Self::Number(word, comparison, _) => look(*word, Some(*comparison)),
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
