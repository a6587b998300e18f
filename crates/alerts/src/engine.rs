use agtop_model::Snapshot;

use crate::alert::Alert;
use crate::cool_down::CoolDownTracker;
use crate::evaluate::AgentAlerts;
use crate::rule::Rules;

/// Evaluates the rules for one snapshot after the other, and keeps which alerts were reported.
#[derive(Debug, Default)]
pub struct AlertEngine {
    rules: Rules,
    cool_downs: CoolDownTracker,
    of_agents: AgentAlerts,
}

/// The alerts of one snapshot, most urgent first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertUpdate {
    /// All alerts whose condition is true now.
    pub present: Vec<Alert>,
    /// Those of them that are to be reported now.
    pub new: Vec<Alert>,
}

impl AlertEngine {
    /// An engine that has not reported anything yet.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The rules that it evaluates.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The alerts of the snapshot. Snapshots come in the order of their time.
    pub fn update(&mut self, snapshot: &Snapshot) -> AlertUpdate {
        let present = self.rules.evaluate_again(snapshot, &mut self.of_agents);
        let new = self.cool_downs.new_alerts(snapshot.now, &present);
        AlertUpdate { present, new }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;

    #[test]
    fn an_alert_is_new_once_and_present_as_long_as_its_condition_is_true() {
        let mut engine = AlertEngine::default();
        let first = engine.update(&testing::rich());
        assert!(!first.present.is_empty() && first.new == first.present);
        let second = engine.update(&testing::rich());
        assert_eq!((second.present, second.new), (first.present, vec![]));
        assert_eq!(engine.update(&testing::empty()), AlertUpdate::default());
    }
}
