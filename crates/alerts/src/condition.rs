use agtop_format::{money, units};
use agtop_model::{Field, FieldValue, Snapshot, SnapshotRow};
use agtop_query::{FilterError, Query, Word, number};

use crate::Of;
use crate::words::{About, Allowance, Fleet, Quota};

/// What must be so, in the language of filters, of what the rule looks at.
#[derive(Clone)]
pub(super) enum Condition {
    Agent(Query<&'static Field>),
    Fleet(Query<About<Fleet>>),
    Quota(Query<About<Quota>>),
}

/// A value that a condition looked at.
pub(super) struct Measure {
    pub(super) id: &'static str,
    pub(super) number: f64,
    /// As people read it.
    pub(super) text: String,
}

impl Condition {
    /// Understands a condition, in which `threshold` may stand for that number; `None` if there is nothing in it.
    pub(super) fn parse(of: Of, text: &str, threshold: Option<f64>) -> Result<Option<Self>, FilterError> {
        Ok(match of {
            Of::Agent => Query::parse(text, threshold)?.map(Self::Agent),
            Of::Fleet => Query::parse(text, threshold)?.map(Self::Fleet),
            Of::Quota => Query::parse(text, threshold)?.map(Self::Quota),
        })
    }

    /// Whether it holds for an agent's row; never, if it is about something else.
    pub(super) fn holds_for_row(&self, row: &SnapshotRow<'_>) -> bool {
        matches!(self, Self::Agent(query) if query.matches(row))
    }

    /// Whether it holds for everything together.
    pub(super) fn holds_for_fleet(&self, snapshot: &Snapshot) -> bool {
        matches!(self, Self::Fleet(query) if query.matches(&snapshot))
    }

    /// Whether it holds for a window.
    pub(super) fn holds_for_allowance(&self, allowance: &Allowance<'_>) -> bool {
        matches!(self, Self::Quota(query) if query.matches(allowance))
    }
}

/// Whether the query is about what an agent does.
pub(super) fn is_about_status(query: &Query<&'static Field>) -> bool {
    query.mentions("status")
}

/// The values that a query compares by size, as they are.
pub(super) fn measures<W: Word>(query: &Query<W>, of: &W::Of<'_>) -> Vec<Measure> {
    let measure = |word: W| {
        let value = word.value(of);
        let (number, text) = (number(&value)?, shown(&value)?);
        Some(Measure { id: word.id(), number, text: word.phrase(&text) })
    };
    query.measured().into_iter().filter_map(measure).collect()
}

fn shown(value: &FieldValue<'_>) -> Option<String> {
    match value {
        FieldValue::Count(n) => Some(units::grouped(*n)),
        FieldValue::Tokens(n) => Some(units::count(*n)),
        FieldValue::Bytes(n) => Some(units::bytes(*n)),
        FieldValue::Percent(percent) => Some(units::percent(*percent)),
        FieldValue::Money(amount) => Some(units::money(*amount)),
        FieldValue::MoneyAtLeast(amount) => Some(money::at_least(*amount)),
        FieldValue::Span(span) => Some(units::span(*span)),
        FieldValue::Text(_)
        | FieldValue::Untrusted(_)
        | FieldValue::Time(_)
        | FieldValue::Status(_)
        | FieldValue::Gap(_) => None,
    }
}
