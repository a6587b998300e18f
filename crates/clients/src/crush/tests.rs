use std::path::{Path, PathBuf};

use agtop_model::{Event, EventKind, PicoUsd, ProcessRole, Timestamp, TitleRank, Untrusted, Usage};
use proptest::prelude::*;

use super::Crush;
use crate::testing::{Tally, count, decode_rows, facts, fixture_rows, home, open, process, titles};
use crate::{Client, Env, Input, Presence, ProcFacts, SqlValue};

const ROWS: &str = include_str!("../../../../fixtures/crush/0.22.0/rows.json");
const PATH: &str = "/home/u/.local/share/crush/crush.db";
const ROOT: &str = "3aaaaaaa-0000-4000-8000-000000000001";
const FREE: &str = "3bbbbbbb-0000-4000-8000-000000000002";
const CHILD: &str = "m2$$call_2";

fn decode(json: &str) -> Vec<Event> {
    decode_rows(&Crush, PATH, &fixture_rows(&Crush, PATH, json))
}

/// The events of one session.
fn of(id: &str) -> Vec<Event> {
    decode(ROWS).into_iter().filter(|event| &*event.session.id == id).collect()
}

fn env_in(directories: &[&str]) -> Env {
    Env { work_dirs: directories.iter().map(PathBuf::from).collect(), ..home() }
}

#[test]
fn a_sessions_cost_has_its_sub_agents_in_it() {
    let tally = Tally::of(&decode(ROWS));
    let costs: Vec<PicoUsd> = tally.responses.values().filter_map(|(_, response)| response.embedded_cost).collect();
    assert_eq!(costs.iter().copied().sum::<PicoUsd>(), PicoUsd::from_usd(1.25).unwrap());
    assert_eq!(costs.len(), 2, "neither the sub-agent's nor the title's counts again");
}

#[test]
fn tokens_of_the_last_step_are_context_and_no_usage() {
    let events = decode(ROWS);
    assert_eq!(Tally::of(&events).usage(), Usage::default());
    assert_eq!(facts(&of(ROOT))[0].context_used, Some(12_300));
    assert_eq!(facts(&of(FREE))[0].context_used, None);
    let responses = Tally::of(&events).responses;
    assert!(
        responses.values().all(|(_, response)| response.context_used == Some(0)),
        "a cost is not read as a full context"
    );
}

#[test]
fn a_session_that_cost_nothing_has_no_known_cost() {
    assert_eq!(count(&of(FREE), |kind| matches!(kind, EventKind::Response(_))), 0);
}

#[test]
fn a_cost_that_grew_counts_once_from_the_day_the_session_began() {
    let mut events = decode(ROWS);
    events.extend(decode(&ROWS.replace("\"cost\": 0.75", "\"cost\": 0.875")));
    assert_eq!(Tally::of(&events).responses.len(), 2);
    let of_cost = |event: &Event| match &event.kind {
        EventKind::Response(response) => Some((event.at, response.embedded_cost)),
        _ => None,
    };
    let grown = events.iter().filter_map(of_cost).max_by_key(|(_, cost)| *cost).unwrap();
    assert_eq!(grown, (Some(Timestamp::from_millis(1_795_248_000_000)), PicoUsd::from_usd(0.875)));
}

#[test]
fn times_are_seconds() {
    let events = of(ROOT);
    assert_eq!(facts(&events)[0].started, Some(Timestamp::from_millis(1_795_248_000_000)));
    assert_eq!(events[0].at, Some(Timestamp::from_millis(1_795_248_100_000)));
}

#[test]
fn a_sub_agents_session_names_its_parent_and_has_no_user_prompt() {
    let events = of(CHILD);
    assert_eq!(facts(&events)[0].parent.as_ref().map(|parent| &*parent.id), Some(ROOT));
    assert_eq!(facts(&events)[0].origin.as_ref().map(Untrusted::raw), Some("agent"));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. } | EventKind::Title(_))), 0);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::TurnEnded)), 1);
}

