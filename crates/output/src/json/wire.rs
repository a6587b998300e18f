//! What the JSON documents share.

use std::path::Path;

use agtop_model::{Gap, Spend, Timestamp, Usage};
use serde::Serialize;

/// The version of all three documents. It rises when a key is removed or renamed or changes its type, never when one is
/// added.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// Tokens in disjoint buckets, under the names of `--json=sessions`.
#[derive(Serialize)]
pub(crate) struct TokensJson {
    input: u64,
    cached_input: u64,
    output: u64,
    reasoning_output: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
    cache_read: u64,
    total: u64,
}

impl From<Usage> for TokensJson {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input,
            cached_input: usage.cache_read,
            output: usage.output,
            reasoning_output: usage.reasoning,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            cache_read: usage.cache_read,
            total: usage.total(),
        }
    }
}

/// The usage and the cost of a number of responses.
#[derive(Serialize)]
pub(crate) struct UsageJson {
    #[serde(flatten)]
    tokens: TokensJson,
    cost_usd: Option<f64>,
    turns: u64,
    unpriced_tokens: u64,
}

impl UsageJson {
    pub(crate) fn new(usage: Usage, spend: &Spend, turns: u64) -> Self {
        Self { tokens: usage.into(), cost_usd: dollars(spend), turns, unpriced_tokens: spend.unknown_tokens }
    }
}

/// The known amount in dollars; `None` if no part of it is known.
pub(crate) fn dollars(spend: &Spend) -> Option<f64> {
    spend.known().map(agtop_model::PicoUsd::as_usd)
}

/// A moment in RFC 3339, in UTC; `None` outside its years 0 to 9999.
pub(crate) fn rfc3339(at: Timestamp) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    let year_zero = jiff::Timestamp::from_second(-62_167_219_200).ok()?;
    (at >= year_zero).then(|| at.to_string())
}

/// The moment of a snapshot in whole seconds; 1970 for a clock outside the calendar.
pub(crate) fn generated_at(now: Timestamp) -> String {
    let seconds = Timestamp::from_millis(now.as_millis().div_euclid(1000).saturating_mul(1000));
    rfc3339(seconds).unwrap_or_else(|| jiff::Timestamp::UNIX_EPOCH.to_string())
}

/// The number; `None` for NaN and infinities, which JSON does not have.
pub(crate) fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// The path, with U+FFFD for bytes that are not Unicode.
pub(crate) fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Why a value is missing, in JSON.
pub(crate) const fn gap(gap: Gap) -> &'static str {
    match gap {
        Gap::NotReported => "not_reported",
        Gap::Unsupported => "unsupported",
        Gap::Denied => "denied",
        Gap::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_outside_the_calendar_is_missing() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_795_264_200_123)).as_deref(), Some("2026-11-21T12:30:00.123Z"));
        assert_eq!(rfc3339(Timestamp::from_millis(i64::MAX)), None);
        assert_eq!(rfc3339(Timestamp::from_millis(-62_167_219_200_001)), None);
        assert_eq!(generated_at(Timestamp::from_millis(1_795_264_200_123)), "2026-11-21T12:30:00Z");
        assert_eq!(generated_at(Timestamp::from_millis(i64::MIN)), "1970-01-01T00:00:00Z");
    }
}
