use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::Timestamp;

use crate::alert::{Alert, AlertSubject};

/// Decides which of the present alerts are new, from one snapshot to the next.
///
/// An alert is reported once. It is reported again only after its condition was false in between, and not within the
/// cool-down of its rule about the same subject. An alert that begins during a cool-down is reported when the cool-down
/// ends, if the condition is still true: it is late, not lost.
#[derive(Debug, Default)]
pub(crate) struct CoolDownTracker(HashMap<(Arc<str>, AlertSubject), AlertHistory>);

/// The state of one rule about one subject.
#[derive(Debug, Default)]
struct AlertHistory {
    phase: AlertPhase,
    last_report: Option<LastReport>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AlertPhase {
    /// The condition is false.
    #[default]
    Inactive,
    /// The condition is true, and the alert is not reported yet.
    Pending,
    /// The condition is true, and the alert is reported.
    Reported,
}

#[derive(Clone, Copy, Debug)]
struct LastReport {
    at: Timestamp,
    cool_down: Duration,
}

impl LastReport {
    /// Whether the cool-down has passed. After a clock was set back, nothing is waited for.
    fn is_cooled_down(self, now: Timestamp) -> bool {
        now < self.at || now.since(self.at) >= self.cool_down
    }
}

impl CoolDownTracker {
    /// Those of the present alerts that are to be reported now.
    pub(crate) fn new_alerts(&mut self, now: Timestamp, present: &[Alert]) -> Vec<Alert> {
        let mut before = std::mem::take(&mut self.0);
        let mut new = Vec::new();
        for alert in present {
            let key = (Arc::clone(&alert.name), alert.subject.clone());
            let mut history = before.remove(&key).unwrap_or_default();
            let is_cooled_down = history.last_report.is_none_or(|report| report.is_cooled_down(now));
            if history.phase != AlertPhase::Reported && is_cooled_down {
                new.push(alert.clone());
                history.last_report = Some(LastReport { at: now, cool_down: alert.actions.cool_down });
                history.phase = AlertPhase::Reported;
            } else if history.phase == AlertPhase::Inactive {
                history.phase = AlertPhase::Pending;
            }
            self.0.insert(key, history);
        }
        // An alert that has ended is kept until its cool-down has passed.
        before.retain(|_, history| history.last_report.is_some_and(|report| !report.is_cooled_down(now)));
        let ended = before.into_iter();
        self.0.extend(ended.map(|(key, history)| (key, AlertHistory { phase: AlertPhase::Inactive, ..history })));
        new
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;
    use crate::{RuleEntry, Rules};

    #[derive(serde::Deserialize)]
    struct RuleFile {
        alerts: Vec<RuleEntry>,
    }

    /// The seconds at which an alert was reported, given the seconds at which its condition was true or false.
    fn reported_at(cool_down: &str, readings: &[(i64, bool)]) -> Vec<i64> {
        let text = format!("[[alerts]]\nname = \"context\"\nwhen = \"context>1\"\ncool_down = \"{cool_down}\"");
        let entries = toml::from_str::<RuleFile>(&text).unwrap().alerts;
        let rules = Rules::default().with(&entries).unwrap();
        let all = rules.evaluate(&testing::rich());
        let one: Vec<Alert> = all.into_iter().filter(|alert| &*alert.name == "context").take(1).collect();
        let mut tracker = CoolDownTracker::default();
        let report = |&(second, is_true): &(i64, bool)| {
            let alerts = if is_true { &one[..] } else { &[] };
            let new = tracker.new_alerts(Timestamp::from_millis(second * 1000), alerts);
            (!new.is_empty()).then_some(second)
        };
        readings.iter().filter_map(report).collect()
    }

    #[test]
    fn a_condition_that_stays_true_is_reported_once() {
        assert_eq!(reported_at("1s", &[(0, true), (60, true), (600, true)]), [0]);
    }

    #[test]
    fn a_condition_that_ends_and_begins_again_is_reported_again() {
        assert_eq!(reported_at("1s", &[(0, true), (60, false), (120, true)]), [0, 120]);
    }

    #[test]
    fn an_alert_that_begins_during_a_cool_down_is_reported_after_it_if_it_lasts() {
        assert_eq!(reported_at("1m", &[(0, true), (10, false), (20, true), (30, false), (70, false)]), [0]);
        assert_eq!(
            reported_at("1m", &[(0, true), (10, false), (20, true), (40, true), (60, true), (200, true)]),
            [0, 60]
        );
    }

    #[test]
    fn a_clock_that_was_set_back_suppresses_no_alert() {
        assert_eq!(reported_at("1h", &[(9_000_000, true), (9_000_010, false), (10, true)]), [9_000_000, 10]);
    }

    #[test]
    fn an_alert_is_forgotten_after_its_cool_down() {
        let mut tracker = CoolDownTracker::default();
        let alerts = Rules::default().evaluate(&testing::rich());
        assert!(!tracker.new_alerts(Timestamp::from_millis(0), &alerts).is_empty());
        tracker.new_alerts(Timestamp::from_millis(i64::from(i32::MAX) * 1000), &[]);
        assert!(tracker.0.is_empty());
    }
}
