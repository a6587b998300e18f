use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, BillingPlan, ContextGrowth, ContextSource, ContextWindow, Cost, CostBasis, Evidence, Gap,
    GrowthBasis, InFlight, ModelSpend, Phase, PicoUsd, Session, SessionDay, SessionKey, Spend, Status, StopReason,
    Timestamp, Title, TitleRank, ToolCount, Usage,
};

use crate::base;
use crate::catalog::{CLAUDE_MODEL, DemoModel, EXCHANGES, MODELS, PROJECTS, STATUS_CYCLE, TOOL_CALLS};
use crate::moment::DemoMoment;
use crate::random::{fraction, pick, whole};

/// Whether an agent uses tokens in that status.
pub(super) const fn is_at_work(status: Status) -> bool {
    matches!(status, Status::Working | Status::Spawning | Status::Active)
}

/// The status of session `at`, the first `live` sessions have an agent.
pub(super) fn status_of(moment: &DemoMoment, at: usize, live: usize) -> Status {
    let ended = || match at % 4 {
        0 => Status::Resumable,
        1 | 2 => Status::Done,
        _ => Status::Stale,
    };
    if at >= live {
        return ended();
    }
    let status = STATUS_CYCLE.get(at % STATUS_CYCLE.len()).copied().unwrap_or_default();
    // A permission request is answered after a while, and the agent asks again later.
    let minute = (moment.elapsed + 17.0 * at as f64) % 90.0;
    if status == Status::NeedsPermission && at > 5 && minute > 50.0 { Status::Working } else { status }
}

pub(super) fn model(at: usize) -> DemoModel {
    const MODEL_CYCLE: [usize; 10] = [0, 1, 2, 0, 3, 4, 0, 1, 2, 5];
    let model = MODEL_CYCLE.get(at % MODEL_CYCLE.len()).and_then(|&index| MODELS.get(index));
    model.copied().unwrap_or(CLAUDE_MODEL)
}

pub(super) fn project(at: usize) -> (&'static str, &'static str, &'static str) {
    pick(PROJECTS, at, 1).unwrap_or(("", "", ""))
}

/// Seconds since the session was last active.
fn idle_seconds(moment: &DemoMoment, at: usize, live: usize, status: Status) -> f64 {
    match status {
        Status::Stalled => 840.0 + moment.elapsed % 600.0,
        Status::Idle => 700.0 + 400.0 * fraction(at, 2) + moment.elapsed % 3600.0,
        Status::NeedsPermission | Status::NeedsInput => 12.0 + 60.0 * fraction(at, 2) + moment.elapsed % 120.0,
        Status::Stale => 90_000.0 + 40_000.0 * at as f64,
        _ if at >= live => 1_800.0 + 1_900.0 * (at - live) as f64,
        _ => (moment.elapsed + 3.0 * at as f64) % 9.0,
    }
}