#[test]
fn a_sub_agent_without_a_parent_column_is_recognised_by_its_id() {
    let events = decode(r#"{"sessions": [{"id": "m$$c", "cost": 1.5}], "messages": []}"#);
    assert_eq!(Tally::of(&events).responses.len(), 0);
}

#[test]
fn the_session_that_generated_a_title_is_skipped() {
    assert_eq!(of("title-3aaaaaaa-0000-4000-8000-000000000001").len(), 0);
}

#[test]
fn only_typed_text_is_a_prompt() {
    let events = of(ROOT);
    assert_eq!(
        count(&events, |kind| matches!(kind, EventKind::Prompt { .. })),
        1,
        "no command, no hidden continuation"
    );
    let titles = titles(&events);
    assert_eq!(titles, [(TitleRank::Generated, "Gild the clock"), (TitleRank::FirstPrompt, "Gild the clock's hands")]);
    assert!(!format!("{:?}", decode(ROWS)).contains("secret"));
}

#[test]
fn a_default_name_is_no_title() {
    let is_given = |kind: &EventKind| matches!(kind, EventKind::Title(title) if title.rank == TitleRank::Generated);
    assert_eq!(count(&of(FREE), is_given), 0);
}

#[test]
fn tools_and_sub_agents_start_and_end() {
    let events = of(ROOT);
    let is_bash = |kind: &EventKind| match kind {
        EventKind::ToolStarted { name, target, .. } => {
            &**name == "bash" && target.as_ref().is_some_and(|target| target.raw() == "ls gold")
        }
        _ => false,
    };
    assert_eq!(count(&events, is_bash), 1);
    let is_agent = |kind: &EventKind| matches!(kind, EventKind::SubagentStarted { task: Some(task), .. } if task.raw() == "Find the gold");
    assert_eq!(count(&events, is_agent), 1);
    let only = |of: fn(&EventKind) -> Option<agtop_model::ToolKey>| {
        let keys: Vec<_> = events.iter().filter_map(|event| of(&event.kind)).collect();
        assert_eq!(keys.len(), 1, "{events:?}");
        keys[0]
    };
    let bash = only(|kind| if let EventKind::ToolStarted { tool, .. } = kind { Some(*tool) } else { None });
    let agent = only(|kind| if let EventKind::SubagentStarted { tool, .. } = kind { Some(*tool) } else { None });
    let failed =
        only(|kind| if let EventKind::ToolEnded { tool, outcome: Err(()) } = kind { Some(*tool) } else { None });
    let back = only(|kind| if let EventKind::SubagentEnded { tool } = kind { Some(*tool) } else { None });
    assert_eq!((failed, back), (bash, agent));
}

#[test]
fn a_call_that_is_still_being_written_is_in_flight() {
    let events = of(FREE);
    let last = events.last().map(|event| &event.kind);
    assert!(matches!(last, Some(EventKind::ToolStarted { name, target: None, .. }) if &**name == "view"), "{last:?}");
}

#[test]
fn a_summary_is_a_compaction_and_a_cancelled_answer_ends_the_turn() {
    let events = of(ROOT);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Compacted)), 1);
    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::TurnEnded)));
}

#[test]
fn a_failed_request_is_an_error_with_a_short_message() {
    let is_failure = |kind: &EventKind| matches!(kind, EventKind::Error(text) if text.raw() == "Provider Error");
    assert_eq!(count(&decode(ROWS), is_failure), 1);
}

#[test]
fn the_model_is_emitted_when_it_changes() {
    let events = of(ROOT);
    let models: Vec<&str> = facts(&events).iter().filter_map(|facts| facts.model.as_deref()).collect();
    assert_eq!(models, ["claude-sonnet-4-5", "ollama/qwen3"]);
}

#[test]
fn a_project_is_where_its_crush_directory_lies() {
    let env = env_in(&["/srv/tower/bells"]);
    let cwd = |path: &str| {
        let (_, mut decoder) = open(&Crush, &env, path);
        let mut events = Vec::new();
        let cells = [
            SqlValue::Bytes(b"s"),
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Null,
        ];
        decoder.feed(Input::Row { table: "sessions", rowid: 1, cells: &cells }, &mut events).unwrap();
        facts(&events)[0].cwd.clone()
    };
    assert_eq!(cwd("/srv/tower/.crush/crush.db").as_deref(), Some(Path::new("/srv/tower")));
    assert_eq!(cwd(PATH), None, "one database may serve many projects");
}

#[test]
fn databases_lie_above_working_directories_and_in_the_users_data() {
    let mut env = env_in(&["/srv/tower/bells", "/srv/tower"]);
    let roots: Vec<PathBuf> = Crush.stores(&env).into_iter().map(|store| store.root).collect();
    let expected =
        ["/home/u/.local/share/crush", "/.crush", "/srv/.crush", "/srv/tower/.crush", "/srv/tower/bells/.crush"];
    assert_eq!(roots, expected.map(PathBuf::from));
    env.vars.insert("CRUSH_GLOBAL_DATA".into(), "/data/crush".into());
    let named = &Crush.stores(&env)[0];
    assert_eq!((&*named.root, named.presence), (Path::new("/data/crush"), Presence::Named));
    assert!((named.accepts)(Path::new("crush.db")) && !(named.accepts)(Path::new("crush.db-wal")));
}

