//! The lines of the details.

use std::sync::Arc;
use std::time::Duration;

use agtop_demo as demo;
use agtop_format::Content;
use agtop_model::{
    Activity, ActivityKind, Agent, ContextGrowth, Cost, CostBasis, GrowthBasis, Snapshot, Spend, Timestamp,
};

use crate::testing::snapshot_message;
use crate::{App, Options};

/// The details of a demo with one agent, after a change to the agent.
fn popup(change: impl FnOnce(&mut Agent)) -> String {
    let snapshot = demo::crowd(1, 1);
    let mut agent = Agent::clone(&snapshot.agents[0]);
    change(&mut agent);
    of(snapshot.with_agents([agent]))
}

fn of(snapshot: Snapshot) -> String {
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    app.update(snapshot_message(Arc::new(snapshot)));
    let facts = app.details().unwrap().all();
    let lines: Vec<String> = facts.iter().map(|fact| format!("{}: {}", fact.name, fact.value)).collect();
    lines.join("\n")
}

fn session(agent: &mut Agent, change: impl FnOnce(&mut agtop_model::Session)) {
    let mut session = (**agent.session.as_ref().unwrap()).clone();
    change(&mut session);
    agent.session = Some(Arc::new(session));
}

fn line<'a>(popup: &'a str, name: &str) -> &'a str {
    popup.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap_or_else(|| panic!("no {name} in {popup}"))
}

#[test]
fn details_show_model_processor_memory_and_threads() {
    let popup = popup(|_| {});
    assert!(line(&popup, "model").contains("claude-opus-4-7"));
    assert!(line(&popup, "cpu").contains('%') && line(&popup, "cpu").contains('▃'), "{popup}");
    assert!(line(&popup, "memory").contains("resident") && line(&popup, "memory").contains("2.1G virtual"));
    assert!(line(&popup, "threads").contains("14") && line(&popup, "threads").contains("state R   parent 1200 (tmux)"));
}

#[test]
fn a_session_much_older_than_its_process_was_resumed() {
    let young = popup(|agent| {
        let process = agtop_model::Process { started_at: Ok(demo::DEMO_START), ..(*agent.process).clone() };
        agent.process = Arc::new(process);
    });
    assert!(line(&young, "uptime").contains("(resumed)"), "{young}");
    let same = popup(|agent| {
        let started = agent.process.started_at.unwrap();
        session(agent, |session| session.started = Some(started.minus(Duration::from_secs(59))));
    });
    assert!(!line(&same, "uptime").contains("(resumed)"), "{same}");
}

#[test]
fn a_dangerous_flag_is_shown_only_where_there_is_one() {
    let dangerous = popup(|_| {});
    assert!(line(&dangerous, "dangerous").contains("--dangerously-skip-permissions"));
    let safe = popup(|agent| agent.danger = None);
    assert!(!safe.contains("dangerous:"));
}

#[test]
fn details_show_tokens_cost_and_cache() {
    let popup = popup(|_| {});
    assert!(line(&popup, "tokens").contains(" in   ") && line(&popup, "tokens").contains(" out"));
    assert!(line(&popup, "cost").contains("api · prices as of 2026-11-20 (bundled)"));
    assert!(line(&popup, "cache").contains("% hit") && line(&popup, "cache").contains("saved $"));
}

#[test]
fn a_local_model_is_local_and_not_free() {
    let local = popup(|agent| {
        session(agent, |session| {
            session.spend = Spend::default();
            session.spend.add(Cost { amount: None, basis: CostBasis::Local }, 1);
        });
    });
    assert!(line(&local, "cost").starts_with("cost: local   local"), "{local}");
    let unknown = popup(|agent| {
        session(agent, |session| {
            session.spend = Spend::default();
            session.spend.add(Cost::UNKNOWN, 1);
        });
    });
    assert!(line(&unknown, "cost").starts_with("cost: ?   unknown"), "{unknown}");
    assert!(line(&unknown, "cost").ends_with("without 1 tokens of models without a known price"), "{unknown}");
}

fn with_context(used: u64, growth: Option<ContextGrowth>) -> String {
    popup(|agent| {
        session(agent, |session| {
            let context = session.context.as_mut().unwrap();
            (context.used, context.limit) = (used, 1_000_000);
            session.growth = growth;
        });
    })
}

#[test]
fn the_context_window_is_a_bar_of_24_columns() {
    let half = with_context(500_000, None);
    let bar: String = line(&half, "context").chars().filter(|c| matches!(c, '━' | '─')).collect();
    assert_eq!(bar, format!("{}{}", "━".repeat(12), "─".repeat(12)));
    assert!(line(&half, "context").contains("50%") && line(&half, "context").contains("500k of 1.0M tokens"));
}

