use std::path::Path;

use agtop_model::{Event, EventKind, Timestamp, Usage};

use super::{Continue, is_session};
use crate::testing::{Tally, decode_document, decode_lines, home, open};
use crate::{Decoder, Input};

const SESSION: &[u8] = include_bytes!("../../../../fixtures/continue/2026-11/session.json");
const OF_CN: &[u8] = include_bytes!("../../../../fixtures/continue/2026-11/cn.json");
const PATH: &str = "/home/u/.continue/sessions/6aaaaaaa-0000-4000-8000-000000000001.json";

#[test]
fn a_session_of_an_editor_is_known_without_tokens_and_without_a_time() {
    let events = decode_document(&Continue, PATH, SESSION).unwrap();
    assert!(Tally::of(&events).responses.is_empty());
    assert!(events.iter().all(|event| event.at.is_none()));
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count(), 2);
}

#[test]
fn a_session_of_cn_has_one_running_total_and_its_invented_cost_is_not_read() {
    let events = decode_document(&Continue, PATH, OF_CN).unwrap();
    let tally = Tally::of(&events);
    let expected = Usage { input: 900, cache_read: 4_000, cache_write_5m: 500, output: 70, ..Usage::default() };
    assert_eq!(tally.usage(), expected);
    let (_, response) = tally.responses.values().next().unwrap();
    assert_eq!((response.running_total().is_some(), response.embedded_cost), (true, None));
    assert_eq!(Tally::of(events.iter().chain(&events)).usage(), expected, "a later reading takes its place");
}

#[test]
fn its_directory_is_a_uri_or_a_path() {
    let cwd = |json: &str| {
        let events = decode_document(&Continue, PATH, json.as_bytes()).unwrap();
        events.into_iter().find_map(|event| match event.kind {
            EventKind::Facts(facts) => facts.cwd,
            _ => None,
        })
    };
    assert_eq!(cwd(r#"{"workspaceDirectory":"file:///home/u/a%20b"}"#), Some("/home/u/a b".into()));
    assert_eq!(cwd(r#"{"workspaceDirectory":"/home/u/shop"}"#), Some("/home/u/shop".into()));
    assert_eq!(cwd(r#"{"workspaceDirectory":""}"#), None);
}

#[test]
fn the_list_of_sessions_is_no_session() {
    assert!(!is_session(Path::new("sessions.json")));
    assert!(is_session(Path::new("6aaaaaaa-0000-4000-8000-000000000001.json")));
}

#[test]
fn an_invalid_message_does_not_lose_the_others() {
    let (_, mut decoder) = open(&Continue, &home(), PATH);
    let mut out = Vec::new();
    let json = br#"{"history":[7,{"message":{"role":"user","content":"hi"}}]}"#;
    assert!(decoder.feed(Input::Document(json), &mut out).is_err());
    assert!(out.iter().any(|event| matches!(event.kind, EventKind::Prompt { .. })));
}

const INDEX_LAYOUT: &[u8] = include_bytes!("../../../../fixtures/continue/2026-11/sessions.json");
const REQUESTS: &[u8] = include_bytes!("../../../../fixtures/continue/2026-11/tokensGenerated.jsonl");
const REQUESTS_PATH: &str = "/home/u/.continue/dev_data/0.2.0/tokensGenerated.jsonl";

fn started(events: &[Event]) -> Vec<(&str, Option<Timestamp>, Option<Timestamp>)> {
    let facts = |event: &Event| if let EventKind::Facts(facts) = &event.kind { Some(facts.started) } else { None };
    events.iter().filter_map(|event| Some((&*event.session.id, event.at, facts(event)?))).collect()
}

/// Bug: sessions were dated by the modification times of their files, so a copy of the home moved 7.3 M tokens to
/// another week. The list of sessions has the creation times, as numbers or as text.
#[test]
fn a_session_is_dated_by_the_list_of_sessions() {
    let events = decode_document(&Continue, "/home/u/.continue/sessions/sessions.json", INDEX_LAYOUT).unwrap();
    let at = Some(Timestamp::from_millis(1_795_253_400_000));
    let ids = ["6aaaaaaa-0000-4000-8000-000000000001", "6aaaaaaa-0000-4000-8000-000000000002"];
    assert_eq!(started(&events), ids.map(|id| (id, at, at)));
    let session = decode_document(&Continue, PATH, OF_CN).unwrap();
    assert!(session.iter().all(|event| event.at.is_none()), "the file's own time is nobody's");
}

/// Bug: the usage of editors was not read at all.
#[test]
fn requests_of_editors_count_once_by_their_own_time() {
    let (events, errors) = decode_lines(&Continue, REQUESTS_PATH, REQUESTS);
    assert_eq!(errors.len(), 1, "a line that was cut off");
    let again = decode_lines(&Continue, &REQUESTS_PATH.replace("0.2.0", "0.1.0"), REQUESTS).0;
    let tally = Tally::of(events.iter().chain(&again));
    let sums: Vec<_> = tally.by_model().into_iter().map(|(model, usage)| (model, usage.input, usage.output)).collect();
    assert_eq!(sums, [("gpt-4o", 1_200, 80), ("ollama/qwen2.5-coder:1.5b", 900, 30)]);
    let times: Vec<_> = events.iter().filter_map(|event| event.at).map(Timestamp::as_millis).collect();
    assert_eq!(times.iter().min(), Some(&1_795_253_400_000));
    assert_eq!(times.iter().max(), Some(&1_795_253_460_000));
}

#[test]
fn requests_are_resumed_from_a_checkpoint() {
    let lines: Vec<&[u8]> = REQUESTS.split(|&byte| byte == b'\n').take(2).collect();
    let (mut first, mut second) =
        (open(&Continue, &home(), REQUESTS_PATH).1, open(&Continue, &home(), REQUESTS_PATH).1);
    let mut events = Vec::new();
    first.feed(Input::Line { bytes: lines[0], offset: 0 }, &mut events).unwrap();
    assert!(!second.resume(b"?") && second.resume(&first.checkpoint().unwrap()));
    let feed = |decoder: &mut Box<dyn Decoder>| {
        let mut events = Vec::new();
        decoder.feed(Input::Line { bytes: lines[1], offset: 9 }, &mut events).unwrap();
        format!("{events:?}")
    };
    assert_eq!(feed(&mut first), feed(&mut second));
}