pub(super) fn session(moment: &DemoMoment, at: usize, live: usize) -> Session {
    let status = status_of(moment, at, live);
    let (project, branch, title) = project(at);
    let model = model(at);
    let age = 900.0 + 20_000.0 * fraction(at, 3);
    let idle_seconds = idle_seconds(moment, at, live, status);
    let usage = usage(moment, at, status);
    let spend = spend(moment.plan, model, &usage, 40 + whole(200.0 * fraction(at, 5)));
    let turns = spend.api_turns;
    let id = format!("{:08x}-e18a-4a4c-a793-{:012x}", whole(fraction(at, 6) * 4e9), whole(fraction(at, 7) * 2e14));
    let subagents = usize::from(status == Status::Spawning) * 2 + usize::from(at % 9 == 3);
    let used = whole(model.context_window as f64 * (0.12 + 0.78 * fraction(at, 8)).min(0.97))
        + tokens_since(moment, at, status) / 40;
    let context = ContextWindow {
        used: used.min(model.context_window),
        limit: model.context_window,
        source: ContextSource::Table,
    };
    let left = context.limit.saturating_sub(context.used) as f64 / 21_000.0 * 60.0;
    Session {
        key: SessionKey::new(model.client, id),
        title: Some(Title { rank: TitleRank::Generated, text: title.into() }),
        public_title: Some(Title { rank: TitleRank::Generated, text: title.into() }),
        cwd: Some(PathBuf::from("/home/ada/code").join(project)),
        project: Some(project.into()),
        branch: Some(branch.into()),
        version: Some("2.1.9".into()),
        origin: Some("cli".into()),
        started: Some(moment.ago(idle_seconds + age)),
        last_active: Some(moment.ago(idle_seconds)),
        model: Some(model.model.into()),
        own_usage: usage,
        own_spend: spend,
        own_days: days(
            moment,
            at,
            moment.ago(idle_seconds),
            &ModelSpend { model: Some(model.model.into()), usage, spend, turns },
        ),
        usage,
        spend,
        models: vec![ModelSpend { model: Some(model.model.into()), usage, spend, turns }],
        turns,
        prompts: 3 + whole(20.0 * fraction(at, 9)),
        errors: u64::from(status == Status::RateLimited) * 3,
        compactions: whole(2.4 * fraction(at, 10)),
        context: if at >= live && at.is_multiple_of(7) { Err(Gap::NotReported) } else { Ok(context) },
        growth: is_at_work(status).then(|| ContextGrowth {
            tokens_per_minute: 21_000.0,
            full_in: Some(Duration::from_secs_f64(left)),
            grown_at: None,
            basis: GrowthBasis::LastResponses,
        }),
        cache_saving: PicoUsd::from_usd(spend.amount.as_usd() * 3.1),
        repeats: if status == Status::Stalled { 7 } else { 0 },
        recent: if at < live { recent(moment, at, status) } else { vec![] },
        tools: tools(at),
        in_flight: in_flight(moment, at, status),
        stop: (status == Status::NeedsInput).then_some(StopReason::EndTurn),
        phase: phase(status),
        children: (0..subagents).map(|child| Arc::new(subagent(moment, at, child))).collect(),
        files: 1 + u32::try_from(subagents).unwrap_or(0),
        subagent_files: u32::try_from(subagents).unwrap_or(0),
        status,
        evidence: if at < live { Evidence::Transcript } else { Evidence::Age },
        ..base::session(model.client, "")
    }
}

/// Tokens since the demo began.
pub(super) fn tokens_since(moment: &DemoMoment, at: usize, status: Status) -> u64 {
    if is_at_work(status) { whole(moment.elapsed * tokens_per_second(at)) } else { 0 }
}

pub(super) fn tokens_per_second(at: usize) -> f64 {
    200.0 + 1_400.0 * fraction(at, 11)
}

fn usage(moment: &DemoMoment, at: usize, status: Status) -> Usage {
    let total = whole(8.0e5 + 1.1e7 * fraction(at, 4).powi(3)) + tokens_since(moment, at, status);
    let share = |percent: u64| total / 100 * percent;
    Usage {
        input: share(4),
        cache_read: share(88),
        cache_write_5m: share(6),
        cache_write_1h: 0,
        output: share(2),
        reasoning: share(1),
        web_searches: 0,
    }
}

pub(super) fn spend(plan: BillingPlan, model: DemoModel, usage: &Usage, turns: u64) -> Spend {
    let [fresh, cached, written, output] = model.rates;
    let usd = (usage.input as f64 * fresh
        + usage.cache_read as f64 * cached
        + usage.cache_write() as f64 * written
        + usage.output as f64 * output)
        / 1e6;
    let mut spend = Spend::default();
    spend.add(Cost { amount: PicoUsd::from_usd(usd), basis: CostBasis::Api }, usage.total());
    spend.api_turns = turns;
    if plan.covers(model.client) {
        spend.cover();
    }
    spend
}

fn phase(status: Status) -> Phase {
    match status {
        Status::NeedsPermission => Phase::AwaitsUser,
        Status::NeedsInput | Status::Idle | Status::Done => Phase::Finished,
        Status::RateLimited => Phase::Limited,
        _ => Phase::Open,
    }
}

fn call(moment: &DemoMoment, at: usize, back: u64) -> (&'static str, &'static str) {
    let step = whole((moment.elapsed + 5.0 * at as f64) / 6.0);
    pick(TOOL_CALLS, at, 100 + step.saturating_sub(back)).unwrap_or(("", ""))
}

fn in_flight(moment: &DemoMoment, at: usize, status: Status) -> Vec<InFlight> {
    let (name, target) = match status {
        Status::NeedsPermission => ("Bash", "git push --force-with-lease origin main"),
        Status::Stalled => ("Bash", "./scripts/wait-for-it.sh db:5432"),
        status if is_at_work(status) => call(moment, at, 0),
        _ => return vec![],
    };
    let one = |name: &str, target: &str, is_subagent| InFlight {
        name: name.into(),
        target: Some(target.into()),
        since: Some(moment.ago((moment.elapsed + 5.0 * at as f64) % 6.0 + 1.0)),
        is_subagent,
        usual: Some(Duration::from_secs(9)),
    };
    let mut running = vec![one(name, target, false)];
    if status == Status::Spawning {
        running.push(one("code-reviewer", "review the auth refactor", true));
        running.push(one("test-writer", "cover the refund path", true));
    }
    running
}