#[test]
fn compaction_is_near_from_90_percent_on() {
    assert!(!with_context(899_000, None).contains("approaching auto-compaction"));
    assert!(with_context(900_000, None).contains("approaching auto-compaction"));
    assert!(with_context(4_000_000, None).contains("100%"), "never more than all of it");
}

#[test]
fn growth_shows_the_time_to_compaction_or_that_there_is_no_growth() {
    let growth = ContextGrowth {
        tokens_per_minute: 38_000.0,
        full_in: Some(Duration::from_mins(14)),
        grown_at: None,
        basis: GrowthBasis::LastResponses,
    };
    let of = |growth| line(&with_context(500_000, Some(growth)), "growth").to_owned();
    assert_eq!(of(growth), "growth: ≈14m00s to compaction   +38k/min");
    let still = ContextGrowth { grown_at: Some(Timestamp::EARLIEST), ..growth };
    let text = of(still);
    assert!(text.starts_with("growth: ≈14m00s to compaction   +38k/min when it last grew, "), "{text}");
    assert!(text.ends_with(" ago"), "{text}");
    let average = ContextGrowth { basis: GrowthBasis::WholeSession, ..growth };
    assert!(of(average).ends_with("+38k/min on average this session; not growing now"));
    assert!(line(&with_context(500_000, None), "context").ends_with(", not growing"));
}

#[test]
fn claude_has_a_line_of_skills_even_without_skills() {
    let none = popup(|agent| agent.skills.clear());
    assert!(line(&none, "skills").contains("0 loaded"));
    assert!(line(&popup(|_| {}), "skills").contains("2 loaded   frontend-design, sql-explorer"));
}

#[test]
fn sub_agents_are_counted_and_named() {
    let snapshot = demo::crowd(4, 4);
    let agent = snapshot.agents.iter().find(|agent| agent.status == agtop_model::Status::Spawning).unwrap().clone();
    let popup = of(Snapshot { agents: [agent].into(), ..snapshot });
    assert!(line(&popup, "subagents").contains("2 in flight"), "{popup}");
    assert!(popup.contains("· code-reviewer  review the auth refactor"));
}

#[test]
fn details_show_session_tools_program_disks_and_files() {
    let popup = popup(|_| {});
    assert!(line(&popup, "session").contains("-e18a-4a4c-a793-"));
    assert_eq!(line(&popup, "tools").matches('·').count(), 4, "five tools");
    assert!(line(&popup, "bin").contains("/usr/local/bin/claude"));
    assert!(line(&popup, "cwd").contains("/home/ada/code/"));
    assert!(line(&popup, "cmd").contains("claude --dangerously-skip-permissions"));
    assert!(line(&popup, "disk").contains("460M read   12M written"));
    assert!(line(&popup, "writing").contains("/home/ada/code/"));
}

#[test]
fn a_secret_on_a_command_line_is_not_shown() {
    let popup = popup(|agent| {
        let argv = ["claude", "--api-key", "hunter2"].map(agtop_model::Untrusted::from).into();
        agent.process = Arc::new(agtop_model::Process { argv, ..(*agent.process).clone() });
    });
    assert!(!popup.contains("hunter2") && line(&popup, "cmd").contains("--api-key ***"));
}

#[test]
fn recent_activity_is_shown_with_signs() {
    let popup = popup(|_| {});
    for sign in ['›', '→', '←'] {
        assert!(popup.contains(sign), "{sign}: {popup}");
    }
}

#[test]
fn message_text_is_shown_unless_content_is_hidden() {
    let text = |content| {
        let mut app = App::new(Options { content, ..Options::with_defaults("1.0.0", "linux") });
        let mut snapshot = demo::crowd(1, 1);
        let mut session = (**snapshot.agents[0].session.as_ref().unwrap()).clone();
        let kind = [ActivityKind::Asked(Some("mend\u{1b}[31m it".into())), ActivityKind::Said("I look".into())];
        session.recent = kind.map(|kind| Activity { at: None, kind }).to_vec();
        snapshot.agents =
            [Arc::new(Agent { session: Some(Arc::new(session)), ..(*snapshot.agents[0]).clone() })].into();
        app.update(snapshot_message(Arc::new(snapshot)));
        let facts = app.details().unwrap().all();
        facts.iter().map(|fact| fact.value.to_string()).collect::<Vec<_>>().join("\n")
    };
    let shown = text(Content::Included);
    assert!(shown.contains("› you  mend it") && shown.contains("› I look"), "{shown}");
    let hidden = text(Content::Hidden);
    assert!(hidden.contains("› you wrote a message") && hidden.contains("› the agent wrote a message"), "{hidden}");
    assert!(!hidden.contains("mend") && !hidden.contains("I look"), "{hidden}");
}
