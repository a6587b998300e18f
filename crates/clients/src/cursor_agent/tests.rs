use proptest::prelude::*;

use super::chats::unhexed;
use super::*;
use crate::testing::{Tally, decode_document, decode_lines, decode_rows, fixture_rows, home, open, process};
use agtop_model::{Event, EventKind, SessionFacts};

const TRANSCRIPT: &[u8] = include_bytes!("../../../../fixtures/cursor-agent/2026-11/transcript.jsonl");
const CHAT_ROWS: &str = include_str!("../../../../fixtures/cursor-agent/2026-11/chat.json");
const STATE_ROWS: &str = include_str!("../../../../fixtures/cursor-agent/2026-11/state.json");
const BESIDE: &[u8] = include_bytes!("../../../../fixtures/cursor-agent/2026-11/meta.json");
const TRUSTED: &[u8] = include_bytes!("../../../../fixtures/cursor-agent/2026-11/workspace-trusted.json");
const UUID: &str = "7aaaaaaa-0000-4000-8000-000000000001";

fn transcript() -> Vec<Event> {
    let path = format!("/home/u/.cursor/projects/home-u-shop/agent-transcripts/{UUID}/{UUID}.jsonl");
    let (events, errors) = decode_lines(&CursorAgent, &path, TRANSCRIPT);
    assert_eq!(errors, []);
    events
}

fn chat() -> Vec<Event> {
    let path = format!("/home/u/.cursor/chats/0123456789abcdef0123456789abcdef/{UUID}/store.db");
    decode_rows(&CursorAgent, &path, &fixture_rows(&CursorAgent, &path, CHAT_ROWS))
}

fn state() -> Vec<Event> {
    let path = "/home/u/.config/Cursor/User/globalStorage/state.vscdb";
    decode_rows(&CursorAgent, path, &fixture_rows(&CursorAgent, path, STATE_ROWS))
}

fn facts(events: &[Event]) -> &SessionFacts {
    events
        .iter()
        .find_map(|event| if let EventKind::Facts(facts) = &event.kind { Some(&**facts) } else { None })
        .unwrap()
}

#[test]
fn the_description_of_a_chat_is_json_in_hexadecimal() {
    let events = chat();
    assert_eq!(facts(&events).model.as_deref(), Some("claude-opus-4-8"));
    assert_eq!(facts(&events).project.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert!(events.iter().all(|event| &*event.session.id == UUID));
    assert_eq!(unhexed(b"7b7"), None);
}

#[test]
fn chat_and_transcript_are_one_session() {
    assert_eq!(chat()[0].session, transcript()[0].session);
}

#[test]
fn a_transcript_yields_prompts_and_models() {
    let events = transcript();
    assert_eq!(facts(&events).model, None);
    assert!(events.iter().any(|event| matches!(&event.kind, EventKind::Facts(facts) if facts.model.is_some())));
    let titles: Vec<_> = events
        .iter()
        .filter_map(|event| if let EventKind::Title(title) = &event.kind { Some(title.text.raw()) } else { None })
        .collect();
    assert_eq!(titles, ["mend the basket"]);
}

#[test]
fn conversations_of_the_editor_record_their_end() {
    let events = state();
    let over: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::TurnEnded))
        .map(|event| &*event.session.id)
        .collect();
    assert_eq!(over, ["c-done"]);
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Facts(_))).count(), 2);
}

#[test]
fn tokens_are_never_guessed() {
    let events: Vec<Event> = [transcript(), chat(), state()].concat();
    assert!(Tally::of(&events).responses.is_empty());
}

#[test]
fn a_directory_written_as_a_hash_or_with_dashes_is_not_guessed() {
    for events in [transcript(), chat(), state()] {
        assert!(events.iter().all(|event| !matches!(&event.kind, EventKind::Facts(facts) if facts.cwd.is_some())));
    }
}

#[test]
fn a_file_next_to_a_chat_has_its_directory() {
    let path = format!("/home/u/.cursor/chats/0123456789abcdef0123456789abcdef/{UUID}/meta.json");
    let events = decode_document(&CursorAgent, &path, BESIDE).unwrap();
    assert_eq!(events[0].session, chat()[0].session);
    assert_eq!(facts(&events).cwd, Some("/home/u/shop".into()));
    assert_eq!(facts(&events).started.map(agtop_model::Timestamp::as_millis), Some(1_795_000_000_000));
    assert!(!is_chat_directory(Path::new("0123/meta.json")));
}

#[test]
fn a_trusted_directory_has_a_hash_and_a_name() {
    let path = "/home/u/.cursor/projects/home-u-shop/.workspace-trusted";
    let events = decode_document(&CursorAgent, path, TRUSTED).unwrap();
    let roots: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ProjectRoot { project, root } => Some((&**project, root.to_str().unwrap())),
            _ => None,
        })
        .collect();
    // echo -n /home/u/shop | md5sum
    assert_eq!(roots, [("5827bd1b3f7dfa2ca189030668f6042c", "/home/u/shop"), ("home-u-shop", "/home/u/shop")]);
    assert_eq!(facts(&transcript()).project.as_deref(), Some("home-u-shop"));
}

#[test]
fn a_transcript_may_record_the_end_of_a_turn() {
    let ends = |events: &[Event]| events.iter().filter(|e| matches!(e.kind, EventKind::TurnEnded)).count();
    assert_eq!(ends(&transcript()), 1);
}

#[test]
fn another_data_directory_is_read_instead() {
    let mut env = home();
    env.vars.insert("CURSOR_DATA_DIR".into(), "/cursor".into());
    open(&CursorAgent, &env, &format!("/cursor/chats/0123/{UUID}/store.db"));
}

#[test]
fn only_a_uuid_on_the_command_line_names_a_chat() {
    let named = |argv: &[&str]| CursorAgent.session_argument(&ProcFacts::new(&process("cursor-agent", argv, "")));
    assert_eq!(named(&["cursor-agent", "--resume", UUID]).as_deref(), Some(UUID));
    assert_eq!(named(&["cursor-agent", "--resume"]), None);
    assert_eq!(named(&["cursor-agent", "--resume=last"]), None);
}

#[test]
fn the_editor_has_its_directory_on_every_system() {
    let mut env = home();
    env.vars.insert("APPDATA".into(), "/c/Roaming".into());
    let roots: Vec<_> = CursorAgent.stores(&env).into_iter().map(|store| store.root).collect();
    for home in ["/home/u/.config", "/home/u/Library/Application Support", "/c/Roaming"] {
        assert!(roots.contains(&Path::new(home).join("Cursor/User/globalStorage")), "{home}");
    }
}

proptest! {
    #[test]
    fn arbitrary_digits_never_panic(digits in prop::collection::vec(any::<u8>(), 0..50)) {
        unhexed(&digits);
    }

    #[test]
    fn arbitrary_documents_never_panic(noise in prop::collection::vec(any::<u8>(), 0..50), at in 0..30_usize) {
        let beside = format!("/home/u/.cursor/chats/0123/{UUID}/meta.json");
        for (path, seed) in [(&*beside, BESIDE), ("/home/u/.cursor/projects/a/.workspace-trusted", TRUSTED)] {
            let mut text = seed.to_vec();
            text.splice(at..at, noise.iter().copied());
            let _ = decode_document(&CursorAgent, path, &text);
        }
    }
}
