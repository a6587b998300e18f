//! The thresholds of colours and alerts.

use agtop_alerts::Rules;
use serde::Deserialize;

/// The thresholds of colours and alerts. Each has a default, so that a configuration names only what it
/// changes. Some are also thresholds of rules: older configurations set them here.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// US dollars per hour, over the last minute: the threshold of the rule `burn`.
    pub burn: f64,
    /// How full a context window is, in percent, when it becomes an alert: the threshold of the rule `context`.
    pub context_alert: f64,
    /// How full a context window is, in percent, when its bar turns amber.
    pub context_warn: f64,
    /// How full a context window is, in percent, when its bar turns red.
    pub context_bad: f64,
    /// The share of tokens read from the cache over the last minute, in percent, below which it becomes an alert: the
    /// threshold of the rule `cache_hit`.
    pub cache_hit: f64,
    /// The share, in percent, below which it turns amber.
    pub cache_hit_warn: f64,
    /// How much of a rate limit is used, in percent, when it becomes an alert: the threshold of the rule `quota`.
    pub quota: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            burn: 5.0,
            context_alert: 80.0,
            context_warn: 70.0,
            context_bad: 90.0,
            cache_hit: 30.0,
            cache_hit_warn: 60.0,
            quota: 90.0,
        }
    }
}

impl Thresholds {
    /// The built-in rules with these thresholds.
    pub fn rules(&self) -> Rules {
        let thresholds = [
            ("burn", self.burn),
            ("context", self.context_alert),
            ("cache_hit", self.cache_hit),
            ("quota", self.quota),
        ];
        thresholds.into_iter().fold(Rules::default(), |rules, (name, threshold)| rules.with_threshold(name, threshold))
    }

    /// These thresholds with those of the rules, so that colours and alerts agree.
    #[must_use]
    pub fn of(self, rules: &Rules) -> Self {
        let threshold = |name, otherwise| rules.threshold(name).unwrap_or(otherwise);
        Self {
            burn: threshold("burn", self.burn),
            context_alert: threshold("context", self.context_alert),
            cache_hit: threshold("cache_hit", self.cache_hit),
            quota: threshold("quota", self.quota),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_and_rules_agree_whichever_was_configured() {
        assert_eq!(Thresholds::default().of(&Rules::default()), Thresholds::default());
        let written = Thresholds { burn: 8.0, quota: 50.0, ..Thresholds::default() };
        assert_eq!(Thresholds::default().of(&written.rules()), written);
        assert_eq!(written.of(&written.rules().with_threshold("burn", 9.0)).burn.to_bits(), 9.0_f64.to_bits());
    }
}
