use std::path::Path;

use agtop_model::{
    Event, EventKind, PicoUsd, ProcessRole, SessionFacts, SessionKey, StopReason, Timestamp, TitleRank, Usage,
    UsageExtent,
};
use proptest::prelude::*;

use super::{CLINE, Extension, KILO_CODE, ROO};
use crate::testing::{Tally, count, decode_document, home, open, process, titles};
use crate::{Client, Input, Presence, ProcFacts};

const HISTORY: &[u8] = include_bytes!("../../../../fixtures/cline/2026-11/taskHistory.json");
const ROO_ITEM: &[u8] = include_bytes!("../../../../fixtures/roo/2026-11/history_item.json");
const MANIFEST: &[u8] = include_bytes!("../../../../fixtures/cline/4.1/session.json");
const MESSAGES: &[u8] = include_bytes!("../../../../fixtures/cline/4.1/session.messages.json");
const RESEARCHER: &[u8] = include_bytes!("../../../../fixtures/cline/4.1/researcher.messages.json");
const SESSION: &str = "1795000100000_ab12c_cli";

fn storage(extension: &Extension, below: &str) -> String {
    format!("/home/u/.config/Code/User/globalStorage/{}/{below}", extension.directory)
}

fn of_session(name: &str, text: &[u8]) -> Vec<Event> {
    decode_document(&CLINE, &format!("/home/u/.cline/data/sessions/{SESSION}/{name}"), text).unwrap()
}

fn facts(events: &[Event]) -> Vec<(&str, &SessionFacts)> {
    let of = |event| match event {
        &Event { ref session, kind: EventKind::Facts(ref facts), .. } => Some((&*session.id, &**facts)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn request(extension: &Extension, ts: i64, request: &str, info: &str) -> Usage {
    let text = serde_json::to_string(request).unwrap();
    let json = format!(r#"[{{"ts":{ts},"say":"api_req_started","text":{text},"modelInfo":{info}}}]"#);
    Tally::of(&events(extension, json.as_bytes())).usage()
}

const TASK: &[u8] = include_bytes!("../../../../fixtures/cline/2026-11/ui_messages.json");
const ROO_TASK: &[u8] = include_bytes!("../../../../fixtures/roo/2026-11/ui_messages.json");
const KILO_TASK: &[u8] = include_bytes!("../../../../fixtures/kilo-code/2026-11/ui_messages.json");

fn path(extension: &str) -> String {
    format!("/home/u/.config/Code/User/globalStorage/{extension}/tasks/1795000000000/ui_messages.json")
}

fn events(extension: &Extension, task: &[u8]) -> Vec<Event> {
    decode_document(extension, &path(extension.directory), task).unwrap()
}

#[test]
fn each_extension_counts_under_its_own_name() {
    for (extension, task) in [(&CLINE, TASK), (&ROO, ROO_TASK), (&KILO_CODE, KILO_TASK)] {
        let events = events(extension, task);
        assert!(events.iter().all(|event| event.session.client == extension.info.id));
        assert!(!Tally::of(&events).usage().is_zero());
    }
}

#[test]
fn requests_have_their_usage_in_json_within_text() {
    let events = events(&CLINE, TASK);
    let tally = Tally::of(&events);
    let expected = Usage { input: 130, cache_read: 2_000, cache_write_5m: 300, output: 75, ..Usage::default() };
    assert_eq!(tally.usage(), expected);
    let cost: Option<i64> =
        tally.responses.values().map(|(_, response)| response.embedded_cost.map(PicoUsd::as_pico)).sum();
    assert_eq!(cost, PicoUsd::from_usd(0.035).map(PicoUsd::as_pico));
}

#[test]
fn a_request_under_way_has_no_usage_yet() {
    let json = br#"[{"ts":1795000000001,"type":"say","say":"api_req_started","text":"{\"request\":\"..\"}"}]"#;
    assert!(Tally::of(&events(&CLINE, json)).responses.is_empty());
}

#[test]
fn deleted_requests_are_billed_as_a_sum() {
    let tally = Tally::of(&events(&CLINE, TASK));
    assert_eq!(tally.responses.values().filter(|(_, response)| response.extent == UsageExtent::Sum).count(), 1);
}

#[test]
fn a_question_waits_only_while_it_is_the_last_message() {
    assert_eq!(count(&events(&CLINE, TASK), |kind| matches!(kind, EventKind::NeedsPermission)), 0);
    assert_eq!(count(&events(&ROO, ROO_TASK), |kind| matches!(kind, EventKind::NeedsPermission)), 1);
}

#[test]
fn tools_that_were_allowed_are_named() {
    let events = events(&CLINE, TASK);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolStarted { name, .. } if &**name == "readFile")), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::TurnEnded)), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 2);
}

