use agtop_format::{money, units};
use agtop_model::{PicoUsd, Spend};

use crate::Report;

/// A budget that the present day, week, month or block has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What was spent, with what is missing from it.
    pub spent: Spend,
    /// What should not have been exceeded.
    pub budget: PicoUsd,
    /// The period, for people.
    pub period: String,
}

impl Report {
    /// Whether the present period has cost more than the budget. What has no price cannot pass one.
    pub fn passed(&self, budget: PicoUsd) -> Option<Passed> {
        let current = self.current.as_ref()?;
        let spent = current.sums.spend;
        let known = spent.known()?;
        let key = current.keys.first()?;
        let period = key.label(&self.zone).for_terminal().into_owned();
        (known > budget).then_some(Passed { spent, budget, period })
    }
}

impl std::fmt::Display for Passed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { spent, budget, period } = self;
        write!(f, "the budget is passed: {} of {} in {period}", money::amount(spent), units::money(*budget))
    }
}