/// Bug: all history was missing unless agtop ran inside the project, because Crush's own list of projects was not read.
#[test]
fn projects_that_crush_lists_are_places_of_its_databases() {
    let mut env = home();
    assert_eq!(Crush.indexes(&env), [PathBuf::from("/home/u/.local/share/crush/projects.json")]);
    env.vars.insert("CRUSH_GLOBAL_DATA".into(), "/data/crush".into());
    assert_eq!(Crush.indexes(&env)[0], PathBuf::from("/data/crush/projects.json"));
    let index = br#"{"projects":[{"path":"/srv/tower","data_dir":"/srv/tower/.crush"}]}"#;
    let stores = Crush.listed_stores(index).unwrap();
    assert_eq!(stores.len(), 1);
    assert_eq!((&*stores[0].root, stores[0].presence), (Path::new("/srv/tower/.crush"), Presence::Listed));
    assert!((stores[0].accepts)(Path::new("crush.db")));
}

#[test]
fn an_impossible_number_is_an_error_of_only_its_row() {
    let row = |prompt: SqlValue<'static>, cost: SqlValue<'static>| {
        let (_, mut decoder) = open(&Crush, &home(), PATH);
        let cells = [
            SqlValue::Bytes(b"s"),
            SqlValue::Null,
            SqlValue::Null,
            prompt,
            SqlValue::Null,
            cost,
            SqlValue::Null,
            SqlValue::Null,
        ];
        let mut events = Vec::new();
        let result = decoder.feed(Input::Row { table: "sessions", rowid: 1, cells: &cells }, &mut events);
        assert_eq!(events.is_empty(), result.is_err());
        result.map_err(|error| error.kind)
    };
    assert_eq!(row(SqlValue::Integer(1), SqlValue::Integer(2)), Ok(()));
    assert_eq!(row(SqlValue::Integer(-1), SqlValue::Null), Err(agtop_model::IssueKind::OutOfRange));
    for cost in [-0.5, f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(row(SqlValue::Null, SqlValue::Real(cost)), Err(agtop_model::IssueKind::OutOfRange), "{cost}");
    }
}

#[test]
fn the_program_is_crush_and_its_npm_wrapper_is_not() {
    let role = |argv: &[&str], exe: &str| Crush.recognise(&ProcFacts::new(&process("crush", argv, exe)));
    assert_eq!(role(&["crush"], "/usr/bin/crush"), Some(ProcessRole::Agent));
    assert_eq!(role(&["crush", "run", "stats"], "/usr/bin/crush"), Some(ProcessRole::Agent));
    assert_eq!(role(&["crush", "-c", "/srv/logs", "logs"], "/usr/bin/crush"), Some(ProcessRole::Helper));
    assert_eq!(role(&["node", "/x/node_modules/@charmland/crush/run.js"], "/usr/bin/node"), None);
    assert_eq!(role(&["vim", "crush"], "/usr/bin/vim"), None);
    assert_eq!(role(&["pngcrush", "a.png"], "/usr/bin/pngcrush"), None);
}

#[test]
fn only_a_whole_id_names_a_session() {
    let named = |argv: &[&str]| Crush.session_argument(&ProcFacts::new(&process("crush", argv, "/usr/bin/crush")));
    assert_eq!(named(&["crush", "-s", ROOT]).as_deref(), Some(ROOT));
    assert_eq!(named(&["crush", "--session=3aaa"]), None);
    assert_eq!(named(&["crush", "--continue"]), None);
}

fn any_cell() -> impl Strategy<Value = SqlValue<'static>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| SqlValue::Bytes(bytes.leak()));
    prop_oneof![
        Just(SqlValue::Null),
        any::<i64>().prop_map(SqlValue::Integer),
        any::<f64>().prop_map(SqlValue::Real),
        bytes
    ]
}

proptest! {
    #[test]
    fn arbitrary_rows_never_panic(is_session in any::<bool>(), cells in prop::collection::vec(any_cell(), 0..10)) {
        let (_, mut decoder) = open(&Crush, &home(), PATH);
        let table = if is_session { "sessions" } else { "messages" };
        let _ = decoder.feed(Input::Row { table, rowid: 1, cells: &cells }, &mut Vec::new());
    }

    #[test]
    fn arbitrary_parts_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..40_usize) {
        let mut parts = br#"[{"type":"tool_call","data":{"id":"c"}},{"type":"finish","data":{"reason":"x"}}]"#.to_vec();
        parts.splice(at..at, noise);
        let _ = super::parts::message_parts(&parts);
    }

    #[test]
    fn reading_a_database_again_changes_nothing(times in 1..4_usize) {
        let events: Vec<Event> = (0..times).flat_map(|_| decode(ROWS)).collect();
        prop_assert_eq!(Tally::of(&events).responses.len(), Tally::of(&decode(ROWS)).responses.len());
    }
}
