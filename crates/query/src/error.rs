use thiserror::Error;

use crate::status_words::status_words;

/// Why a filter is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// There is no field of that name, and no text in which the word could be searched.
    #[error("no field is called '{0}'")]
    UnknownField(String),
    /// The field cannot have that value.
    #[error("'{value}' is not a {kind}")]
    BadValue {
        /// The value as written.
        value: String,
        /// What kind of value the field has.
        kind: &'static str,
    },
    /// The filter ends where something must follow.
    #[error("something is missing after '{0}'")]
    Unfinished(String),
    /// A bare word, where there is no text in which it could be searched.
    #[error("'{0}' stands alone, and there is no text to look for it in: compare something")]
    Bare(String),
    /// Parentheses do not match.
    #[error("unbalanced parentheses")]
    Parentheses,
    /// A quotation mark is not closed.
    #[error("unclosed quotation mark")]
    Quotation,
    /// Texts cannot be compared by size.
    #[error("'{0}' holds text: use ':' or '='")]
    TextComparison(String),
    /// There is no status and no group of statuses of that name.
    #[error("no status matches '{0}'; known: {words}", words = status_words().join(", "))]
    UnknownStatus(String),
    /// Parentheses or negations are nested too deeply.
    #[error("too many parentheses")]
    TooDeep,
}
