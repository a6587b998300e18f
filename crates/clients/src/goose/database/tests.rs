//! The ledger, running totals and messages of each schema.

use proptest::prelude::*;

use super::super::Goose;
use agtop_model::PicoUsd;

use super::*;
use crate::testing::{Tally, any_cell, decode_rows, fixture_rows, home, open};

const PATH: &str = "/home/u/.local/share/goose/sessions/sessions.db";
const SCHEMA_15: &str = include_str!("../../../../../fixtures/goose/schema15/rows.json");
const SCHEMA_5: &str = include_str!("../../../../../fixtures/goose/schema5/rows.json");

fn events(fixture: &str) -> Vec<Event> {
    decode_rows(&Goose, PATH, &fixture_rows(&Goose, PATH, fixture))
}

fn responses(events: &[Event], session: &str) -> Vec<ResponseCopy> {
    let of_session = events.iter().filter(|event| &*event.session.id == session);
    let response = |event: &Event| match &event.kind {
        EventKind::Response(response) => Some((**response).clone()),
        _ => None,
    };
    of_session.filter_map(response).collect()
}

fn facts(events: &[Event], session: &str) -> SessionFacts {
    let mut of_session = events.iter().filter(|event| &*event.session.id == session);
    let facts = |event: &Event| match &event.kind {
        EventKind::Facts(facts) => Some((**facts).clone()),
        _ => None,
    };
    of_session.find_map(facts).unwrap()
}

#[test]
fn each_request_of_the_ledger_is_a_response() {
    let events = events(SCHEMA_15);
    let responses = responses(&events, "20261120_1");
    assert_eq!(responses.len(), 2);
    assert_eq!(responses[0].model.as_deref(), Some("claude-new"));
    assert_eq!(
        responses[0].usage,
        Usage { input: 500, cache_read: 8000, cache_write_5m: 1500, output: 400, ..Usage::default() }
    );
    assert_eq!(responses[0].embedded_cost, PicoUsd::from_usd(0.05));
    assert_eq!(responses[1].model.as_deref(), Some("claude-set"), "a row without a model has the session's");
}

#[test]
fn usage_in_the_ledger_is_not_counted_again_by_the_totals() {
    let tally = Tally::of(&events(SCHEMA_15)).by_session()["20261120_1"];
    assert_eq!(tally.total(), 10_400 + 350);
}

#[test]
fn usage_before_the_ledger_is_one_more_response() {
    let responses = responses(&events(SCHEMA_15), "20260101_1");
    assert_eq!(responses.len(), 2);
    let rest = &responses[0];
    assert_eq!((rest.usage.input, rest.usage.output), (5000, 600));
    assert_eq!(rest.embedded_cost, PicoUsd::from_usd(0.5));
    assert_eq!(rest.context_used, Some(0));
}

#[test]
fn the_remainder_stays_the_same_while_totals_and_ledger_grow() {
    let grown = SCHEMA_15
        .replace("\"accumulated_input_tokens\": 5100", "\"accumulated_input_tokens\": 5200")
        .replace("\"session_id\": \"nobody\"", "\"session_id\": \"20260101_1\"");
    let rest = |fixture: &str| responses(&events(fixture), "20260101_1")[0].clone();
    assert_eq!(rest(&grown).message, rest(SCHEMA_15).message);
    assert_eq!(rest(&grown).usage, rest(SCHEMA_15).usage);
    assert_eq!(Tally::of(&events(&grown)).by_session()["20260101_1"].input, 5200);
}

#[test]
fn reading_the_database_again_changes_nothing() {
    let (_, mut decoder) = open(&Goose, &home(), PATH);
    let (mut events, mut once) = (Vec::new(), None);
    for _ in 0..3 {
        for (table, rowid, cells) in fixture_rows(&Goose, PATH, SCHEMA_15) {
            decoder.feed(Input::Row { table, rowid, cells: &cells }, &mut events).unwrap();
        }
        let usage = Tally::of(&events).by_session().into_values().sum::<Usage>();
        assert_eq!(*once.get_or_insert(usage), usage);
    }
}

#[test]
fn a_request_with_a_price_but_no_counts_keeps_its_price() {
    let responses = responses(&events(SCHEMA_15), "20261120_3");
    assert_eq!((responses[0].usage, responses[0].embedded_cost), (Usage::default(), PicoUsd::from_usd(0.25)));
}

#[test]
fn a_sub_agents_session_names_its_parent_and_is_a_sidechain() {
    let events = events(SCHEMA_15);
    let child = facts(&events, "20261120_2");
    assert_eq!(child.parent, Some(SessionKey::new(ID, "20261120_1")));
    assert_eq!(child.origin.unwrap().raw(), "sub_agent");
    assert_eq!(responses(&events, "20261120_2")[0].lineage, Lineage::Sidechain);
}

#[test]
fn a_local_model_is_marked_as_local() {
    assert_eq!(responses(&events(SCHEMA_15), "20261120_2")[0].model.as_deref(), Some("ollama/qwen3"));
}

