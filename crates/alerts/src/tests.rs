use std::sync::Arc;
use std::time::Duration;

use agtop_demo::sample as testing;
use agtop_demo::sample::SECRET_TEXT;
use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, ContextSource, ContextWindow, Cost, CostBasis, InFlight, Liveness,
    PicoUsd, RateLimit, RateLimitWindow, Session, Snapshot, Spend, Status, Untrusted, Usage,
};
use serde::Deserialize;

use super::*;
use crate::fleet_metrics::FLEET_METRICS;
use crate::quota_metrics::QUOTA_METRICS;
use crate::rule::BUILT_IN_RULES;

#[derive(Deserialize)]
struct RuleFile {
    alerts: Vec<RuleEntry>,
}

fn entries(text: &str) -> Vec<RuleEntry> {
    toml::from_str::<RuleFile>(text).unwrap().alerts
}

fn rules(text: &str) -> Rules {
    Rules::default().with(&entries(text)).unwrap()
}

/// The invalid text of a configuration, and the reason.
fn error(text: &str) -> (String, String) {
    let error = Rules::default().with(&entries(text)).unwrap_err();
    (text.get(error.span).unwrap().to_owned(), error.what)
}

/// The names of the rules that raise alerts, each once.
fn names(snapshot: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> =
        Rules::default().evaluate(snapshot).into_iter().map(|alert| alert.name.to_string()).collect();
    names.dedup();
    names
}

/// One working agent without trouble.
fn normal() -> Snapshot {
    let rich = testing::rich();
    testing::empty().with_agents(rich.agents.iter().take(1).map(|agent| with_context((**agent).clone(), 10)))
}

fn with_agent(change: impl Fn(Agent) -> Agent) -> Snapshot {
    let normal = normal();
    let agents: Vec<Agent> = normal.cloned_agents().into_iter().map(change).collect();
    normal.with_agents(agents)
}

fn with_context(agent: Agent, percent: u64) -> Agent {
    let context = Ok(ContextWindow { used: percent * 1000, limit: 100_000, source: ContextSource::Vendor });
    let session = Session { context, ..(**agent.session.as_ref().unwrap()).clone() };
    Agent { session: Some(Arc::new(session)), ..agent }
}

fn with_minute(usage: Usage, usd: f64) -> Snapshot {
    let mut spend = Spend::default();
    spend.add(Cost { amount: PicoUsd::from_usd(usd), basis: CostBasis::Api }, usage.total());
    let minute = ActivityWindow { requests: 1, usage, spend, ..ActivityWindow::empty(Duration::from_mins(1)) };
    let rolling = [minute, ActivityWindow::default(), ActivityWindow::default()];
    Snapshot { rates: Arc::new(ActivityRates { rolling, ..ActivityRates::default() }), ..normal() }
}

fn with_quota(used_percent: f64, left: Option<i64>) -> Snapshot {
    let normal = normal();
    let at = |seconds: i64| agtop_model::Timestamp::from_millis(normal.now.as_millis() + seconds * 1000);
    let window = RateLimitWindow { minutes: 300, used_percent, resets_at: left.map(at) };
    let limit = RateLimit { limit: "codex".into(), plan: None, windows: vec![window] };
    Snapshot { rate_limits: [(ClientId::new("codex"), normal.now, limit)].into(), ..normal }
}

#[test]
fn every_built_in_rule_is_valid() {
    let written = entries(BUILT_IN_RULES).len();
    assert_eq!(format!("{:?}", Rules::default()).matches('"').count(), written * 2);
}

#[test]
fn the_documentation_lists_every_rule_and_metric_and_its_example_is_valid() {
    let document = include_str!("../../../docs/alerts.md");
    for rule in Rules::default().all() {
        let threshold = rule.threshold.map(|threshold| format!(", {threshold:.1}")).unwrap_or_default();
        let row = format!("| `{}` | {} | `{}`{threshold} |", rule.name, rule.scope.as_str(), rule.when.text);
        assert!(document.contains(&row), "{row}");
    }
    let names = FLEET_METRICS.iter().map(|metric| metric.id).chain(QUOTA_METRICS.iter().map(|metric| metric.id));
    for word in names {
        assert!(document.contains(&format!("`{word}`")), "{word}");
    }
    let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(rules(example).all().len(), Rules::default().all().len() + 2);
}

