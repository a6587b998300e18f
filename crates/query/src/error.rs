use thiserror::Error;

use crate::nearest::suggestion;
use crate::status_words::status_words;

/// Why a filter is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// There is no field of that name, and no text in which the word could be searched.
    #[error("no field is called '{0}'")]
    UnknownField(String),
    /// The field cannot have that value.
    #[error("'{value}' is not a {kind}: write a number such as {example}")]
    BadValue {
        /// The value as written.
        value: String,
        /// What kind of value the field has.
        kind: &'static str,
        /// Such a value.
        example: &'static str,
    },
    /// The filter ends where something must follow.
    #[error("something is missing after '{0}': write {what}", what = continuation(.0))]
    Unfinished(String),
    /// A bare word, where there is no text in which it could be searched.
    #[error("'{0}' stands alone, and there is no text to look for it in: compare something")]
    Bare(String),
    /// Parentheses do not match.
    #[error("unbalanced parentheses: {0}")]
    Parentheses(&'static str),
    /// A quotation mark is not closed.
    #[error("unclosed quotation mark: write another one at the end of the text")]
    Quotation,
    /// Texts cannot be compared by size.
    #[error("'{0}' holds text: use ':' or '=', as in {0}:word")]
    TextComparison(String),
    /// There is no status and no group of statuses of that name.
    #[error("no status matches '{0}'{guess}; known: {words}", guess = suggestion(.0, status_words()), words = status_words().join(", "))]
    UnknownStatus(String),
    /// Parentheses or negations are nested too deeply.
    #[error("too many parentheses")]
    TooDeep,
    /// One of the others, with its place.
    #[error("{error} (at character {character})")]
    At {
        /// The place in the text, from 1.
        character: usize,
        /// What is wrong there.
        error: Box<FilterError>,
    },
}

impl FilterError {
    /// The error without its place, for a condition whose own place is known.
    pub(crate) fn without_place(self) -> Self {
        match self {
            Self::At { error, .. } => *error,
            other => other,
        }
    }

    /// The error with its place, the character of the text from 1; an error that has a place keeps it.
    pub(crate) fn at(self, character: usize) -> Self {
        match self {
            Self::At { .. } => self,
            other => Self::At { character, error: Box::new(other) },
        }
    }
}

/// What may follow the end of an unfinished filter.
fn continuation(end: &str) -> &'static str {
    if end.ends_with([':', '=', '<', '>']) { "the value to compare with" } else { "what is to match" }
}
