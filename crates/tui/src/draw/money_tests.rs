//! Costs, times and rate limits on the screen equal those of the tables: exact, with a mark for what is missing, in the
//! time zone of the clock.

use std::sync::Arc;

use agtop_demo::{self as demo, Demo};
use agtop_model::{
    ActivityRates, ActivityWindow, Agent, BillingPlan, Cost, CostBasis, ModelSpend, PicoUsd, RateLimit,
    RateLimitWindow, Session, Snapshot, Spend, Totals,
};

use crate::testing::{app_at, press, text_of};
use crate::{ColumnChoice, Options};

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

fn usual() -> Options {
    Options::with_defaults("1.0.0", "linux")
}

/// A dollar, of models with a price and of one without.
fn partly_known() -> Spend {
    let mut spend = Spend::default();
    spend.add(Cost { amount: PicoUsd::from_usd(1.0), basis: CostBasis::Api }, 10);
    spend.add(Cost::UNKNOWN, 7_000);
    spend
}

fn unknown() -> Spend {
    let mut spend = Spend::default();
    spend.add(Cost::UNKNOWN, 7_000);
    spend
}

/// Agents of one project, each with a session of its own and this cost.
fn spending(spends: &[Spend]) -> Snapshot {
    let mut snapshot = demo::crowd(spends.len(), spends.len());
    let with = |(agent, spend): (&Arc<Agent>, &Spend)| {
        let before = agent.session.as_deref().unwrap();
        let models = before.models.iter().map(|model| ModelSpend { spend: *spend, ..model.clone() }).collect();
        let session = Session { project: Some("shop".into()), spend: *spend, models, ..before.clone() };
        Arc::new(Agent { session: Some(Arc::new(session)), ..(**agent).clone() })
    };
    snapshot.agents = snapshot.agents.iter().zip(spends).map(with).collect();
    snapshot
}

fn shown(snapshot: Snapshot, keys: &str) -> String {
    let mut app = app_at((160, 40), usual(), snapshot);
    press(&mut app, keys);
    text_of(&app, 160, 40)
}

/// The words of the heading of the first group.
fn heading(snapshot: Snapshot) -> Vec<String> {
    let screen = shown(snapshot, "g");
    screen.lines().find(|line| line.contains('▾')).unwrap().split_whitespace().map(str::to_owned).collect()
}

/// Headings of groups summed dollars as floats: `$0.00` where no price is known, no `+` for an incomplete sum, and
/// `$-0.00` (the sum of no float is minus zero) for agents without a session.
#[test]
fn the_heading_of_a_group_marks_an_incomplete_sum() {
    let dollar = Spend { unknown_turns: 0, unknown_tokens: 0, ..partly_known() };
    let has = |words: &[String], wanted: &str| words.iter().any(|word| word == wanted);
    assert!(has(&heading(spending(&[dollar, unknown()])), "$1.00+"));
    assert!(has(&heading(spending(&[unknown(), unknown()])), "?"));
    let mut idle = spending(&[dollar]);
    idle.agents = idle.agents.iter().map(|agent| Arc::new(Agent { session: None, ..(**agent).clone() })).collect();
    let line = heading(idle);
    assert!(has(&line, "-") && !line.iter().any(|word| word.contains('$')), "{line:?}");
}

/// Two processes on one session doubled its tokens and dollars in groups and on the dashboard; tables count it once.
#[test]
fn a_session_of_two_agents_counts_once_on_the_screen() {
    let mut snapshot = spending(&[partly_known()]);
    snapshot.agents = snapshot.agents.iter().chain(snapshot.agents.iter()).cloned().collect();
    assert!(heading(snapshot.clone()).iter().any(|word| word == "$1.00+"));
    let board = shown(snapshot, "d");
    assert!(board.lines().any(|line| line.contains(" shop") && line.contains("$1.00+")), "{board}");
}