fn recent(moment: &DemoMoment, at: usize, status: Status) -> Vec<Activity> {
    let (prompt, answer) = pick(EXCHANGES, at, 11).unwrap_or_default();
    let mut all = vec![
        Activity { at: Some(moment.ago(70.0)), kind: ActivityKind::Asked(Some(prompt.into())) },
        Activity { at: Some(moment.ago(41.0)), kind: ActivityKind::Said(answer.into()) },
    ];
    for back in (1..=4).rev() {
        let (tool, target) = call(moment, at, back);
        let ago = 6.0 * back as f64;
        all.push(Activity {
            at: Some(moment.ago(ago + 4.0)),
            kind: ActivityKind::Called { tool: tool.into(), target: Some(target.into()) },
        });
        let outcome = if (at as u64 + back).is_multiple_of(5) { Err(()) } else { Ok(()) };
        all.push(Activity { at: Some(moment.ago(ago)), kind: ActivityKind::Returned { tool: tool.into(), outcome } });
    }
    match status {
        Status::NeedsPermission => all.push(Activity { at: Some(moment.ago(4.0)), kind: ActivityKind::Waited }),
        Status::NeedsInput => {
            all.push(Activity { at: Some(moment.ago(9.0)), kind: ActivityKind::Stopped(StopReason::EndTurn) });
        }
        Status::RateLimited => {
            all.push(Activity {
                at: Some(moment.ago(3.0)),
                kind: ActivityKind::Failed("429: the allowance is used up".into()),
            });
        }
        _ => {}
    }
    all
}

fn tools(at: usize) -> Vec<ToolCount> {
    let counts = [("Bash", 47.0), ("Edit", 23.0), ("Read", 12.0), ("Grep", 8.0), ("Write", 5.0), ("Task", 2.0)];
    let count =
        |(name, most): (&str, f64)| ToolCount { name: name.into(), calls: 1 + whole(most * (0.4 + fraction(at, 12))) };
    counts.into_iter().map(count).collect()
}

/// The usage of a session by day; a quarter of the sessions used tokens on two days.
fn days(moment: &DemoMoment, at: usize, last: Timestamp, all: &ModelSpend) -> Arc<[SessionDay]> {
    let day = moment.day(last);
    if at % 4 != 1 {
        return [SessionDay { day, spend: all.clone() }].into();
    }
    let before = Usage { output: all.usage.output / 3, ..Usage::default() };
    let rest = Usage { output: all.usage.output - before.output, ..all.usage };
    let first = ModelSpend { usage: before, spend: Spend::default(), turns: 0, model: all.model.clone() };
    let first = SessionDay { day: day.map(|day| day - 1), spend: first };
    [first, SessionDay { day, spend: ModelSpend { usage: rest, ..all.clone() } }].into()
}

fn subagent(moment: &DemoMoment, at: usize, child: usize) -> Session {
    let seed = at * 100 + child + 5_000;
    let model = model(seed);
    let usage = Usage { input: 9_000, cache_read: 240_000, cache_write_5m: 30_000, output: 6_000, ..Usage::default() };
    let spend = spend(moment.plan, model, &usage, 12);
    let name = if child == 0 { "code-reviewer" } else { "test-writer" };
    let status = if child == 0 { Status::Working } else { Status::Active };
    Session {
        key: SessionKey::new(model.client, format!("agent-{at}-{child}")),
        title: Some(Title { rank: TitleRank::Given, text: name.into() }),
        public_title: Some(Title { rank: TitleRank::Given, text: name.into() }),
        own_usage: usage,
        own_spend: spend,
        usage,
        spend,
        turns: 12,
        status,
        in_flight: in_flight(moment, seed, Status::Working),
        started: Some(moment.ago(200.0)),
        last_active: Some(moment.ago(2.0)),
        model: Some(model.model.into()),
        context: Ok(ContextWindow { used: 61_000, limit: model.context_window, source: ContextSource::Table }),
        evidence: Evidence::Transcript,
        ..base::session(model.client, "")
    }
}