#[test]
fn a_snapshot_without_trouble_has_no_alerts() {
    assert_eq!(names(&normal()), [""; 0]);
    assert_eq!(names(&testing::empty()), [""; 0]);
}

#[test]
fn each_status_that_needs_attention_has_one_rule_and_the_others_have_none() {
    let expected = [
        (Status::NeedsPermission, "permission", Severity::Warn),
        (Status::NeedsInput, "input", Severity::Warn),
        (Status::Stalled, "stalled", Severity::Bad),
        (Status::RateLimited, "rate_limited", Severity::Bad),
        (Status::Error, "error", Severity::Bad),
    ];
    for status in Status::ALL {
        let found = Rules::default().evaluate(&with_agent(|agent| Agent { status, ..agent }));
        let found: Vec<_> = found.iter().map(|alert| (status, &*alert.name, alert.severity)).collect();
        let expected: Vec<_> = expected.iter().copied().filter(|(known, ..)| *known == status).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_agent_that_has_just_ended_raises_no_alert() {
    let gone = with_agent(|agent| Agent { status: Status::NeedsInput, liveness: Liveness::Stopped, ..agent });
    assert_eq!(names(&gone), [""; 0]);
}

#[test]
fn a_minute_that_costs_more_than_five_dollars_an_hour_raises_burn() {
    let usage = Usage { input: 10, cache_read: 90, output: 5, ..Usage::default() };
    assert_eq!(names(&with_minute(usage, 0.10)), ["burn"]);
    assert_eq!(Rules::default().evaluate(&with_minute(usage, 0.10))[0].text(), "$6.00/h");
    assert_eq!(names(&with_minute(usage, 5.0 / 60.0)), [""; 0]);
}

/// The cost of a minute without any known price was shown as $0.00, and a partly known cost as the whole.
#[test]
fn the_cost_of_a_minute_is_marked_if_a_part_is_unknown() {
    let with_unknown = |usd| {
        let mut snapshot = with_minute(Usage { output: 5, ..Usage::default() }, usd);
        let mut paces = (*snapshot.rates).clone();
        paces.rolling[0].spend.unknown_turns = 1;
        snapshot.rates = Arc::new(paces);
        snapshot
    };
    assert_eq!(Rules::default().evaluate(&with_unknown(0.10))[0].text(), "$6.00+/h");
    let mut all_unknown = with_unknown(0.0);
    let mut paces = (*all_unknown.rates).clone();
    paces.rolling[0].spend.api_turns = 0;
    all_unknown.rates = Arc::new(paces);
    let rules = Rules::default().with_threshold("burn", -1.0);
    assert_eq!(names(&all_unknown), [""; 0]);
    assert!(rules.evaluate(&all_unknown).iter().all(|alert| &*alert.name != "burn"), "an unknown cost is not $0.00");
}

#[test]
fn cost_without_output_raises_no_output() {
    let usage = Usage { input: 10, cache_read: 90, ..Usage::default() };
    assert_eq!(names(&with_minute(usage, 0.01)), ["no_output"]);
    assert_eq!(Rules::default().evaluate(&with_minute(usage, 0.01))[0].text(), "$0.01 in a minute");
    assert_eq!(names(&with_minute(usage, 0.0)), [""; 0]);
    assert_eq!(names(&with_minute(Usage { output: 1, ..usage }, 0.01)), [""; 0]);
}

#[test]
fn a_low_cache_hit_rate_raises_cache_hit() {
    let hit = |cache_read| Usage { input: 100 - cache_read, cache_read, output: 1, ..Usage::default() };
    assert_eq!(names(&with_minute(hit(29), 0.01)), ["cache_hit"]);
    assert_eq!(names(&with_minute(hit(30), 0.01)), [""; 0]);
    assert_eq!(names(&with_minute(Usage { output: 1, ..Usage::default() }, 0.01)), [""; 0], "no prompts, no hit rate");
}

#[test]
fn a_context_window_that_is_nearly_full_raises_context_with_its_agent() {
    let found = |percent| Rules::default().evaluate(&with_agent(|agent| with_context(agent, percent)));
    assert_eq!(found(80), []);
    let worth_a_look = &found(81)[0];
    assert_eq!((&*worth_a_look.text(), worth_a_look.severity), ("claude prover 81%", Severity::Warn));
    assert_eq!(worth_a_look.values, [("context", 81.0)]);
    assert_eq!(found(90)[0].severity, Severity::Bad);
}

#[test]
fn a_quota_that_is_nearly_used_up_raises_an_alert_until_its_reset() {
    let found = |used, left| Rules::default().evaluate(&with_quota(used, left));
    assert_eq!(found(90.0, Some(60))[0].text(), "codex 5h 90%");
    assert_eq!(found(100.0, None).len(), 1);
    for (used, left) in [(89.9, Some(60)), (95.0, Some(0)), (f64::NAN, None)] {
        assert_eq!(found(used, left), [], "{used} {left:?}");
    }
}

#[test]
fn lost_records_raise_unread() {
    let lost = Snapshot { health: testing::rich().health, ..normal() };
    let found = Rules::default().evaluate(&lost);
    assert_eq!((&*found[0].name, &*found[0].text()), ("unread", "4 records: agtop doctor"));
}

#[test]
fn an_entry_with_the_name_of_a_rule_changes_only_the_keys_it_has() {
    let full = with_agent(|agent| with_context(agent, 85));
    assert_eq!(rules("[[alerts]]\nname = \"context\"\nthreshold = 85").evaluate(&full), []);
    assert_eq!(rules("[[alerts]]\nname = \"context\"\nenabled = false").evaluate(&full), []);
    let found = rules("[[alerts]]\nname = \"context\"\nlabel = \"full\"\nactions = [\"bell\"]").evaluate(&full);
    assert_eq!((&*found[0].label, &*found[0].actions.shown), ("full", &[AlertAction::Bell][..]));
    assert_eq!(found[0].actions.cool_down, Duration::from_mins(10), "a key that the entry lacks stays");
}

#[test]
fn a_rule_of_the_user_may_use_every_field_and_metric() {
    let found = rules("[[alerts]]\nname = \"expensive\"\nwhen = \"client:claude cost>$4 tokens>1M\"")
        .evaluate(&testing::rich());
    let expensive: Vec<&Alert> = found.iter().filter(|alert| &*alert.name == "expensive").collect();
    assert_eq!(expensive.len(), 1);
    assert_eq!(expensive[0].text(), "claude prover cost $4.21, tokens 5.9M");
    let fleet = "[[alerts]]\nname = \"crowd\"\nof = \"fleet\"\nwhen = \"agents>threshold waiting>=1\"\nthreshold = 2";
    assert!(rules(fleet).evaluate(&testing::rich()).iter().any(|alert| alert.detail == "agents 3, waiting 1"));
}

#[test]
fn an_invalid_rule_is_refused_with_its_place_and_the_reason() {
    let rule = |lines: &str| format!("[[alerts]]\nname = \"mine\"\n{lines}");
    let cases = [
        ("when = \"speed>3\"", "\"speed>3\"", "no field is called 'speed'"),
        (
            "when = \"context>threshold\"",
            "\"context>threshold\"",
            "'threshold' is not a percentage: write a number such as 50",
        ),
        ("when = \" \"", "\" \"", "a condition is missing"),
        ("of = \"fleet\"\nwhen = \"context>3\"", "\"context>3\"", "no field is called 'context'"),
        (
            "of = \"fleet\"\nwhen = \"burn\"",
            "\"burn\"",
            "'burn' stands alone, and there is no text to look for it in: compare something",
        ),
        ("threshold = 3", "\"mine\"", "no rule is called 'mine', and a new one needs 'when'"),
        ("when = \"idle\"\nthreshold = nan", "nan", "a threshold is a finite number"),
        ("when = \"idle\"\ncool_down = \"soon\"", "\"soon\"", "'soon' is not a duration: write a number such as 5m"),
        ("when = \"idle\"\ncool_down = \"-1s\"", "\"-1s\"", "a cool-down is a duration that is not negative"),
        ("when = \"idle\"\ncommand = []", "[]", "a command is a list of a program and its arguments"),
        ("when = \"idle\"\nwebhook = \"file:///x\"", "\"file:///x\"", "a webhook begins with https:// or http://"),
    ];
    for (lines, span, what) in cases {
        assert_eq!(error(&rule(lines)), (span.to_owned(), what.to_owned()));
    }
    let moved = "[[alerts]]\nname = \"context\"\nof = \"fleet\"";
    assert_eq!(error(moved), ("\"context\"".to_owned(), "no field is called 'context'".to_owned()));
    assert!(toml::from_str::<RuleFile>(&rule("speed = 3")).err().unwrap().message().contains("unknown field"));
}

#[test]
fn an_alert_carries_message_text_only_if_its_rule_asks_for_it() {
    let mut snapshot = testing::rich();
    let hidden = Rules::default().evaluate(&snapshot);
    assert!(!format!("{hidden:?}").contains(SECRET_TEXT));
    let asked = rules("[[alerts]]\nname = \"permission\"\ncontent = true");
    let found = asked.evaluate(&snapshot);
    assert!(found[0].sentence().ends_with(&format!("— {SECRET_TEXT}")), "{found:?}");
    let running = InFlight {
        name: "Bash".into(),
        target: Some("rm \u{1b}[2Jx".into()),
        since: None,
        is_subagent: false,
        usual: None,
    };
    snapshot.agents = snapshot.agents.iter().map(|agent| Arc::new(with_running((**agent).clone(), &running))).collect();
    let found = asked.evaluate(&snapshot);
    assert!(found[0].sentence().ends_with("keep this to yourself: Bash rm x"), "{found:?}");
}

fn with_running(agent: Agent, running: &InFlight) -> Agent {
    let session = Session { in_flight: vec![running.clone()], ..(**agent.session.as_ref().unwrap()).clone() };
    Agent { session: Some(Arc::new(session)), ..agent }
}

#[test]
fn rules_without_actions_show_alerts_on_the_screen_only() {
    let loud = "[[alerts]]\nname = \"permission\"\nactions = [\"strip\", \"bell\"]\ncommand = [\"true\"]\nwebhook = \"http://h\"";
    let actions = &rules(loud).without_actions().evaluate(&testing::rich())[0].actions;
    assert_eq!((&*actions.shown, &actions.command, &actions.webhook), (&[AlertAction::Strip][..], &None, &None));
}

#[test]
fn a_sentence_contains_no_control_characters() {
    let evil = with_agent(|agent| Agent {
        label: Untrusted::from("cl\u{1b}]0;x\u{7}aude"),
        status: Status::NeedsInput,
        session: None,
        ..agent
    });
    let found = rules("[[alerts]]\nname = \"input\"\nlabel = \"your\\u001b[2J turn\"").evaluate(&evil);
    assert_eq!(found[0].sentence(), "your turn: claude prover");
}

/// With everything on a subscription the burn alert said `$31.54/h`, which nobody pays.
#[test]
fn no_alert_counts_dollars_that_a_subscription_covers() {
    let usage = Usage { input: 1_000, ..Usage::default() };
    let metered = with_minute(usage, 2.0);
    assert_eq!(names(&metered), ["burn", "no_output", "cache_hit"]);
    let mut minute = *metered.rates.one_minute();
    minute.spend.cover();
    let rolling = [minute; 3];
    let covered = Snapshot { rates: Arc::new(ActivityRates { rolling, ..ActivityRates::default() }), ..metered };
    assert_eq!(names(&covered), ["cache_hit"]);
}

#[test]
fn a_rule_about_the_cost_of_agents_does_not_count_covered_dollars() {
    let mine = rules("[[alerts]]\nname = \"mine\"\nwhen = \"cost>1 or cost_rate>1\"");
    let finds = |cover: fn(&mut Spend)| {
        let snapshot = with_agent(|agent| {
            let mut spend = Spend::default();
            spend.add(Cost { amount: PicoUsd::from_usd(9.0), basis: CostBasis::Api }, 10);
            cover(&mut spend);
            let session = Session { spend, ..(**agent.session.as_ref().unwrap()).clone() };
            let pace = ActivityWindow { requests: 1, spend, ..ActivityWindow::empty(Duration::from_mins(5)) };
            Agent { session: Some(Arc::new(session)), rates: [pace; 3], ..agent }
        });
        mine.evaluate(&snapshot).iter().any(|alert| &*alert.name == "mine")
    };
    assert!(finds(|_| {}) && !finds(Spend::cover));
}
