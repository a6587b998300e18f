//! What deserves a person's eye: a table of rules over a snapshot.

use std::time::Duration;

use agtop_model::{Agent, Liveness, Row, Snapshot, Status};
use agtop_render::units;
use serde::Deserialize;

use crate::app::Identity;
use crate::look::Ink;

/// From which values on something is worth a look. Each has its usual value, so that a configuration names only what it
/// changes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// US dollars per hour, over the last minute.
    pub burn: f64,
    /// How full a context is, in percent, before it is an alert.
    pub context_alert: f64,
    /// How full a context is before its bar turns amber.
    pub context_warn: f64,
    /// How full a context is before its bar turns red.
    pub context_bad: f64,
    /// The share of tokens read from the cache over the last minute, in percent, below which it is an alert.
    pub cache_hit: f64,
    /// The share below which it is worth a look.
    pub cache_hit_warn: f64,
    /// How much of an allowance is used, in percent, before it is an alert.
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

/// Something that deserves a person's eye.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    pub(crate) ink: Ink,
    /// The status of the agent, where that is what it is about.
    pub(crate) status: Option<Status>,
    /// What kind of thing, in a word or two, with the mark of its status.
    pub(crate) head: String,
    /// Who and what.
    pub(crate) text: String,
    /// The line it is about.
    pub(crate) about: Option<Identity>,
}

/// A rule looks at a snapshot and finds what is wrong in one way.
struct Rule {
    find: fn(&Snapshot, &Thresholds) -> Vec<Alert>,
}

/// The rules, most pressing first.
static RULES: &[Rule] = &[
    Rule { find: |snapshot, _| with_status(snapshot, Status::NeedsPermission, "permission") },
    Rule { find: |snapshot, _| with_status(snapshot, Status::NeedsInput, "your turn") },
    Rule { find: |snapshot, _| with_status(snapshot, Status::Stalled, "stalled") },
    Rule { find: |snapshot, _| with_status(snapshot, Status::RateLimited, "rate limited") },
    Rule { find: |snapshot, _| with_status(snapshot, Status::Error, "error") },
    Rule { find: burn },
    Rule { find: quota },
    Rule { find: context },
    Rule { find: cost_without_output },
    Rule { find: cache },
    Rule { find: degraded },
];

