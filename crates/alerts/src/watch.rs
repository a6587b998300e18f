use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::Timestamp;

use crate::{Alert, Subject};

/// Tells what has newly begun, from one snapshot to the next.
///
/// What begins is told once, and again only after it has ended and begun anew, and at most once in a rule's cool-down
/// about the same thing. What begins during a cool-down is told when that is over, if it lasts: it is late then, not lost.
#[derive(Debug, Default)]
pub struct Watch(HashMap<(Arc<str>, Subject), Course>);

/// How it went on with one rule and one thing.
#[derive(Debug, Default)]
struct Course {
    now: Phase,
    told: Option<Told>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Quiet,
    /// It holds, and nobody knows.
    Begun,
    /// It holds, and was told.
    Known,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    cool_down: Duration,
}

impl Told {
    /// A clock that was set back has nothing to wait for.
    fn is_over(self, now: Timestamp) -> bool {
        now < self.at || now.since(self.at) >= self.cool_down
    }
}

impl Watch {
    /// Of all that is wrong now, what is to be told.
    pub fn news(&mut self, now: Timestamp, alerts: &[Alert]) -> Vec<Alert> {
        let mut before = std::mem::take(&mut self.0);
        let mut news = Vec::new();
        for alert in alerts {
            let key = (Arc::clone(&alert.name), alert.subject.clone());
            let mut course = before.remove(&key).unwrap_or_default();
            if course.now != Phase::Known && course.told.is_none_or(|told| told.is_over(now)) {
                news.push(alert.clone());
                course.told = Some(Told { at: now, cool_down: alert.actions.cool_down });
                course.now = Phase::Known;
            } else if course.now == Phase::Quiet {
                course.now = Phase::Begun;
            }
            self.0.insert(key, course);
        }
        // Of what has ended it is remembered when it was told, as long as that counts.
        before.retain(|_, course| course.told.is_some_and(|told| !told.is_over(now)));
        self.0.extend(before.into_iter().map(|(key, course)| (key, Course { now: Phase::Quiet, ..course })));
        news
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;
    use crate::{Entry, Rules};

    #[derive(serde::Deserialize)]
    struct File {
        alerts: Vec<Entry>,
    }

    /// Plays a course of seconds at which the condition holds or not; the seconds at which it was told come back.
    fn told(cool_down: &str, course: &[(i64, bool)]) -> Vec<i64> {
        let text = format!("[[alerts]]\nname = \"context\"\nwhen = \"context>1\"\ncool_down = \"{cool_down}\"");
        let entries = toml::from_str::<File>(&text).unwrap().alerts;
        let rules = Rules::default().with(&entries).unwrap();
        let all = rules.find(&testing::rich());
        let one: Vec<Alert> = all.into_iter().filter(|alert| &*alert.name == "context").take(1).collect();
        let mut watch = Watch::default();
        let news = |&(second, holds): &(i64, bool)| {
            let alerts = if holds { &one[..] } else { &[] };
            let news = watch.news(Timestamp::from_millis(second * 1000), alerts);
            (!news.is_empty()).then_some(second)
        };
        course.iter().filter_map(news).collect()
    }

    #[test]
    fn what_lasts_is_told_once() {
        assert_eq!(told("1s", &[(0, true), (60, true), (600, true)]), [0]);
    }

    #[test]
    fn what_ends_and_begins_anew_is_told_again() {
        assert_eq!(told("1s", &[(0, true), (60, false), (120, true)]), [0, 120]);
    }

    #[test]
    fn during_a_cool_down_nothing_is_told_and_what_lasts_longer_is_late_and_not_lost() {
        assert_eq!(told("1m", &[(0, true), (10, false), (20, true), (30, false), (70, false)]), [0]);
        assert_eq!(told("1m", &[(0, true), (10, false), (20, true), (40, true), (60, true), (200, true)]), [0, 60]);
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing() {
        assert_eq!(told("1h", &[(9_000_000, true), (9_000_010, false), (10, true)]), [9_000_000, 10]);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut watch = Watch::default();
        let alerts = Rules::default().find(&testing::rich());
        assert!(!watch.news(Timestamp::from_millis(0), &alerts).is_empty());
        watch.news(Timestamp::from_millis(i64::from(i32::MAX) * 1000), &[]);
        assert!(watch.0.is_empty());
    }
}
