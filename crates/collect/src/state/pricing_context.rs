use std::sync::Arc;

use agtop_model::{BillingPlan, Timestamp};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

/// How what is known is looked at: the same for all snapshots of one run.
#[derive(Clone, Debug)]
pub struct Lens {
    /// What responses cost.
    pub prices: Arc<PriceBook>,
    /// Which responses count.
    pub scope: Scope,
    /// The time zone in which days begin.
    pub zone: TimeZone,
}

/// Which responses are summed up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Responses from this moment on.
    pub since: Option<Timestamp>,
    /// Responses before this moment.
    pub until: Option<Timestamp>,
    /// Who pays for them.
    pub plan: BillingPlan,
}

impl Scope {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether something that lasted from `started` to `last` has anything to do with it.
    pub(super) fn touches(&self, started: Option<Timestamp>, last: Option<Timestamp>) -> bool {
        let starts_in_time = self.until.is_none_or(|until| started.is_none_or(|started| started < until));
        let ends_in_time = self.since.is_none_or(|since| last.is_some_and(|last| since <= last));
        starts_in_time && ends_in_time
    }
}
