//! The words of the filter language for a window of a rate limit.

use std::borrow::Cow;

use agtop_model::{ClientId, FieldKind, FieldValue, RateLimit, RateLimitWindow, Untrusted};
use agtop_query::{FilterWord, Substring};

/// A window of a rate limit of an account.
#[derive(Clone, Copy)]
pub(super) struct QuotaWindow<'a> {
    pub(super) client: ClientId,
    pub(super) limit: &'a RateLimit,
    pub(super) window: &'a RateLimitWindow,
}

/// A figure of a window.
pub(super) struct QuotaMetric {
    pub(super) id: &'static str,
    kind: FieldKind,
    get: for<'a> fn(&QuotaWindow<'a>) -> FieldValue<'a>,
    /// The value in a line that shows nothing else, made from the number with its unit.
    phrase: fn(&str) -> String,
}

pub(super) static QUOTA_METRICS: &[QuotaMetric] = &[
    QuotaMetric {
        id: "used",
        kind: FieldKind::Percent,
        get: |quota| FieldValue::Percent(quota.window.used_percent),
        phrase: str::to_owned,
    },
    QuotaMetric {
        id: "minutes",
        kind: FieldKind::Count,
        get: |quota| FieldValue::Count(quota.window.minutes.into()),
        phrase: |n| format!("window of {n} min"),
    },
    QuotaMetric {
        id: "client",
        kind: FieldKind::Text,
        get: |quota| FieldValue::Text(quota.client.as_str().into()),
        phrase: str::to_owned,
    },
    QuotaMetric {
        id: "limit",
        kind: FieldKind::Text,
        get: |quota| FieldValue::Untrusted(Cow::Owned(Untrusted::new(&*quota.limit.limit))),
        phrase: str::to_owned,
    },
];

impl FilterWord for &'static QuotaMetric {
    type Subject<'a> = QuotaWindow<'a>;
    const HAS_FREE_TEXT: bool = false;

    fn named(name: &str) -> Option<Self> {
        QUOTA_METRICS.iter().find(|metric| metric.id == name)
    }

    fn id(self) -> &'static str {
        self.id
    }

    fn kind(self) -> FieldKind {
        self.kind
    }

    fn value<'a>(self, subject: &Self::Subject<'a>) -> FieldValue<'a> {
        (self.get)(subject)
    }

    fn contains(_: &Substring, _: &Self::Subject<'_>) -> bool {
        false
    }

    fn phrase(self, shown: &str) -> String {
        (self.phrase)(shown)
    }
}