#[test]
fn a_sessions_context_is_not_its_total_usage() {
    let facts = facts(&events(SCHEMA_15), "20261120_1");
    assert_eq!((facts.context_used, facts.context_limit), (Some(10_400), Some(200_000)));
    assert_eq!(facts.started, rfc3339("2026-11-20T14:00:00Z"));
}

#[test]
fn a_name_that_the_user_gave_outranks_a_generated_one() {
    let titles: Vec<_> = events(SCHEMA_15)
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Title(title) => Some((title.rank, title.text.raw().to_owned())),
            _ => None,
        })
        .collect();
    assert_eq!(titles[0], (TitleRank::Given, "Nest plans".to_owned()));
    assert_eq!(titles[1].0, TitleRank::Generated);
}

#[test]
fn a_compaction_is_emitted_from_the_ledger() {
    assert_eq!(events(SCHEMA_15).iter().filter(|event| matches!(event.kind, EventKind::Compacted)).count(), 1);
}

#[test]
fn hidden_messages_of_goose_are_no_prompts() {
    let prompts = events(SCHEMA_15).iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count();
    assert_eq!(prompts, 1);
}

#[test]
fn a_tool_call_that_a_model_got_wrong_still_starts_and_ends() {
    let events = events(SCHEMA_15);
    let outcome = events.iter().find_map(|event| match event.kind {
        EventKind::ToolEnded { outcome, .. } => Some(outcome),
        _ => None,
    });
    assert_eq!(outcome, Some(Err(())));
    assert!(
        events.iter().any(|event| matches!(&event.kind, EventKind::ToolStarted { name, .. } if &**name == "unknown"))
    );
}

#[test]
fn an_old_schema_has_totals_alone() {
    let events = events(SCHEMA_5);
    let responses = responses(&events, "20251202_1");
    assert_eq!(responses.len(), 1);
    assert_eq!((responses[0].usage.input, responses[0].usage.output, responses[0].model.as_deref()), (900, 80, None));
    assert_eq!(facts(&events, "20251202_2").origin.unwrap().raw(), "scheduled");
}

#[test]
fn a_session_that_used_nothing_has_no_response() {
    assert_eq!(responses(&events(SCHEMA_5), "20251202_2").len(), 0);
    assert!(
        !events(SCHEMA_5)
            .iter()
            .any(|event| matches!(&event.kind, EventKind::Title(title) if title.text.raw() == "CLI Session"))
    );
}

#[test]
fn a_broken_session_is_an_error_and_its_ledger_counts() {
    let broken = SCHEMA_15.replace("\"accumulated_input_tokens\": 10300", "\"accumulated_input_tokens\": -1");
    let (_, mut decoder) = open(&Goose, &home(), PATH);
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for (table, rowid, cells) in fixture_rows(&Goose, PATH, &broken) {
        errors.extend(decoder.feed(Input::Row { table, rowid, cells: &cells }, &mut events).err());
    }
    assert_eq!(errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [agtop_model::IssueKind::OutOfRange]);
    assert_eq!(Tally::of(&events).by_session()["20261120_1"].total(), 10_750);
}

#[test]
fn times_are_utc_text_seconds_or_milliseconds() {
    let expected = Some(Timestamp::from_millis(1_776_290_000_000));
    assert_eq!(moment(SqlValue::Bytes(b"2026-04-15 21:53:20")), expected);
    assert_eq!(moment(SqlValue::Bytes(b"2026-04-15T21:53:20Z")), expected);
    assert_eq!(moment(SqlValue::Integer(1_776_290_000)), expected);
    assert_eq!(moment(SqlValue::Integer(1_776_290_000_000)), expected);
    assert_eq!(moment(SqlValue::Bytes(b"soon")), None);
}

/// Texts of cells that are damaged, or damage others.
const TEXTS: &[&[u8]] = &[
    b"",
    b"\xff\xfe",
    b"20261120_1",
    b"9999-99-99 99:99:99",
    b"[{\"type\":\"toolRequest\",\"id\":\"1\",\"toolCall\":{\"value\":{\"name\":[],\"arguments\":{\"path\":{}}}}}]",
    b"{\"model_name\":\"m\",\"context_limit\":-1}",
];

proptest! {
    #[test]
    fn arbitrary_rows_never_panic(
        rows in proptest::collection::vec((0_usize..3, any::<i64>(), proptest::collection::vec(any_cell(TEXTS), 18)), 0..20)
    ) {
        let (_, mut decoder) = open(&Goose, &home(), PATH);
        for (table, rowid, cells) in rows {
            let (table, columns) = [("usage_ledger", LEDGER), ("sessions", SESSIONS), ("messages", MESSAGES)][table];
            let cells = &cells[..columns.len()];
            let _ = decoder.feed(Input::Row { table, rowid, cells }, &mut Vec::new());
        }
    }
}
