//! The rules, evaluated on one snapshot after the other.

use agtop_model::Snapshot;

use crate::{Alert, Rules, Watch};

/// Evaluates the rules on each snapshot, and knows which alerts are new.
#[derive(Debug)]
pub struct AlertEngine {
    rules: Rules,
    watch: Watch,
}

/// The alerts of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertUpdate {
    /// All that hold now.
    pub active: Vec<Alert>,
    /// Those of which the user is to be notified.
    pub new: Vec<Alert>,
}

impl AlertEngine {
    /// An engine that has seen no snapshot.
    pub fn new(rules: Rules) -> Self {
        Self { rules, watch: Watch::default() }
    }

    /// The alerts of the next snapshot.
    pub fn evaluate(&mut self, snapshot: &Snapshot) -> AlertUpdate {
        let active = self.rules.find(snapshot);
        let new = self.watch.news(snapshot.now, &active);
        AlertUpdate { active, new }
    }
}
