use std::sync::Arc;
use std::time::Duration;

use agtop_demo::sample as testing;
use agtop_demo::sample::SECRET_WORDS;
use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ContextSource, ContextWindow, Cost, CostBasis, InFlight, Liveness, PicoUsd,
    RateLimit, RateLimitWindow, Session, Snapshot, Spend, Status, Untrusted, Usage,
};
use serde::Deserialize;

use super::*;
use crate::rule::BUILT_IN;

#[derive(Deserialize)]
struct File {
    alerts: Vec<Entry>,
}

fn entries(text: &str) -> Vec<Entry> {
    toml::from_str::<File>(text).unwrap().alerts
}

fn rules(text: &str) -> Rules {
    Rules::default().with(&entries(text)).unwrap()
}

/// Where and why a configuration is wrong.
fn error(text: &str) -> (String, String) {
    let error = Rules::default().with(&entries(text)).unwrap_err();
    (text.get(error.span).unwrap().to_owned(), error.what)
}

/// The names of the rules that find something, each once.
fn names(snapshot: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> =
        Rules::default().find(snapshot).into_iter().map(|alert| alert.name.to_string()).collect();
    names.dedup();
    names
}

/// One agent at work, and nothing wrong.
fn calm() -> Snapshot {
    let rich = testing::rich();
    let agents = rich.agents.iter().take(1).cloned().map(|agent| with_context(agent, 10)).collect();
    Snapshot { agents, ..testing::empty() }
}

fn of_agent(change: impl Fn(Agent) -> Agent) -> Snapshot {
    let calm = calm();
    Snapshot { agents: calm.agents.iter().cloned().map(change).collect(), ..calm }
}

fn with_context(agent: Agent, percent: u64) -> Agent {
    let context = Ok(ContextWindow { used: percent * 1000, limit: 100_000, source: ContextSource::Vendor });
    let session = Session { context, ..(**agent.session.as_ref().unwrap()).clone() };
    Agent { session: Some(Arc::new(session)), ..agent }
}

fn of_minute(usage: Usage, usd: f64) -> Snapshot {
    let mut spend = Spend::default();
    spend.add(Cost { amount: PicoUsd::from_usd(usd), basis: CostBasis::Api }, usage.total());
    let minute = ActivityWindow { requests: 1, usage, spend, ..ActivityWindow::empty(Duration::from_mins(1)) };
    let rolling = [minute, ActivityWindow::default(), ActivityWindow::default()];
    Snapshot { rates: Arc::new(ActivityRates { rolling, ..ActivityRates::default() }), ..calm() }
}

fn of_allowance(used_percent: f64, left: Option<i64>) -> Snapshot {
    let calm = calm();
    let at = |seconds: i64| agtop_model::Timestamp::from_millis(calm.now.as_millis() + seconds * 1000);
    let window = RateLimitWindow { minutes: 300, used_percent, resets_at: left.map(at) };
    let limit = RateLimit { limit: "codex".into(), plan: None, windows: vec![window] };
    Snapshot { rate_limits: [(ClientId::new("codex"), calm.now, limit)].into(), ..calm }
}

#[test]
fn every_rule_that_agtop_comes_with_is_understood() {
    let written = entries(BUILT_IN).len();
    assert_eq!(format!("{:?}", Rules::default()).matches('"').count(), written * 2);
}

#[test]
fn the_documentation_has_every_rule_and_every_word_and_its_example_is_understood() {
    let document = include_str!("../../../docs/alerts.md");
    for rule in Rules::default().all() {
        let threshold = rule.threshold.map(|threshold| format!(", {threshold:.1}")).unwrap_or_default();
        let row = format!("| `{}` | {} | `{}`{threshold} |", rule.name, rule.of.as_str(), rule.when.text);
        assert!(document.contains(&row), "{row}");
    }
    for word in words::all() {
        assert!(document.contains(&format!("`{word}`")), "{word}");
    }
    let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(rules(example).all().len(), Rules::default().all().len() + 2);
}

#[test]
fn where_nothing_is_wrong_nothing_is_said() {
    assert_eq!(names(&calm()), [""; 0]);
    assert_eq!(names(&testing::empty()), [""; 0]);
}