#[test]
fn editors_have_their_directories_on_every_system() {
    let mut env = home();
    env.vars.insert("APPDATA".into(), "/c/Roaming".into());
    let roots: Vec<_> = ROO.stores(&env).into_iter().map(|store| store.root).collect();
    for data in ["/home/u/.config/Code", "/home/u/Library/Application Support/Cursor", "/c/Roaming/VSCodium"] {
        let root = Path::new(data).join("User/globalStorage/rooveterinaryinc.roo-cline/tasks");
        assert!(roots.contains(&root), "{root:?}");
    }
}

#[test]
fn an_invalid_request_does_not_lose_the_others() {
    let (_, mut decoder) = open(&CLINE, &home(), &path(CLINE.directory));
    let json =
        br#"[{"ts":1,"say":"api_req_started","text":"{"},{"ts":2,"say":"api_req_started","text":"{\"tokensIn\":5}"}]"#;
    let mut out = Vec::new();
    assert!(decoder.feed(Input::Document(json), &mut out).is_err());
    assert_eq!(Tally::of(&out).usage().input, 5);
}

#[test]
fn input_of_roo_and_kilo_is_the_whole_prompt_and_that_of_cline_is_not() {
    const TOLD: &str = r#"{"tokensIn":1000,"cacheReads":700,"cacheWrites":200,"apiProtocol":"anthropic"}"#;
    let fresh = |extension| request(extension, 1_795_000_000_000, TOLD, "null").input;
    assert_eq!([fresh(&CLINE), fresh(&ROO), fresh(&KILO_CODE)], [1000, 100, 100]);
}

#[test]
fn before_november_2025_anthropics_input_was_only_the_uncached_part() {
    let fresh = |ts, protocol: &str| {
        let told = format!(r#"{{"tokensIn":1000,"cacheReads":700,"apiProtocol":"{protocol}"}}"#);
        request(&ROO, ts, &told, "null").input
    };
    assert_eq!(fresh(1_761_955_199_999, "anthropic"), 1000);
    assert_eq!(fresh(1_761_955_200_000, "anthropic"), 300);
    assert_eq!(fresh(1_761_955_199_999, "openai"), 300);
}

#[test]
fn an_input_smaller_than_its_cached_part_excludes_it() {
    let usage = request(&ROO, 1_795_000_000_000, r#"{"tokensIn":10,"cacheReads":700}"#, "null");
    assert_eq!((usage.input, usage.cache_read), (10, 700));
}

#[test]
fn some_providers_of_cline_count_the_whole_prompt() {
    let fresh = |provider| {
        let info = format!(r#"{{"providerId":"{provider}","modelId":"m"}}"#);
        request(&CLINE, 1_795_000_000_000, r#"{"tokensIn":1000,"cacheReads":700}"#, &info).input
    };
    assert_eq!([fresh("openai"), fresh("xai"), fresh("anthropic"), fresh("openai-native")], [300, 300, 1000, 1000]);
}

#[test]
fn a_compaction_is_billed_without_a_request_record() {
    let events = events(&ROO, ROO_TASK);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Compacted)), 1);
    let costs: Vec<_> =
        Tally::of(&events).responses.values().filter_map(|(_, response)| response.embedded_cost).collect();
    assert_eq!(costs.into_iter().sum::<PicoUsd>(), PicoUsd::from_usd(0.024).unwrap());
}

#[test]
fn a_list_next_to_the_tasks_has_their_directories() {
    let events = decode_document(&CLINE, &storage(&CLINE, "state/taskHistory.json"), HISTORY).unwrap();
    let told: Vec<_> = facts(&events).iter().map(|(id, facts)| (*id, facts.cwd.as_deref())).collect();
    let (shop, till) = (Some(Path::new("/home/u/shop")), Some(Path::new("/home/u/till")));
    assert_eq!(told, [("1795000000000", shop), ("1700000000000", till)]);
    assert!(events.iter().all(|event| event.at.is_none()), "that a list was written is no activity of its tasks");
}

#[test]
fn a_task_that_another_made_names_it_and_its_workspace() {
    let events = decode_document(&ROO, &storage(&ROO, "tasks/1795000000000/history_item.json"), ROO_ITEM).unwrap();
    let (id, facts) = facts(&events)[0];
    assert_eq!((id, facts.cwd.as_deref()), ("1795000000000", Some(Path::new("/home/u/shop"))));
    assert_eq!(facts.parent, Some(SessionKey::new(ROO.info.id, "1794000000000")));
}

#[test]
fn input_of_a_session_is_the_whole_prompt_with_every_provider() {
    let tally = Tally::of(&of_session(&format!("{SESSION}.messages.json"), MESSAGES));
    let expected = Usage { input: 300, cache_read: 10_200, cache_write_5m: 200, output: 80, ..Usage::default() };
    assert_eq!((tally.usage(), tally.responses.len()), (expected, 2));
    let stops: Vec<_> = tally.responses.values().filter_map(|(_, response)| response.stop).collect();
    assert!(stops.contains(&StopReason::ToolUse) && stops.contains(&StopReason::EndTurn));
    assert!(tally.responses.values().all(|(_, response)| response.embedded_cost.is_some() && response.model.is_some()));
}

#[test]
fn prompts_are_distinguished_from_tool_results_and_summaries() {
    let events = of_session(&format!("{SESSION}.messages.json"), MESSAGES);
    let titles = titles(&events);
    assert_eq!(titles, [(TitleRank::LastPrompt, "mend the till")]);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Compacted)), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Err(()), .. })), 1);
}