/// The screen ignored `unknown_turns`: sums lacked the `+` that tables have.
#[test]
fn every_incomplete_sum_on_the_screen_is_marked() {
    let mut snapshot = spending(&[partly_known()]);
    let minute = std::time::Duration::from_mins(1);
    let pace = ActivityWindow { requests: 2, spend: partly_known(), ..ActivityWindow::empty(minute) };
    let agents = snapshot.agents.iter().map(|agent| Arc::new(Agent { rates: [pace; 3], ..(**agent).clone() }));
    snapshot.agents = agents.collect();
    snapshot.rates = Arc::new(ActivityRates { rolling: [pace; 3], since_start: pace, ..(*snapshot.rates).clone() });
    let mut by_day = snapshot.totals.by_day.clone();
    for day in &mut by_day {
        day.spend.spend = partly_known();
    }
    snapshot.totals = Arc::new(Totals { by_day, ..(*snapshot.totals).clone() });
    for (keys, sums) in [
        ("", &["+ today  $60.00+/h", "$1.00+"][..]),
        ("d", &["$1.00+"]),
        ("3", &["$1.00+", "$60.00+"]),
        ("4", &["up to $"]),
        ("Tab Tab", &["$1.00+   api", "7.0k tokens of models without a known price", "$60.00+/h"]),
        ("g Tab", &["$1.00+"]),
    ] {
        let screen = shown(snapshot.clone(), keys);
        for sum in sums {
            assert!(screen.contains(sum), "{keys}: no {sum} in\n{screen}");
        }
        for word in screen.split_whitespace().filter(|word| word.contains('$') && !word.contains("$/H")) {
            assert!(word.contains('+') || word == "$0.00", "{keys}: {word} in\n{screen}");
        }
    }
}

/// A day without a known price had the shade of a day without usage.
#[test]
fn a_day_of_unknown_cost_differs_from_a_day_without_usage() {
    let mut snapshot = demo::crowd(1, 1);
    let mut by_day = snapshot.totals.by_day.clone();
    for day in &mut by_day {
        day.spend.spend = unknown();
    }
    snapshot.totals = Arc::new(Totals { by_day, ..(*snapshot.totals).clone() });
    let screen = shown(snapshot, "4");
    assert!(screen.contains("up to ?") && screen.contains("??"), "{screen}");
}

/// `started` was in UTC on the screen and local in tables.
#[test]
fn times_on_the_screen_are_in_the_zone_of_the_clock() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(5));
    let columns = vec![ColumnChoice { id: "started".into(), width: None }];
    let snapshot = demo::crowd(1, 1);
    let started = snapshot.agents[0].session.as_ref().unwrap().started.unwrap();
    let app = app_at((160, 40), Options { columns, zone: zone.clone(), ..usual() }, snapshot);
    let screen = text_of(&app, 160, 40);
    let local = agtop_format::units::moment(started, &zone);
    let utc = agtop_format::units::moment(started, &jiff::tz::TimeZone::UTC);
    assert!(screen.contains(&local) && !screen.contains(&utc), "{local}:\n{screen}");
}

/// The usage of a window that has reset since it was read is unknown: the screen does not show the window.
#[test]
fn a_window_that_has_reset_is_not_on_the_screen() {
    let mut snapshot = demo::crowd(1, 1);
    let (client, read, limit) = snapshot.rate_limits[0].clone();
    let five_hours = RateLimitWindow { minutes: 300, used_percent: 92.0, resets_at: Some(snapshot.now) };
    let week = RateLimitWindow { minutes: 10_080, used_percent: 40.0, resets_at: Some(snapshot.now.plus(HOUR)) };
    let with = |windows| [(client, read, RateLimit { windows, ..limit.clone() })].into();
    snapshot.rate_limits = with(vec![five_hours, week]);
    for keys in ["", "5"] {
        let screen = shown(snapshot.clone(), keys);
        assert!(!screen.contains("92%") && !screen.contains("5h ") && screen.contains("week"), "{screen}");
    }
    snapshot.rate_limits = with(vec![five_hours]);
    assert!(shown(snapshot, "5").contains("Every window has reset since a rate limit was last read"));
}

/// The demo's agents with this billing plan.
fn paid_by(plan: BillingPlan) -> Snapshot {
    let zone = jiff::tz::TimeZone::UTC;
    Demo { start: demo::DEMO_START, zone, agents: 14, sessions: 28, plan }.snapshot(std::time::Duration::from_secs(90))
}

