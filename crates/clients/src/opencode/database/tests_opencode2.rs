//! Special cases of OpenCode 2's tables.

use agtop_model::{PicoUsd, Purpose, ResponseCopy, StopReason};

use super::super::{ID, OpenCode};
use super::*;
use crate::testing::{Tally, decode_rows, fixture_rows};

const PATH: &str = "/home/u/.local/share/opencode/opencode.db";
const MIGRATED: &str = include_str!("../../../../../fixtures/opencode/2.0.14/migrated.json");
const ROWS: &str = include_str!("../../../../../fixtures/opencode/2.0.14/rows.json");

fn events(rows: &str) -> Vec<Event> {
    decode_rows(&OpenCode, PATH, &fixture_rows(&OpenCode, PATH, rows))
}

fn cost(tally: &Tally) -> PicoUsd {
    tally.responses.values().filter_map(|(_, response)| response.embedded_cost).sum()
}

fn response(events: &[Event], id: &str) -> ResponseCopy {
    let found = events.iter().find_map(|event| match &event.kind {
        EventKind::Response(response) if response.id.as_deref() == Some(id) => Some((**response).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no response {id}"))
}

fn count(events: &[Event], session: &str, is_wanted: fn(&EventKind) -> bool) -> usize {
    events.iter().filter(|event| &*event.session.id == session && is_wanted(&event.kind)).count()
}

/// Bug: a home had `msg_1` (1,000 and 100 tokens, $0.01) in OpenCode 1's tables, and in OpenCode 2's the same and
/// `msg_2` (10,000 and 1,000, $0.10). agtop showed 1.1 k and $0.01 instead of 12.1 k and $0.11. The fork's copy of
/// `msg_1` has another id and counts for the original.
#[test]
fn messages_of_both_opencode_generations_count_once() {
    let events = events(MIGRATED);
    let tally = Tally::of(&events);
    assert_eq!((tally.usage().total(), cost(&tally)), (12_100, PicoUsd::from_usd(0.11).unwrap()));
    assert_eq!(tally.by_session().keys().collect::<Vec<_>>(), [&"ses_old"]);
    assert_eq!(count(&events, "ses_old", |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    let fork = events.iter().find_map(|event| match &event.kind {
        EventKind::Facts(facts) if &*event.session.id == "ses_fork" => facts.forked_from.clone(),
        _ => None,
    });
    assert_eq!(fork, Some(SessionKey::new(ID, "ses_old")));
}

/// A fork and its original both continue with the numbers after those of the copies: number and parent alone do not
/// make a row a copy.
#[test]
fn messages_after_a_forks_copies_are_its_own() {
    let tally = Tally::of(&events(ROWS));
    let totals: Vec<_> = tally.by_session().into_iter().map(|(session, usage)| (session, usage.total())).collect();
    assert_eq!(totals, [("ses_child", 77), ("ses_fork", 11), ("ses_main", 1_090 + 2_300)]);
}

/// Betas of OpenCode 2 had `session_message` with the old `session`, some without the columns for forks or times.
#[test]
fn a_beta_with_fewer_columns_is_read() {
    let renamed = MIGRATED.replace("\"session\":", "\"none\":").replace("\"session_v2\"", "\"session\"");
    let bare = renamed.replace("\"fork_session_id\"", "\"x\"").replace("\"message\":", "\"nothing\":");
    for rows in [renamed, bare] {
        assert_eq!(Tally::of(&events(&rows)).usage().total(), 12_100);
    }
}

#[test]
fn a_billed_summary_is_a_response_and_a_compaction_when_done() {
    let events = events(ROWS);
    let summary = response(&events, "msg_5");
    assert_eq!((summary.purpose, summary.usage.total()), (Purpose::Compaction, 2_300));
    assert_eq!(summary.embedded_cost, PicoUsd::from_usd(0.5));
    assert_eq!(count(&events, "ses_main", |kind| matches!(kind, EventKind::Compacted)), 1);
    assert_eq!(response(&events, "msg_2").purpose, Purpose::Answer);
}

#[test]
fn a_response_contains_its_tools_and_sub_agents() {
    let events = events(ROWS);
    let answer = response(&events, "msg_2");
    assert_eq!((answer.usage.output, answer.usage.reasoning, answer.stop), (60, 20, Some(StopReason::ToolUse)));
    assert_eq!(response(&events, "msg_4").model.as_deref(), Some("ollama/qwen3:8b"));
    assert_eq!(count(&events, "ses_main", |kind| matches!(kind, EventKind::ToolStarted { .. })), 2);
    // The call of the shell, which is done, and the call that the failed response ended.
    assert_eq!(count(&events, "ses_main", |kind| matches!(kind, EventKind::ToolEnded { .. })), 2);
    let task = events.iter().find_map(|event| match &event.kind {
        EventKind::SubagentStarted { name, task, .. } => Some((name.raw(), task.as_ref().unwrap().raw())),
        _ => None,
    });
    assert_eq!(task, Some(("explore", "count the books")));
    assert_eq!(count(&events, "ses_child", |kind| matches!(kind, EventKind::Prompt { .. })), 0);
}

#[test]
fn a_turn_is_over_when_its_session_is_idle_and_a_failed_answer_is_an_error() {
    let events = events(ROWS);
    assert_eq!(count(&events, "ses_main", |kind| matches!(kind, EventKind::TurnEnded)), 1);
    let error = events.iter().find_map(|event| match &event.kind {
        EventKind::Error(name) => Some(name.raw()),
        _ => None,
    });
    assert_eq!(error, Some("provider.rate-limit"));
    assert!(!format!("{events:?}").contains("secret words"));
}
