use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, BillingPlan, ClientId, ContextGrowth, ContextSource, ContextWindow, Cost, CostBasis,
    Evidence, Gap, GrowthBasis, InFlight, ModelSpend, Phase, PicoUsd, Session, SessionDay, SessionKey, Spend, Status,
    StopReason, Timestamp, Title, TitleRank, ToolCount, Usage,
};

use crate::base;
use crate::catalog::{AIDER, CLAUDE, CLAUDE_MODEL, CODEX, DemoModel, GEMINI, MODELS, OPENCODE, STATUS_CYCLE};
use crate::moment::DemoMoment;
use crate::random::{fraction, whole};
use crate::story::{FIRST_STORY, STEP_KINDS, STORIES, StepKind, Story, tool};

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
    let status = if status == Status::Spawning && model(at).client != CLAUDE { Status::Working } else { status };
    if status == Status::NeedsPermission && at > 5 && minute > 50.0 { Status::Working } else { status }
}

pub(super) fn model(at: usize) -> DemoModel {
    const MODEL_CYCLE: [usize; 10] = [0, 1, 2, 0, 3, 4, 0, 1, 2, 5];
    let model = MODEL_CYCLE.get(at % MODEL_CYCLE.len()).and_then(|&index| MODELS.get(index));
    model.copied().unwrap_or(CLAUDE_MODEL)
}

/// What session `at` is about.
pub(super) fn story(at: usize) -> &'static Story {
    let index = usize::try_from(whole(fraction(at, 1) * STORIES.len() as f64)).unwrap_or(0);
    STORIES.get(index).unwrap_or(&FIRST_STORY)
}

/// Seconds since the session was last active.
fn idle_seconds(moment: &DemoMoment, at: usize, live: usize, status: Status) -> f64 {
    match status {
        Status::Stalled => 840.0 + moment.elapsed % 600.0,
        Status::Idle => 700.0 + 400.0 * fraction(at, 2) + moment.elapsed % 3600.0,
        Status::NeedsPermission | Status::NeedsInput => 12.0 + 60.0 * fraction(at, 2) + moment.elapsed % 120.0,
        Status::Stale => 90_000.0 + 40_000.0 * at as f64,
        _ if at >= live => 1_800.0 + 5_400.0 * ((at - live) as f64).powf(1.25),
        _ => (moment.elapsed + 3.0 * at as f64) % 9.0,
    }
}

pub(super) fn session(moment: &DemoMoment, at: usize, live: usize) -> Session {
    let status = status_of(moment, at, live);
    let story = story(at);
    let model = model(at);
    let age = 900.0 + 20_000.0 * fraction(at, 3);
    let idle_seconds = idle_seconds(moment, at, live, status);
    let usage = usage(moment, at, status);
    let spend = priced(moment.plan, model, &usage, 40 + whole(200.0 * fraction(at, 5)));
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
        title: Some(Title { rank: TitleRank::Generated, text: story.title.into() }),
        public_title: Some(Title { rank: TitleRank::Generated, text: story.title.into() }),
        cwd: Some(story.directory()),
        project: Some(story.project.into()),
        branch: Some(story.branch.into()),
        version: Some(version(model.client).into()),
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
        recent: if at < live { recent(moment, at, model.client, status) } else { vec![] },
        tools: tools(at, model.client),
        in_flight: in_flight(moment, at, model.client, status),
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

/// What the usage costs. Costs are exact, so that the costs of parts add up to that of their sum.
pub(super) fn priced(plan: BillingPlan, model: DemoModel, usage: &Usage, turns: u64) -> Spend {
    let buckets = [usage.input, usage.cache_read, usage.cache_write(), usage.output];
    let mut amount = PicoUsd::ZERO;
    for (tokens, rate) in buckets.into_iter().zip(model.rates) {
        amount += PicoUsd::new(rate * 1_000).times(tokens);
    }
    let mut spend = Spend::default();
    spend.add(Cost { amount: Some(amount), basis: CostBasis::Api }, usage.total());
    spend.api_turns = turns;
    if plan.covers(model.client) {
        spend.cover();
    }
    spend
}

/// The release of the agent.
fn version(client: ClientId) -> &'static str {
    match client {
        CODEX => "0.63.0",
        GEMINI => "0.18.2",
        OPENCODE => "1.0.85",
        AIDER => "0.86.1",
        _ => "2.1.9",
    }
}

fn phase(status: Status) -> Phase {
    match status {
        Status::NeedsPermission => Phase::AwaitsUser,
        Status::NeedsInput | Status::Idle | Status::Done => Phase::Finished,
        Status::RateLimited => Phase::Limited,
        _ => Phase::Open,
    }
}

/// Seconds between two tool calls of an agent at work.
const STEP_SECONDS: f64 = 6.0;

/// How far the agent has come in its story: the step at which it is, and the seconds since that step began. After the
/// last step the user asks again.
fn progress(moment: &DemoMoment, at: usize) -> (usize, f64) {
    let time = moment.elapsed + 5.0 * at as f64;
    let step = usize::try_from(whole(time / STEP_SECONDS)).unwrap_or(0) % story(at).steps.len();
    (step, time % STEP_SECONDS)
}

