//! The parsed form of a condition, and how it is checked.

use std::borrow::Cow;

use agtop_model::FieldValue;

use crate::filter_word::FilterWord;
use crate::number::number;
use crate::status_words::status_names;
use crate::substring::Substring;

#[derive(Clone)]
pub(super) enum Expression<W> {
    All(Vec<Expression<W>>),
    Any(Vec<Expression<W>>),
    Not(Box<Expression<W>>),
    /// The subject contains this text somewhere.
    FreeText(Substring),
    Text(W, TextMatch, String),
    Number(W, Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextMatch {
    Contains,
    Equals,
}

impl TextMatch {
    pub(super) fn matches(self, value: &str, text: &str) -> bool {
        match self {
            Self::Contains => value.contains(text),
            Self::Equals => value == text,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
}

impl Comparison {
    fn matches(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => (left - right).abs() <= f64::EPSILON * right.abs().max(1.0),
        }
    }
}

impl<W: FilterWord> Expression<W> {
    /// Whether it is true of the subject. A comparison with a missing value is false.
    pub(super) fn matches(&self, subject: &W::Subject<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(subject)),
            Self::Not(part) => !part.matches(subject),
            Self::FreeText(text) => W::contains(text, subject),
            Self::Text(word, how, text) => match word.value(subject) {
                // By its own name, or by the name of a group of statuses.
                FieldValue::Status(status) => status_names(status).any(|name| how.matches(name, text)),
                value => value_text(value).is_some_and(|value| how.matches(&value.to_lowercase(), text)),
            },
            Self::Number(word, comparison, right) => {
                number(&word.value(subject)).is_some_and(|left| comparison.matches(left, *right))
            }
        }
    }

    /// Calls `visit` with each word it uses, and with the comparison where the word is compared as a number.
    pub(super) fn visit_words(&self, visit: &mut impl FnMut(W, Option<Comparison>)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit_words(visit)),
            Self::Not(part) => part.visit_words(visit),
            Self::FreeText(_) => {}
            Self::Text(word, ..) => visit(*word, None),
            Self::Number(word, comparison, _) => visit(*word, Some(*comparison)),
        }
    }
}

/// The value as text to search in; `None` for a missing value or one that is no text.
fn value_text(value: FieldValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        FieldValue::Text(text) => Some(text),
        FieldValue::Untrusted(text) => Some(Cow::Owned(text.raw().to_owned())),
        FieldValue::Count(n) => Some(Cow::Owned(n.to_string())),
        _ => None,
    }
}
