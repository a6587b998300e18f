//! How alerts look, and from which values on other things have their colours.

use std::time::Duration;

use agtop_alerts::{Alert, AlertSubject, Rules, Severity};
use agtop_model::Status;
use serde::Deserialize;

use crate::app::Identity;
use crate::look::Ink;

/// From which values on something is worth a look. Each has its usual value, so that a configuration names only what it
/// changes. Those that are rules' thresholds, too, were written here before there were rules.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// US dollars per hour, over the last minute: the threshold of the rule `burn`.
    pub burn: f64,
    /// How full a context is, in percent, before it is an alert: the threshold of the rule `context`.
    pub context_alert: f64,
    /// How full a context is before its bar turns amber.
    pub context_warn: f64,
    /// How full a context is before its bar turns red.
    pub context_bad: f64,
    /// The share of tokens read from the cache over the last minute, in percent, below which it is an alert: the
    /// threshold of the rule `cache_hit`.
    pub cache_hit: f64,
    /// The share below which it is worth a look.
    pub cache_hit_warn: f64,
    /// How much of an allowance is used, in percent, before it is an alert: the threshold of the rule `quota`.
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
    /// The rules that agtop comes with, with these thresholds.
    pub fn rules(&self) -> Rules {
        let thresholds = [
            ("burn", self.burn),
            ("context", self.context_alert),
            ("cache_hit", self.cache_hit),
            ("quota", self.quota),
        ];
        thresholds.into_iter().fold(Rules::default(), |rules, (name, threshold)| rules.with_threshold(name, threshold))
    }

    /// The thresholds by which the rules go, so that colours and alerts agree.
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

/// The ink of an alert: that of the status, where it is about one.
pub(crate) fn ink(alert: &Alert) -> Ink {
    match (alert.status, alert.severity) {
        (Some(status), _) => Ink::of(status),
        (None, Severity::Note) => Ink::Dim,
        (None, Severity::Warn) => Ink::Warn,
        (None, Severity::Bad) => Ink::Bad,
    }
}

/// What kind of thing it is, with its mark.
pub(crate) fn head(alert: &Alert) -> String {
    format!("{} {}", alert.status.map_or("▲", Status::glyph), alert.label)
}

/// The line that it is about.
pub(crate) fn about(alert: &Alert) -> Option<Identity> {
    match &alert.subject {
        AlertSubject::Agent(process, session) => Some(Identity::Agent(*process, session.clone())),
        AlertSubject::Fleet | AlertSubject::Quota(..) => None,
    }
}

/// How long a silent agent may be silent before its row says so.
pub(crate) const QUIET: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    #[test]
    fn who_needs_its_person_comes_first() {
        let alerts = Rules::default().evaluate(&demo::crowd(14, 14));
        let heads: Vec<String> = alerts.iter().map(head).collect();
        assert_eq!(heads[0], "! permission");
        let rank = |head: &str| heads.iter().position(|other| other.contains(head)).unwrap();
        assert!(rank("your turn") < rank("stalled") && rank("stalled") < rank("rate limited"));
    }

    #[test]
    fn an_alert_is_drawn_in_the_ink_of_its_status_or_else_of_how_bad_it_is() {
        let mut alert = Rules::default().evaluate(&demo::crowd(14, 14)).remove(0);
        assert_eq!((ink(&alert), head(&alert)), (Ink::Warn, "! permission".to_owned()));
        alert.status = None;
        for (severity, expected) in [(Severity::Note, Ink::Dim), (Severity::Warn, Ink::Warn), (Severity::Bad, Ink::Bad)]
        {
            alert.severity = severity;
            assert_eq!((ink(&alert), head(&alert)), (expected, "▲ permission".to_owned()));
        }
    }

    #[test]
    fn thresholds_and_rules_are_one_whichever_of_both_was_written() {
        assert_eq!(Thresholds::default().of(&Rules::default()), Thresholds::default());
        let written = Thresholds { burn: 8.0, quota: 50.0, ..Thresholds::default() };
        assert_eq!(Thresholds::default().of(&written.rules()), written);
        assert_eq!(written.of(&written.rules().with_threshold("burn", 9.0)).burn.to_bits(), 9.0_f64.to_bits());
    }
}
