//! Alert rules, and their evaluation. The built-in rules are data in the form of the configuration.
//!
//! The configuration's [`RuleEntry`]s become [`Rules`]. An [`AlertEngine`] holds them, evaluates each snapshot, and returns
//! the alerts that are present and those that are new.

mod alert;
mod condition;
mod cool_down;
mod engine;
mod evaluate;
mod fleet_metrics;
mod quota_metrics;
mod rule;
mod rule_entry;
#[cfg(test)]
mod tests;

pub use alert::{Alert, AlertSubject};

pub use engine::{AlertEngine, AlertUpdate};
pub use rule::{AlertActions, Rule, RuleError, Rules};
pub use rule_entry::{AlertAction, RuleEntry, RuleScope, Severity};