/// The tool call of that step.
fn call(client: ClientId, at: usize, step: usize) -> Option<(&'static str, &'static str)> {
    let (kind, target) = *story(at).steps.get(step)?;
    Some((tool(client, kind)?, target))
}

fn in_flight(moment: &DemoMoment, at: usize, client: ClientId, status: Status) -> Vec<InFlight> {
    let (step, seconds) = progress(moment, at);
    let run = |command| Some((tool(client, StepKind::Run)?, command));
    let Some((name, target)) = (match status {
        Status::NeedsPermission => run(story(at).risky_command),
        Status::Stalled => run(story(at).slow_command),
        status if is_at_work(status) => call(client, at, step),
        _ => None,
    }) else {
        return vec![];
    };
    let one = |name: &str, target: &str, is_subagent| InFlight {
        name: name.into(),
        target: Some(target.into()),
        since: Some(moment.ago(if is_at_work(status) {
            seconds
        } else {
            idle_seconds(moment, at, usize::MAX, status)
        })),
        is_subagent,
        usual: Some(Duration::from_secs(9)),
    };
    let mut running = vec![one(name, target, false)];
    if status == Status::Spawning {
        running.push(one("code-reviewer", "review the auth refactor", true));
        running.push(one("test-writer", "cover the failing case", true));
    }
    running
}

/// What happened since the user asked: the answer, the steps until now, and what stopped the agent, in the order of time.
fn recent(moment: &DemoMoment, at: usize, client: ClientId, status: Status) -> Vec<Activity> {
    let story = story(at);
    let (step, seconds) = progress(moment, at);
    // An agent that is not at work stopped where it is now.
    let since_step = if is_at_work(status) { seconds } else { idle_seconds(moment, at, usize::MAX, status) };
    let ago = |steps: usize| since_step + STEP_SECONDS * steps as f64;
    let activity = |seconds: f64, kind| Activity { at: Some(moment.ago(seconds)), kind };
    let mut all = vec![
        activity(ago(step) + 5.0, ActivityKind::Asked(Some(story.prompt.into()))),
        activity(ago(step) + 2.0, ActivityKind::Said(story.answer.into())),
    ];
    for done in 0..step {
        let Some((tool, target)) = call(client, at, done) else { continue };
        let (tool, target) = (tool.into(), Some(target.into()));
        all.push(activity(ago(step - done), ActivityKind::Called { tool, target }));
        let tool = call(client, at, done).map_or("", |(tool, _)| tool).into();
        // The first command of a story fails, as the one that shows the fault does.
        let is_first_run = story.steps.iter().position(|(kind, _)| *kind == StepKind::Run) == Some(done);
        let outcome = if is_first_run { Err(()) } else { Ok(()) };
        all.push(activity(ago(step - done) - 3.0, ActivityKind::Returned { tool, outcome }));
    }
    for running in in_flight(moment, at, client, status).into_iter().filter(|running| !running.is_subagent) {
        let kind = ActivityKind::Called { tool: running.name, target: running.target };
        all.push(Activity { at: running.since, kind });
    }
    match status {
        Status::NeedsPermission => all.push(activity(since_step, ActivityKind::Waited)),
        Status::NeedsInput => all.push(activity(since_step, ActivityKind::Stopped(StopReason::EndTurn))),
        Status::RateLimited => {
            all.push(activity(since_step, ActivityKind::Failed("429: the allowance is used up".into())));
        }
        _ => {}
    }
    all
}

fn tools(at: usize, client: ClientId) -> Vec<ToolCount> {
    let mut counts: Vec<ToolCount> = Vec::new();
    for (kind, most) in STEP_KINDS.into_iter().zip([47.0, 23.0, 12.0, 8.0]) {
        let Some(name) = tool(client, kind) else { continue };
        let calls = 1 + whole(most * (0.4 + fraction(at, 12)));
        match counts.iter_mut().find(|count| count.name.raw() == name) {
            Some(count) => count.calls += calls,
            None => counts.push(ToolCount { name: name.into(), calls }),
        }
    }
    if client == CLAUDE {
        counts.push(ToolCount { name: "Task".into(), calls: 2 });
    }
    counts
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
    let model = model(at);
    let usage = Usage { input: 9_000, cache_read: 240_000, cache_write_5m: 30_000, output: 6_000, ..Usage::default() };
    let spend = priced(moment.plan, model, &usage, 12);
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
        in_flight: in_flight(moment, at, model.client, Status::Working),
        started: Some(moment.ago(200.0)),
        last_active: Some(moment.ago(2.0)),
        model: Some(model.model.into()),
        context: Ok(ContextWindow { used: 61_000, limit: model.context_window, source: ContextSource::Table }),
        evidence: Evidence::Transcript,
        ..base::session(model.client, "")
    }
}