/// All alerts, most pressing first.
pub(crate) fn alerts(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Alert> {
    RULES.iter().flat_map(|rule| (rule.find)(snapshot, thresholds)).collect()
}

fn live(snapshot: &Snapshot) -> impl Iterator<Item = &Agent> {
    snapshot.agents.iter().filter(|agent| agent.liveness == Liveness::Live)
}

fn identity(agent: &Agent) -> Identity {
    Identity::Agent(agent.process.id, agent.session.as_ref().map(|session| session.key.clone()))
}

fn with_status(snapshot: &Snapshot, status: Status, head: &str) -> Vec<Alert> {
    let mut agents: Vec<&Agent> = live(snapshot).filter(|agent| agent.status == status).collect();
    // Who has waited longest comes first.
    agents.sort_by_key(|agent| agent.session.as_ref().and_then(|session| session.last_active));
    let alert = |agent: &Agent| Alert {
        ink: Ink::of(status),
        status: Some(status),
        head: format!("{} {head}", status.glyph()),
        text: who(snapshot, agent),
        about: Some(identity(agent)),
    };
    agents.into_iter().map(alert).collect()
}

/// `claude shop-api 14m02s`.
fn who(snapshot: &Snapshot, agent: &Agent) -> String {
    let row = Row::of_agent(snapshot.now, agent);
    let quiet = row.session.and_then(|session| session.quiet_for(snapshot.now));
    let quiet = quiet.map(|quiet| format!(" {}", units::span(quiet))).unwrap_or_default();
    format!("{}{quiet}", name(agent))
}

fn name(agent: &Agent) -> String {
    format!("{} {}", agent.label.for_terminal(), crate::app::project(agent))
}

fn burn(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Alert> {
    let rate = snapshot.paces.one_minute().usd_per_hour().filter(|rate| *rate > thresholds.burn);
    one(rate, |rate| Alert {
        ink: Ink::Warn,
        status: None,
        head: "▲ burn".to_owned(),
        text: format!("${rate:.2}/h"),
        about: None,
    })
}

fn quota(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Alert> {
    let windows = snapshot.rate_limits.iter().flat_map(|(_, _, limit)| limit.windows.iter().map(move |w| (limit, w)));
    let full = windows.filter(|(_, window)| {
        window.used_percent >= thresholds.quota && window.resets_at.is_none_or(|at| at > snapshot.now)
    });
    let alert = |(limit, window): (&agtop_model::RateLimit, &agtop_model::Window)| Alert {
        ink: Ink::Bad,
        status: None,
        head: "▲ allowance".to_owned(),
        text: format!(
            "{} {} {}",
            agtop_model::Untrusted::new(std::sync::Arc::clone(&limit.limit)).for_terminal(),
            crate::quota::window_name(window.minutes),
            units::percent(window.used_percent)
        ),
        about: None,
    };
    full.map(alert).collect()
}

fn context(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Alert> {
    let percent = |agent: &Agent| agent.session.as_ref()?.context.ok().map(|context| context.percent());
    let full = live(snapshot).filter_map(|agent| Some((agent, percent(agent)?)));
    let full = full.filter(|(_, percent)| *percent > thresholds.context_alert);
    let alert = |(agent, percent): (&Agent, f64)| Alert {
        ink: Ink::rising(percent, thresholds.context_warn, thresholds.context_bad),
        status: None,
        head: "▲ context".to_owned(),
        text: format!("{} {}", name(agent), units::percent(percent)),
        about: Some(identity(agent)),
    };
    full.map(alert).collect()
}

/// Money was spent for a minute and nothing came of it: an agent goes round in circles.
fn cost_without_output(snapshot: &Snapshot, _: &Thresholds) -> Vec<Alert> {
    let pace = snapshot.paces.one_minute();
    let spent = pace.spend.amount.as_usd();
    one((spent > 0.0 && pace.usage.output == 0).then_some(spent), |_| Alert {
        ink: Ink::Bad,
        status: None,
        head: "▲ cost, no output".to_owned(),
        text: format!("{} in a minute", units::money(pace.spend.amount)),
        about: None,
    })
}

fn cache(snapshot: &Snapshot, thresholds: &Thresholds) -> Vec<Alert> {
    let hit = snapshot.paces.one_minute().hit_percent().filter(|hit| *hit < thresholds.cache_hit);
    one(hit, |hit| Alert {
        ink: Ink::Warn,
        status: None,
        head: "▲ cache hit".to_owned(),
        text: format!("{} in a minute", units::percent(hit)),
        about: None,
    })
}

fn degraded(snapshot: &Snapshot, _: &Thresholds) -> Vec<Alert> {
    let lost = snapshot.health.clients.iter().map(|client| client.issues_total).fold(0, u64::saturating_add);
    one(snapshot.health.is_degraded().then_some(lost), |lost| Alert {
        ink: Ink::Dim,
        status: None,
        head: "▲ not all could be read".to_owned(),
        text: format!("{lost} {}: agtop doctor", if lost == 1 { "record" } else { "records" }),
        about: None,
    })
}

fn one<T>(found: Option<T>, alert: impl FnOnce(T) -> Alert) -> Vec<Alert> {
    found.map(alert).into_iter().collect()
}

/// How long a silent agent may be silent before its row says so.
pub(crate) const QUIET: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_model::{Basis, Cost, Pace, Paces, PicoUsd, Spend, Usage};

    use super::*;
    use crate::demo;

    fn heads(snapshot: &Snapshot) -> Vec<String> {
        alerts(snapshot, &Thresholds::default()).into_iter().map(|alert| alert.head).collect()
    }

    fn quiet() -> Snapshot {
        demo::crowd(0, 0)
    }

    fn with_minute(usage: Usage, usd: f64) -> Snapshot {
        let mut spend = Spend::default();
        spend.add(Cost { amount: PicoUsd::from_usd(usd), basis: Basis::Api }, usage.total());
        let minute = Pace { requests: 1, usage, spend, ..Pace::nothing_over(Duration::from_mins(1)) };
        let rolling = [minute, Pace::default(), Pace::default()];
        Snapshot { paces: Arc::new(Paces { rolling, ..Paces::default() }), ..quiet() }
    }

    #[test]
    fn where_nothing_is_wrong_nothing_is_said() {
        assert_eq!(heads(&quiet()), [""; 0]);
    }

    #[test]
    fn who_needs_its_person_comes_first() {
        let heads = heads(&demo::crowd(14, 14));
        assert_eq!(heads[0], "! permission");
        let rank = |head: &str| heads.iter().position(|other| other.contains(head)).unwrap();
        assert!(rank("your turn") < rank("stalled") && rank("stalled") < rank("rate limited"));
    }

    #[test]
    fn a_minute_that_costs_more_than_five_dollars_an_hour_is_told() {
        let usage = Usage { input: 10, cache_read: 90, output: 5, ..Usage::default() };
        assert_eq!(heads(&with_minute(usage, 0.10)), ["▲ burn"]);
        assert_eq!(heads(&with_minute(usage, 0.05)), [""; 0]);
    }

    #[test]
    fn cost_without_output_is_told() {
        let usage = Usage { input: 10, cache_read: 90, ..Usage::default() };
        assert_eq!(heads(&with_minute(usage, 0.01)), ["▲ cost, no output"]);
    }

    #[test]
    fn a_cache_that_is_seldom_hit_is_told() {
        let usage = Usage { input: 80, cache_read: 20, output: 1, ..Usage::default() };
        assert_eq!(heads(&with_minute(usage, 0.01)), ["▲ cache hit"]);
    }

    #[test]
    fn a_context_that_is_nearly_full_is_told_with_its_agent() {
        let mut snapshot = demo::crowd(1, 1);
        let mut agents = snapshot.agents.to_vec();
        let mut session = (**agents[0].session.as_ref().unwrap()).clone();
        let context = session.context.as_mut().unwrap();
        context.used = context.limit / 100 * 81;
        agents[0].session = Some(Arc::new(session));
        snapshot.agents = agents.into();
        snapshot.rate_limits = [].into();
        snapshot.paces = Arc::default();
        let alerts = alerts(&snapshot, &Thresholds::default());
        assert_eq!(alerts.len(), 1);
        assert!(alerts[0].text.ends_with("81%") && alerts[0].about.is_some(), "{alerts:?}");
    }

    #[test]
    fn what_could_not_be_read_is_told() {
        let snapshot = Snapshot { health: demo::crowd(10, 10).health, ..quiet() };
        assert_eq!(heads(&snapshot), ["▲ not all could be read"]);
    }
}