#[test]
fn the_description_of_a_session_has_its_directory_and_model() {
    let events = of_session(&format!("{SESSION}.json"), MANIFEST);
    let (id, facts) = facts(&events)[0];
    assert_eq!((id, facts.cwd.as_deref()), (SESSION, Some(Path::new("/home/u/shop/till"))));
    assert_eq!(
        (facts.model.as_deref(), facts.started),
        (Some("claude-opus-4-8"), Some(Timestamp::from_millis(1_795_000_100_000)))
    );
}

#[test]
fn a_sub_agents_messages_are_a_session_below_the_one_they_lie_with() {
    let events = of_session("researcher.messages.json", RESEARCHER);
    assert_eq!(facts(&events)[0].1.parent, Some(SessionKey::new(CLINE.info.id, SESSION)));
    assert_eq!(&*events[0].session.id, format!("{SESSION}__researcher"));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 0, "the user does not write to it");
    assert_eq!(Tally::of(&events).usage().total(), 709);
}

#[test]
fn variables_move_what_clines_programs_share() {
    let mut env = home();
    env.vars.insert("CLINE_DIR".into(), "/srv/cline".into());
    let stores = CLINE.stores(&env);
    assert!(stores.iter().any(|store| store.root == Path::new("/srv/cline/data/sessions")));
    env.vars.insert("CLINE_SESSION_DATA_DIR".into(), "/srv/sessions".into());
    let named: Vec<_> = CLINE.stores(&env).into_iter().filter(|store| store.presence == Presence::Named).collect();
    assert!(!named.is_empty() && named.iter().all(|store| store.root == Path::new("/srv/sessions")));
}

#[test]
fn the_process_behind_all_of_clines_programs_is_no_agent() {
    let role = |argv: &[&str]| CLINE.recognise(&ProcFacts::new(&process("cline", argv, "/usr/bin/cline")));
    assert_eq!(role(&["cline"]), Some(ProcessRole::Agent));
    assert_eq!(role(&["cline", "--cline-hub-daemon"]), Some(ProcessRole::Helper));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..TASK.len()) {
        let mut text = TASK.to_vec();
        text.splice(at..at, noise);
        let _ = decode_document(&CLINE, &path(CLINE.directory), &text);
    }

    #[test]
    fn arbitrary_sessions_and_lists_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..400_usize) {
        let spoilt = |text: &[u8]| {
            let mut text = text.to_vec();
            text.splice(at..at, noise.iter().copied());
            text
        };
        let below = |name: &str| format!("/home/u/.cline/data/sessions/{SESSION}/{name}");
        let _ = decode_document(&CLINE, &below(&format!("{SESSION}.messages.json")), &spoilt(MESSAGES));
        let _ = decode_document(&CLINE, &below(&format!("{SESSION}.json")), &spoilt(MANIFEST));
        let _ = decode_document(&CLINE, &storage(&CLINE, "state/taskHistory.json"), &spoilt(HISTORY));
    }
}
