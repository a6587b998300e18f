use std::sync::Arc;

use agtop_model::{BillingPlan, Timestamp};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

/// How usage is counted and priced: the same for all snapshots of a run.
#[derive(Clone, Debug)]
pub struct PricingContext {
    /// The prices of models.
    pub prices: Arc<PriceBook>,
    /// Which responses count.
    pub scope: Scope,
    /// The time zone in which days begin.
    pub zone: TimeZone,
}

/// Which responses count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Responses from this time on.
    pub since: Option<Timestamp>,
    /// Responses before this time.
    pub until: Option<Timestamp>,
    /// Who pays for them.
    pub plan: BillingPlan,
}

impl Scope {
    /// Whether a response at this time counts.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether a session that lasted from `started` to `last` overlaps the scope.
    pub(super) fn touches(&self, started: Option<Timestamp>, last: Option<Timestamp>) -> bool {
        let starts_in_time = self.until.is_none_or(|until| started.is_none_or(|started| started < until));
        let ends_in_time = self.since.is_none_or(|since| last.is_some_and(|last| since <= last));
        starts_in_time && ends_in_time
    }
}