#[test]
fn each_status_that_wants_its_person_has_its_rule_and_the_others_have_none() {
    let expected = [
        (Status::NeedsPermission, "permission", Severity::Warn),
        (Status::NeedsInput, "input", Severity::Warn),
        (Status::Stalled, "stalled", Severity::Bad),
        (Status::RateLimited, "rate_limited", Severity::Bad),
        (Status::Error, "error", Severity::Bad),
    ];
    for status in Status::ALL {
        let found = Rules::default().find(&of_agent(|agent| Agent { status, ..agent }));
        let found: Vec<_> = found.iter().map(|alert| (status, &*alert.name, alert.severity)).collect();
        let expected: Vec<_> = expected.iter().copied().filter(|(known, ..)| *known == status).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn who_has_just_ended_waits_for_nobody() {
    let gone = of_agent(|agent| Agent { status: Status::NeedsInput, liveness: Liveness::Stopped, ..agent });
    assert_eq!(names(&gone), [""; 0]);
}

#[test]
fn a_minute_that_costs_more_than_five_dollars_an_hour_is_told() {
    let usage = Usage { input: 10, cache_read: 90, output: 5, ..Usage::default() };
    assert_eq!(names(&of_minute(usage, 0.10)), ["burn"]);
    assert_eq!(Rules::default().find(&of_minute(usage, 0.10))[0].text(), "$6.00/h");
    assert_eq!(names(&of_minute(usage, 5.0 / 60.0)), [""; 0]);
}

/// The cost of a minute without any known price was told as $0.00, and that of one with some as the whole.
#[test]
fn the_cost_of_a_minute_says_what_it_leaves_out() {
    let with_unknown = |usd| {
        let mut snapshot = of_minute(Usage { output: 5, ..Usage::default() }, usd);
        let mut paces = (*snapshot.rates).clone();
        paces.rolling[0].spend.unknown_turns = 1;
        snapshot.rates = Arc::new(paces);
        snapshot
    };
    assert_eq!(Rules::default().find(&with_unknown(0.10))[0].text(), "$6.00+/h");
    let mut all_unknown = with_unknown(0.0);
    let mut paces = (*all_unknown.rates).clone();
    paces.rolling[0].spend.api_turns = 0;
    all_unknown.rates = Arc::new(paces);
    let rules = Rules::default().with_threshold("burn", -1.0);
    assert_eq!(names(&all_unknown), [""; 0]);
    assert!(rules.find(&all_unknown).iter().all(|alert| &*alert.name != "burn"), "what is unknown is not $0.00");
}

#[test]
fn cost_without_output_is_told() {
    let usage = Usage { input: 10, cache_read: 90, ..Usage::default() };
    assert_eq!(names(&of_minute(usage, 0.01)), ["no_output"]);
    assert_eq!(Rules::default().find(&of_minute(usage, 0.01))[0].text(), "$0.01 in a minute");
    assert_eq!(names(&of_minute(usage, 0.0)), [""; 0]);
    assert_eq!(names(&of_minute(Usage { output: 1, ..usage }, 0.01)), [""; 0]);
}

#[test]
fn a_cache_that_is_seldom_hit_is_told() {
    let hit = |cache_read| Usage { input: 100 - cache_read, cache_read, output: 1, ..Usage::default() };
    assert_eq!(names(&of_minute(hit(29), 0.01)), ["cache_hit"]);
    assert_eq!(names(&of_minute(hit(30), 0.01)), [""; 0]);
    assert_eq!(names(&of_minute(Usage { output: 1, ..Usage::default() }, 0.01)), [""; 0], "without prompts no share");
}

#[test]
fn a_context_that_is_nearly_full_is_told_with_its_agent() {
    let found = |percent| Rules::default().find(&of_agent(|agent| with_context(agent, percent)));
    assert_eq!(found(80), []);
    let worth_a_look = &found(81)[0];
    assert_eq!((&*worth_a_look.text(), worth_a_look.severity), ("claude prover 81%", Severity::Warn));
    assert_eq!(worth_a_look.values, [("context", 81.0)]);
    assert_eq!(found(90)[0].severity, Severity::Bad);
}

#[test]
fn an_allowance_that_is_nearly_used_up_is_told_until_it_starts_anew() {
    let found = |used, left| Rules::default().find(&of_allowance(used, left));
    assert_eq!(found(90.0, Some(60))[0].text(), "codex 5h 90%");
    assert_eq!(found(100.0, None).len(), 1);
    for (used, left) in [(89.9, Some(60)), (95.0, Some(0)), (f64::NAN, None)] {
        assert_eq!(found(used, left), [], "{used} {left:?}");
    }
}

#[test]
fn what_could_not_be_read_is_told() {
    let lost = Snapshot { health: testing::rich().health, ..calm() };
    let found = Rules::default().find(&lost);
    assert_eq!((&*found[0].name, &*found[0].text()), ("unread", "4 records: agtop doctor"));
}

#[test]
fn an_entry_with_the_name_of_a_rule_replaces_what_it_says_of_it() {
    let full = of_agent(|agent| with_context(agent, 85));
    assert_eq!(rules("[[alerts]]\nname = \"context\"\nthreshold = 85").find(&full), []);
    assert_eq!(rules("[[alerts]]\nname = \"context\"\nenabled = false").find(&full), []);
    let found = rules("[[alerts]]\nname = \"context\"\nlabel = \"full\"\nactions = [\"bell\"]").find(&full);
    assert_eq!((&*found[0].label, &*found[0].actions.shown), ("full", &[Action::Bell][..]));
    assert_eq!(found[0].actions.cool_down, Duration::from_mins(10), "what is not written stays");
}

#[test]
fn a_rule_of_ones_own_looks_at_whatever_rows_have() {
    let found = rules("[[alerts]]\nname = \"dear\"\nwhen = \"client:claude cost>$4 tokens>1M\"").find(&testing::rich());
    let dear: Vec<&Alert> = found.iter().filter(|alert| &*alert.name == "dear").collect();
    assert_eq!(dear.len(), 1);
    assert_eq!(dear[0].text(), "claude prover cost $4.21, tokens 5.9M");
    let fleet = "[[alerts]]\nname = \"crowd\"\nof = \"fleet\"\nwhen = \"agents>threshold waiting>=1\"\nthreshold = 2";
    assert!(rules(fleet).find(&testing::rich()).iter().any(|alert| alert.detail == "agents 3, waiting 1"));
}

#[test]
fn a_wrong_rule_says_where_and_why() {
    let rule = |lines: &str| format!("[[alerts]]\nname = \"mine\"\n{lines}");
    let cases = [
        ("when = \"speed>3\"", "\"speed>3\"", "no field is called 'speed'"),
        ("when = \"context>threshold\"", "\"context>threshold\"", "'threshold' is not a percentage"),
        ("when = \" \"", "\" \"", "a condition is missing"),
        ("of = \"fleet\"\nwhen = \"context>3\"", "\"context>3\"", "no field is called 'context'"),
        (
            "of = \"fleet\"\nwhen = \"burn\"",
            "\"burn\"",
            "'burn' stands alone, and there is no text to look for it in: compare something",
        ),
        ("threshold = 3", "\"mine\"", "no rule is called 'mine', and a new one needs 'when'"),
        ("when = \"idle\"\nthreshold = nan", "nan", "a threshold is a number that has an end"),
        ("when = \"idle\"\ncool_down = \"soon\"", "\"soon\"", "'soon' is not a duration"),
        ("when = \"idle\"\ncool_down = \"-1s\"", "\"-1s\"", "no such span of time has been seen"),
        ("when = \"idle\"\ncommand = []", "[]", "a command is a list of a program and its arguments"),
        ("when = \"idle\"\nwebhook = \"file:///x\"", "\"file:///x\"", "a webhook begins with https:// or http://"),
    ];
    for (lines, span, what) in cases {
        assert_eq!(error(&rule(lines)), (span.to_owned(), what.to_owned()));
    }
    let moved = "[[alerts]]\nname = \"context\"\nof = \"fleet\"";
    assert_eq!(error(moved), ("\"context\"".to_owned(), "no field is called 'context'".to_owned()));
    assert!(toml::from_str::<File>(&rule("speed = 3")).err().unwrap().message().contains("unknown field"));
}

#[test]
fn message_text_goes_along_only_where_a_rule_asks_for_it() {
    let mut snapshot = testing::rich();
    let hidden = Rules::default().find(&snapshot);
    assert!(!format!("{hidden:?}").contains(SECRET_WORDS));
    let asked = rules("[[alerts]]\nname = \"permission\"\ncontent = true");
    let found = asked.find(&snapshot);
    assert!(found[0].sentence().ends_with(&format!("— {SECRET_WORDS}")), "{found:?}");
    let running = InFlight {
        name: "Bash".into(),
        target: Some("rm \u{1b}[2Jx".into()),
        since: None,
        is_subagent: false,
        usual: None,
    };
    snapshot.agents = snapshot.agents.iter().cloned().map(|agent| with_running(agent, &running)).collect();
    let found = asked.find(&snapshot);
    assert!(found[0].sentence().ends_with("keep this to yourself: Bash rm x"), "{found:?}");
}

fn with_running(agent: Agent, running: &InFlight) -> Agent {
    let session = Session { in_flight: vec![running.clone()], ..(**agent.session.as_ref().unwrap()).clone() };
    Agent { session: Some(Arc::new(session)), ..agent }
}

#[test]
fn without_actions_the_screen_alone_tells() {
    let loud = "[[alerts]]\nname = \"permission\"\nactions = [\"strip\", \"bell\"]\ncommand = [\"true\"]\nwebhook = \"http://h\"";
    let actions = &rules(loud).without_actions().find(&testing::rich())[0].actions;
    assert_eq!((&*actions.shown, &actions.command, &actions.webhook), (&[Action::Strip][..], &None, &None));
}

#[test]
fn hostile_names_are_harmless_in_a_sentence() {
    let evil = of_agent(|agent| Agent {
        label: Untrusted::from("cl\u{1b}]0;x\u{7}aude"),
        status: Status::NeedsInput,
        session: None,
        ..agent
    });
    let found = rules("[[alerts]]\nname = \"input\"\nlabel = \"your\\u001b[2J turn\"").find(&evil);
    assert_eq!(found[0].sentence(), "your turn: claude prover");
}

/// With everything on a subscription the burn alert said `$31.54/h`, which nobody pays.
#[test]
fn no_alert_is_about_dollars_that_a_subscription_covers() {
    let usage = Usage { input: 1_000, ..Usage::default() };
    let metered = of_minute(usage, 2.0);
    assert_eq!(names(&metered), ["burn", "no_output", "cache_hit"]);
    let mut minute = *metered.rates.one_minute();
    minute.spend.cover();
    let rolling = [minute; 3];
    let covered = Snapshot { rates: Arc::new(ActivityRates { rolling, ..ActivityRates::default() }), ..metered };
    assert_eq!(names(&covered), ["cache_hit"]);
}

#[test]
fn a_rule_about_an_agents_dollars_does_not_count_those_that_a_subscription_covers() {
    let mine = rules("[[alerts]]\nname = \"mine\"\nwhen = \"cost>1 or cost_rate>1\"");
    let finds = |cover: fn(&mut Spend)| {
        let snapshot = of_agent(|agent| {
            let mut spend = Spend::default();
            spend.add(Cost { amount: PicoUsd::from_usd(9.0), basis: CostBasis::Api }, 10);
            cover(&mut spend);
            let session = Session { spend, ..(**agent.session.as_ref().unwrap()).clone() };
            let pace = ActivityWindow { requests: 1, spend, ..ActivityWindow::empty(Duration::from_mins(5)) };
            Agent { session: Some(Arc::new(session)), rates: [pace; 3], ..agent }
        });
        mine.find(&snapshot).iter().any(|alert| &*alert.name == "mine")
    };
    assert!(finds(|_| {}) && !finds(Spend::cover));
}