/// `--plan max` and `plan = "max"` reached tables and JSON alone: the screen's rows, header and details showed plain
/// dollars, and the burn alert counted dollars that are not billed.
#[test]
fn what_a_subscription_covers_is_marked_and_raises_no_alert() {
    let screens = [("", "incl. today"), ("2", " incl."), ("3", " incl."), ("Enter", "covered by the subscription")];
    for (keys, mark) in screens {
        let metered = shown(paid_by(BillingPlan::Retail), keys);
        assert!(metered.contains("burn $") && !metered.contains("incl."), "{keys}:\n{metered}");
        let covered = shown(paid_by(BillingPlan::Included), keys);
        assert!(covered.contains(mark) && !covered.contains("burn $"), "{keys}: no {mark} in\n{covered}");
    }
    let rows = shown(paid_by(BillingPlan::Max), "");
    let table = || rows.lines().skip_while(|line| !line.contains("STATUS")).take_while(|line| !line.contains("Info"));
    let mut agents = table().filter(|row| row.contains(" claude ") || row.contains(" codex "));
    assert!(agents.all(|row| row.contains(" claude ") == row.contains("incl.")), "{rows}");
    assert!(rows.contains(" + $") && !rows.contains("burn $"), "{rows}");
}

/// The header said 403k tokens a minute: 32k of input and output, and a prompt of 371k that was read from a cache.
#[test]
fn the_rate_is_input_and_output_and_caches_have_rows_of_their_own() {
    let snapshot = paid_by(BillingPlan::Retail);
    let minute = snapshot.rates.one_minute();
    assert_eq!(minute.tokens_per_minute().map(f64::round), Some(402_780.0));
    let rates = shown(snapshot, "3");
    let five = snapshot_rate(&paid_by(BillingPlan::Retail));
    assert!(rates.contains(&format!(" {five} tok/min")) && !rates.contains("403k"), "{rates}");
    for row in ["cache reads                   346k", "cache writes                   24k", "cut off (max_tokens) "] {
        assert!(rates.contains(row), "no {row} in\n{rates}");
    }
}

fn snapshot_rate(snapshot: &Snapshot) -> String {
    let rate = snapshot.rates.five_minutes().fresh_tokens_per_minute().unwrap();
    agtop_format::units::count(crate::widgets::whole(rate))
}

/// `$0.11 + $31.42 incl./h`, over five minutes, was shown beside the tokens of one minute.
#[test]
fn rates_of_the_header_are_over_five_minutes_each_with_its_unit() {
    let snapshot = paid_by(BillingPlan::Max);
    let hour = snapshot.rates.five_minutes().spend_per_hour().unwrap();
    let text = agtop_format::money::parts_per_hour(&hour);
    assert!(text.contains("/h + $") && text.ends_with("/h incl."), "{text}");
    let (rate, header) = (snapshot_rate(&snapshot), shown(snapshot, ""));
    assert!(header.contains(&text) && header.contains(&format!("{rate} tok/min")), "{header}");
}

/// With `--plan max`, a column since the start had `cost -$7.84` and `cost / hour -$18,663`: a share of the amount, and
/// all that was covered. The others left out what was covered, with no mark.
#[test]
fn rates_mark_what_is_covered_and_have_no_negative_cost() {
    let snapshot = paid_by(BillingPlan::Max);
    let since_start = snapshot.rates.since_start.spend;
    assert!(since_start.covered <= since_start.amount && since_start.covered > PicoUsd::ZERO);
    let rates = shown(snapshot, "3");
    for name in ["  cost   ", "  cost / hour   "] {
        let row = rates.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(!row.contains("-$") && row.matches("incl.").count() >= 4, "{row}");
    }
}

/// `incl.` was shown without its amount where there was room for both, and a mixed day was shown as plain dollars.
#[test]
fn amounts_precede_their_mark_where_there_is_room() {
    let screen = |keys| {
        let mut app = app_at((300, 100), usual(), paid_by(BillingPlan::Max));
        press(&mut app, keys);
        text_of(&app, 300, 100)
    };
    let claude = screen("");
    let row = claude.lines().skip(1).find(|row| row.contains(" claude ") && row.contains("incl.")).unwrap();
    let before = row.split("incl.").next().unwrap().trim_end();
    assert!(before.rsplit(' ').next().is_some_and(|amount| amount.starts_with('$')), "{row}");
    let days = screen("4");
    assert!(days.lines().skip(2).any(|row| row.contains(" + $") && row.contains(" incl. ")), "{days}");
}
