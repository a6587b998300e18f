use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, ContextGrowth, ContextSource, ContextWindow, Cost, Decay, Evidence, GrowthBasis, InFlight,
    ModelSpend, Phase, PicoUsd, Session, SessionKey, Spend, Status, StopReason, Title, TitleRank, ToolCount, Usage,
};

use crate::base::session;
use crate::sample::aggregates::api_cost;
use crate::sample::ids::{
    CLAUDE, CLAUDE_SESSION, CODEX, CODEX_SESSION, GEMINI, GEMINI_SESSION, NOW, OPENCODE, OPENCODE_SESSION, SECRET_TEXT,
    ago,
};

/// The session after `turns` responses of `model` with that usage and cost, its those of its subagents included.
fn used(mut session: Session, model: &str, (usage, cost, turns): (Usage, Cost, u64)) -> Session {
    let mut spend = Spend::default();
    spend.add(cost, usage.total());
    session.model = Some(model.into());
    session.own_usage = usage;
    session.own_spend = spend;
    session.usage = usage;
    session.spend = spend;
    session.turns = turns;
    for child in &session.children {
        session.usage += child.usage;
        session.spend += child.spend;
        session.turns += child.turns;
    }
    session.models = vec![ModelSpend {
        model: session.model.clone(),
        usage: session.usage,
        spend: session.spend,
        turns: session.turns,
    }];
    session
}

pub(super) fn claude_session() -> Session {
    let subagent = |n: u32| {
        let child = Session {
            parent: Some(SessionKey::new(CLAUDE, CLAUDE_SESSION)),
            origin: Some("code-reviewer".into()),
            tag: None,
            started: Some(ago(500)),
            status: Status::Done,
            ..session(CLAUDE, &format!("{CLAUDE_SESSION}/agent-{n}"))
        };
        let usage = Usage { input: 600, cache_read: 12_304, cache_write_5m: 1000, output: 135, ..Usage::default() };
        Arc::new(used(child, "claude-opus-4-7", (usage, api_cost(0.105), 3)))
    };
    let working = Session {
        title: Some(Title { rank: TitleRank::Generated, text: "Prover polish".into() }),
        public_title: Some(Title { rank: TitleRank::Generated, text: "Prover polish".into() }),
        cwd: Some(PathBuf::from("/work/prover")),
        project: Some("prover".into()),
        branch: Some("main".into()),
        version: Some("2.1.7".into()),
        started: Some(ago(280_000)),
        last_active: Some(ago(4)),
        prompts: 12,
        errors: 1,
        compactions: 1,
        context: Ok(ContextWindow { used: 515_708, limit: 1_000_000, source: ContextSource::Table }),
        growth: Some(ContextGrowth {
            tokens_per_minute: 1_250.5,
            full_in: Some(Duration::from_mins(347)),
            grown_at: Some(ago(4)),
            basis: GrowthBasis::LastResponses,
        }),
        decay: Some(Decay { fill: 20.8, errors: 4.0, output: 7.5, repeats: 0.0, known_until: NOW }),
        cache_saving: PicoUsd::from_usd(25.59),
        recent: vec![
            Activity { at: Some(ago(60)), kind: ActivityKind::Asked(Some(SECRET_TEXT.into())) },
            Activity {
                at: Some(ago(20)),
                kind: ActivityKind::Called { tool: "Bash".into(), target: Some(format!("echo {SECRET_TEXT}").into()) },
            },
        ],
        tools: vec![ToolCount { name: "Bash".into(), calls: 47 }, ToolCount { name: "Edit".into(), calls: 23 }],
        in_flight: vec![in_flight("code-reviewer", "review", true), in_flight("Bash", "echo", false)],
        stop: Some(StopReason::ToolUse),
        phase: Phase::Open,
        children: vec![subagent(1), subagent(2)],
        files: 3,
        subagent_files: 2,
        status: Status::Working,
        evidence: Evidence::StatusFile,
        ..session(CLAUDE, CLAUDE_SESSION)
    };
    let usage = Usage {
        input: 45_000,
        cache_read: 5_687_696,
        cache_write_5m: 78_000,
        cache_write_1h: 9_008,
        output: 45_865,
        reasoning: 5_000,
        web_searches: 1,
    };
    used(working, "claude-opus-4-7", (usage, api_cost(4.0), 214))
}

fn in_flight(name: &str, verb: &str, is_subagent: bool) -> InFlight {
    let target = Some(format!("{verb} {SECRET_TEXT}").into());
    InFlight { name: name.into(), target, since: Some(ago(20)), is_subagent, usual: None }
}

pub(super) fn codex_session() -> Session {
    let waiting = Session {
        title: Some(Title { rank: TitleRank::FirstPrompt, text: SECRET_TEXT.into() }),
        public_title: None,
        cwd: Some(PathBuf::from("/work/shop")),
        project: Some("shop".into()),
        branch: Some("fix/basket".into()),
        started: Some(ago(390)),
        last_active: Some(ago(75)),
        prompts: 2,
        context: Ok(ContextWindow { used: 244_000, limit: 258_400, source: ContextSource::Vendor }),
        status: Status::NeedsPermission,
        evidence: Evidence::Hook,
        ..session(CODEX, CODEX_SESSION)
    };
    let usage = Usage { input: 22_000, cache_read: 3_000, output: 1_800, reasoning: 900, ..Usage::default() };
    used(waiting, "gpt-5-codex", (usage, api_cost(0.19), 9))
}

pub(super) fn gemini_session() -> Session {
    let idle = Session {
        project: Some("日本語プロジェクト".into()),
        last_active: Some(ago(1_900)),
        status: Status::Idle,
        evidence: Evidence::Presence,
        ..session(GEMINI, GEMINI_SESSION)
    };
    let usage = Usage { input: 900, output: 50, ..Usage::default() };
    used(idle, "gemini-9-experimental", (usage, Cost::UNKNOWN, 2))
}

pub(super) fn opencode_session() -> Session {
    let stale = Session {
        title: Some(Title { rank: TitleRank::Given, text: "größere Änderungen 🦀".into() }),
        public_title: Some(Title { rank: TitleRank::Given, text: "größere Änderungen 🦀".into() }),
        cwd: Some(PathBuf::from("/work/notes")),
        project: Some("notes".into()),
        started: Some(ago(300_000)),
        last_active: Some(ago(200_000)),
        status: Status::Stale,
        ..session(OPENCODE, OPENCODE_SESSION)
    };
    let usage = Usage { input: 120_000, output: 8_000, ..Usage::default() };
    used(stale, "ollama/qwen3", (usage, Cost::LOCAL, 31))
}
