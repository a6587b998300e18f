use agtop_format::{money, units};
use agtop_model::{PicoUsd, Spend};

use crate::report::Report;

/// A budget that the present day, week, month or block has exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceededBudget {
    /// The cost, with its unknown part.
    pub spent: Spend,
    /// The budget.
    pub budget: PicoUsd,
    /// The label of the period.
    pub period: String,
}

impl Report {
    /// The budget, if the present period costs more. Usage without a price exceeds no budget.
    pub fn exceeded_budget(&self, budget: PicoUsd) -> Option<ExceededBudget> {
        let current = self.current.as_ref()?;
        let spent = current.sums.spend;
        let known = spent.known()?;
        let key = current.keys.first()?;
        let period = key.label(&self.zone).for_terminal().into_owned();
        (known > budget).then_some(ExceededBudget { spent, budget, period })
    }
}

impl std::fmt::Display for ExceededBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { spent, budget, period } = self;
        write!(f, "the budget is passed: {} of {} in {period}", money::amount(spent), units::money(*budget))
    }
}
