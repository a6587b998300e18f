use agtop_format::{money, units};
use agtop_model::{Field, FieldKind, FieldValue, Snapshot, SnapshotRow};
use agtop_query::{FilterError, FilterWord, Query, number};

use crate::fleet_metrics::FleetMetric;
use crate::quota_metrics::{QuotaMetric, QuotaWindow};
use crate::rule_entry::RuleScope;

/// The condition of a rule, in the filter language, for what the rule is about.
#[derive(Clone)]
pub(super) enum Condition {
    Agent(Query<&'static Field>),
    Fleet(Query<&'static FleetMetric>),
    Quota(Query<&'static QuotaMetric>),
}

/// A value that a condition compares.
pub(super) struct ComparedValue {
    pub(super) id: &'static str,
    pub(super) number: f64,
    /// The number with its unit.
    pub(super) text: String,
}

impl Condition {
    /// Parses a condition, in which `threshold` may stand for that number; `None` if it is empty.
    pub(super) fn parse(scope: RuleScope, text: &str, threshold: Option<f64>) -> Result<Option<Self>, FilterError> {
        Ok(match scope {
            RuleScope::Agent => Query::parse(text, threshold)?.map(Self::Agent),
            RuleScope::Fleet => Query::parse(text, threshold)?.map(Self::Fleet),
            RuleScope::Quota => Query::parse(text, threshold)?.map(Self::Quota),
        })
    }

    /// Whether it is about money that agents spend.
    pub(super) fn uses_agent_money(&self) -> bool {
        matches!(self, Self::Agent(query) if uses_money(query))
    }

    /// Whether it is true of an agent's row; never, if it is not about agents.
    pub(super) fn is_true_of_agent(&self, row: &SnapshotRow<'_>) -> bool {
        matches!(self, Self::Agent(query) if query.matches(row))
    }

    /// Whether it is true of all agents together.
    pub(super) fn is_true_of_fleet(&self, snapshot: &Snapshot) -> bool {
        matches!(self, Self::Fleet(query) if query.matches(&snapshot))
    }

    /// Whether it is true of a window.
    pub(super) fn is_true_of_quota(&self, window: &QuotaWindow<'_>) -> bool {
        matches!(self, Self::Quota(query) if query.matches(window))
    }
}

/// Whether the query uses the status of an agent.
pub(super) fn is_about_status(query: &Query<&'static Field>) -> bool {
    query.uses(|field| field.id == "status")
}

/// The values of the words that a query compares by size.
pub(super) fn compared_values<W: FilterWord>(query: &Query<W>, subject: &W::Subject<'_>) -> Vec<ComparedValue> {
    let compared = |word: W| {
        let value = word.value(subject);
        let (number, text) = (number(&value)?, value_text(&value)?);
        Some(ComparedValue { id: word.id(), number, text: word.phrase(&text) })
    };
    query.compared_words().into_iter().filter_map(compared).collect()
}

fn value_text(value: &FieldValue<'_>) -> Option<String> {
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

/// Whether the query uses a field that differs between all dollars and those that a subscription does not cover.
fn uses_money(query: &Query<&'static Field>) -> bool {
    query.uses(|field| field.kind == FieldKind::Money || field.id == "basis")
}
