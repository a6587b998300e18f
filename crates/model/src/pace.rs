use std::time::Duration;

use crate::{PicoUsd, Spend, StopReason, Usage};

/// What happened over a span of time, for all sessions together or for one with its sub-agents.
///
/// Sums come from the times that records themselves carry, so they are right in the first snapshot too. Rates are
/// methods: each is computed from the sums and the span, and is `None` where there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActivityWindow {
    /// How long the span is.
    pub span: Duration,
    /// Responses.
    pub requests: u64,
    /// Failed requests.
    pub errors: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Responses whose stop reason is known.
    pub stops: u64,
    /// Of those, responses that ended because they reached the length limit.
    pub cut_off: u64,
    /// What the responses used.
    pub usage: Usage,
    /// What they cost.
    pub spend: Spend,
}

impl ActivityWindow {
    /// Nothing happened over that span.
    pub fn empty(span: Duration) -> Self {
        Self { span, ..Self::default() }
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        *self == Self::empty(self.span)
    }

    /// Responses per minute.
    pub fn requests_per_minute(&self) -> Option<f64> {
        self.per_minute(self.requests as f64)
    }

    /// Tokens of all kinds per minute.
    pub fn tokens_per_minute(&self) -> Option<f64> {
        self.per_minute(self.usage.total() as f64)
    }

    /// Tokens of input and output per minute, without what is read from and written to caches: the rate that is shown.
    pub fn fresh_tokens_per_minute(&self) -> Option<f64> {
        self.per_minute(self.usage.fresh() as f64)
    }

    /// Responses that ended because they reached the length limit, in percent of those whose stop reason is known.
    pub fn max_tokens_percent(&self) -> Option<f64> {
        percent(self.cut_off, self.stops)
    }

    /// US dollars per hour; `None` too where nothing has a known price.
    pub fn usd_per_hour(&self) -> Option<f64> {
        if self.requests == 0 {
            return self.per_minute(0.0);
        }
        self.per_minute(self.spend.known()?.as_usd() * 60.0)
    }

    /// What an hour like that costs, with what is missing from it; `None` for a span without length.
    pub fn spend_per_hour(&self) -> Option<Spend> {
        let per_hour = |amount: PicoUsd| PicoUsd::from_usd(self.per_minute(amount.as_usd() * 60.0)?);
        Some(Spend { amount: per_hour(self.spend.amount)?, covered: per_hour(self.spend.covered)?, ..self.spend })
    }

    /// The same without the cost of what a subscription covers.
    #[must_use]
    pub fn metered(&self) -> Self {
        Self { spend: self.spend.metered(), ..*self }
    }

    /// Failed requests among all, in percent.
    pub fn error_percent(&self) -> Option<f64> {
        percent(self.errors, self.errors.saturating_add(self.requests))
    }

    /// Tokens read from the cache among all that were read, cache writes left out, in percent: the
    /// definition for rolling windows.
    pub fn hit_percent(&self) -> Option<f64> {
        percent(self.usage.cache_read, self.usage.cache_read.saturating_add(self.usage.input))
    }

    fn per_minute(&self, amount: f64) -> Option<f64> {
        let minutes = self.span.as_secs_f64() / 60.0;
        (minutes > 0.0).then(|| amount / minutes)
    }
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64 * 100.0)
}

/// The last minutes, and everything since agtop started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityRates {
    /// The last minute, five minutes and fifteen minutes.
    pub rolling: [ActivityWindow; 3],
    /// Since agtop started.
    pub since_start: ActivityWindow,
    /// Why models stopped since agtop started, most frequent first.
    pub stops: Vec<(StopReason, u64)>,
    /// Contexts summarised since agtop started.
    pub compactions: u64,
}

impl ActivityRates {
    /// The spans of [`Self::rolling`].
    pub const ROLLING_SPANS: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)];

    /// The last minute.
    pub const fn one_minute(&self) -> &ActivityWindow {
        &self.rolling[0]
    }

    /// The last five minutes.
    pub const fn five_minutes(&self) -> &ActivityWindow {
        &self.rolling[1]
    }

    /// The last fifteen minutes.
    pub const fn fifteen_minutes(&self) -> &ActivityWindow {
        &self.rolling[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cost, CostBasis};

    fn busy_minute() -> ActivityWindow {
        let usage = Usage { input: 300, cache_read: 700, cache_write_5m: 100, output: 100, ..Usage::default() };
        let mut spend = Spend::default();
        spend.add(Cost { amount: PicoUsd::from_usd(0.05), basis: CostBasis::Api }, usage.total());
        ActivityWindow {
            span: Duration::from_mins(2),
            requests: 3,
            errors: 1,
            tool_calls: 5,
            stops: 2,
            cut_off: 1,
            usage,
            spend,
        }
    }

    #[test]
    fn rates_are_sums_over_the_span() {
        let pace = busy_minute();
        assert_eq!(pace.requests_per_minute(), Some(1.5));
        assert_eq!(pace.tokens_per_minute(), Some(600.0));
        assert_eq!(pace.fresh_tokens_per_minute(), Some(200.0));
        assert_eq!(pace.max_tokens_percent(), Some(50.0));
        assert_eq!(pace.usd_per_hour(), Some(1.5));
        assert_eq!(pace.error_percent(), Some(25.0));
        assert_eq!(pace.hit_percent(), Some(70.0));
    }

    #[test]
    fn where_nothing_happened_there_is_no_share_and_a_rate_of_zero() {
        let pace = ActivityWindow::empty(Duration::from_mins(1));
        assert_eq!((pace.hit_percent(), pace.error_percent()), (None, None));
        assert_eq!((pace.tokens_per_minute(), pace.usd_per_hour()), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn responses_without_a_price_cost_an_unknown_amount_per_hour() {
        let mut spend = Spend::default();
        spend.add(Cost::UNKNOWN, 9);
        let pace = ActivityWindow { requests: 1, spend, ..ActivityWindow::empty(Duration::from_mins(1)) };
        assert_eq!(pace.usd_per_hour(), None);
    }
}
