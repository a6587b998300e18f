use agtop_model::{Event, EventKind, Lineage, ProcessRole, TitleRank, Untrusted, Usage};
use proptest::prelude::*;

use super::Gemini;
use crate::testing::{Tally, count, decode_document, decode_lines, facts, home, open, process};
use crate::{Client, Input, ProcFacts};

const MAIN: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/main.jsonl");
const SUBAGENT: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/subagent.jsonl");
const RESUMED: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/resumed-later.jsonl");
const COMPACTED: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/compacted.jsonl");
const INTERRUPTED: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/interrupted.jsonl");
const PROJECTS: &[u8] = include_bytes!("../../../../fixtures/gemini/0.61.0/projects.json");
const DOCUMENT: &[u8] = include_bytes!("../../../../fixtures/gemini/0.8.0/session.json");
const LIST: &[u8] = include_bytes!("../../../../fixtures/gemini/0.8.0/list.json");
const SUBAGENT_DOCUMENT: &[u8] = include_bytes!("../../../../fixtures/gemini/0.8.0/subagent.json");

const MAIN_PATH: &str = "/home/u/.gemini/tmp/cellar/chats/session-2026-11-21T09-00-11111111.jsonl";
const LATER_PATH: &str = "/home/u/.gemini/tmp/cellar/chats/session-2026-11-21T09-05-11111111.jsonl";
const SUB_PATH: &str =
    "/home/u/.gemini/tmp/cellar/chats/11111111-aaaa-4000-8000-000000000001/44444444-aaaa-4000-8000-000000000001.jsonl";
const DOCUMENT_PATH: &str = "/home/u/.gemini/tmp/ab12/chats/session-2026-03-29T01-21-77777777.json";
const SUB_DOCUMENT_PATH: &str = "/home/u/.gemini/tmp/ab12/chats/77777777-aaaa-4000-8000-000000000001/cask1.json";

fn lines(path: &str, text: &[u8]) -> Vec<Event> {
    let (events, errors) = decode_lines(&Gemini, path, text);
    assert_eq!(errors, []);
    events
}

fn titles(events: &[Event]) -> Vec<(TitleRank, String)> {
    let title = |event: &Event| match &event.kind {
        EventKind::Title(title) => Some((title.rank, title.text.raw().to_owned())),
        _ => None,
    };
    events.iter().filter_map(title).collect()
}

#[test]
fn a_message_written_again_counts_once_in_disjoint_buckets() {
    let usage = Tally::of(&lines(MAIN_PATH, MAIN)).usage();
    let expected = Usage { input: 607 + 200, cache_read: 1400, output: 80 + 20, reasoning: 30, ..Usage::default() };
    assert_eq!(usage, expected);
}

#[test]
fn the_files_of_a_resumed_session_are_one_session() {
    let mut events = lines(LATER_PATH, RESUMED);
    events.extend(lines(MAIN_PATH, MAIN));
    let tally = Tally::of(&events);
    assert_eq!(tally.responses.len(), 3);
    assert_eq!(tally.by_session().keys().copied().collect::<Vec<_>>(), ["11111111-aaaa-4000-8000-000000000001"]);
    assert_eq!(tally.by_model()["gemini-2.5-flash"].prompt(), 1210);
}

#[test]
fn a_sub_agent_has_its_own_session_below_the_one_its_folder_names() {
    let events = lines(SUB_PATH, SUBAGENT);
    let facts = facts(&events);
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].parent.as_ref().map(|key| &*key.id), Some("11111111-aaaa-4000-8000-000000000001"));
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session()["44444444-aaaa-4000-8000-000000000001"].output, 10);
    assert!(tally.responses.values().all(|(_, response)| response.lineage == Lineage::Sidechain));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 0);
}

#[test]
fn the_header_has_project_and_start() {
    let events = lines(MAIN_PATH, MAIN);
    let facts = facts(&events)[0];
    assert_eq!(facts.project.as_deref(), Some("cellar"));
    assert_eq!(facts.started.map(agtop_model::Timestamp::as_millis), Some(1_795_251_600_000));
    assert!(Tally::of(&events).responses.values().all(|(_, response)| Some(response.opened) == facts.started));
}

#[test]
fn a_chat_without_a_header_has_its_files_id() {
    let headless: Vec<u8> = MAIN.split_inclusive(|&b| b == b'\n').skip(2).take(3).flatten().copied().collect();
    let events = lines(MAIN_PATH, &headless);
    assert_eq!(&*events[0].session.id, "session-2026-11-21T09-00-11111111");
    assert_eq!(facts(&events)[0].project.as_deref(), Some("cellar"));
    assert_eq!(Tally::of(&events).usage().output, 80);
}

#[test]
fn prompts_count_once_and_injected_text_is_no_prompt() {
    let events = lines(MAIN_PATH, MAIN);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    let expected = [
        (TitleRank::FirstPrompt, "Mend the lock of the cellar door".to_owned()),
        (TitleRank::Generated, "A lock is mended".to_owned()),
    ];
    assert_eq!(titles(&events), expected);
}

#[test]
fn a_command_is_a_lower_ranked_title_and_a_path_is_no_command() {
    let expected = [
        (TitleRank::FirstCommand, "/init".to_owned()),
        (TitleRank::FirstPrompt, "/srv/cellar/door.md is wrong".to_owned()),
    ];
    assert_eq!(titles(&lines(MAIN_PATH, COMPACTED)), expected);
}

#[test]
fn a_checkpoint_that_leaves_out_responses_is_a_compaction_and_others_are_not() {
    let compactions = |text| count(&lines(MAIN_PATH, text), |kind| matches!(kind, EventKind::Compacted));
    assert_eq!(compactions(MAIN), 0);
    assert_eq!(compactions(COMPACTED), 1);
}

#[test]
fn rewound_messages_keep_their_usage() {
    assert_eq!(Tally::of(&lines(MAIN_PATH, COMPACTED)).usage().prompt(), 140);
}

#[test]
fn a_later_start_in_the_same_file_is_no_compaction() {
    let mut text = MAIN.to_vec();
    text.extend(RESUMED.split_inclusive(|&b| b == b'\n').take(1).flatten());
    text.extend(b"{\"$set\":{\"messages\":[]}}\n");
    assert_eq!(count(&lines(MAIN_PATH, &text), |kind| matches!(kind, EventKind::Compacted)), 0);
}

#[test]
fn tools_start_and_end_with_their_target() {
    let events = lines(MAIN_PATH, MAIN);
    let started = events.iter().find_map(|event| match &event.kind {
        EventKind::ToolStarted { name, target, .. } => Some((&**name, target.as_ref().map(Untrusted::raw))),
        _ => None,
    });
    assert_eq!(started, Some(("read_file", Some("/srv/cellar/lock.txt"))));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Ok(()), .. })), 2);
    let is_locksmith =
        |kind: &EventKind| matches!(kind, EventKind::SubagentStarted { name, .. } if name.raw() == "locksmith");
    assert_eq!(count(&events, is_locksmith), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::SubagentEnded { .. })), 1);
}

#[test]
fn a_call_that_waits_for_approval_waits() {
    let events = lines(MAIN_PATH, INTERRUPTED);
    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::NeedsPermission)));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolStarted { .. })), 2);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Err(()), .. })), 1);
}

#[test]
fn an_interruption_ends_the_turn_and_an_error_is_emitted() {
    let events = lines(MAIN_PATH, INTERRUPTED);
    // By the info message, and by a message whose tool calls were all cancelled.
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::TurnEnded)), 2);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Error(text) if text.raw() == "quota exceeded")), 1);
}

#[test]
fn gemma_has_its_own_context_window() {
    let events = lines(MAIN_PATH, INTERRUPTED);
    assert!(facts(&events).iter().any(|facts| facts.context_limit == Some(256_000)));
    assert!(facts(&lines(MAIN_PATH, MAIN)).iter().all(|facts| facts.context_limit.is_none()));
}

#[test]
fn a_chat_in_one_document_merges_with_the_log_that_resumed_it() {
    let mut events = decode_document(&Gemini, DOCUMENT_PATH, DOCUMENT).unwrap();
    assert_eq!(
        Tally::of(&events).usage(),
        Usage { input: 400, cache_read: 100, output: 7, reasoning: 2, ..Usage::default() }
    );
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    let resumed = br#"{"sessionId":"77777777-aaaa-4000-8000-000000000001","startTime":"2026-03-29T02:00:00.000Z"}
{"id":"m1","timestamp":"2026-03-29T01:21:47.000Z","type":"gemini","content":"Nine.","tokens":{"input":500,"output":5,"cached":100,"thoughts":2},"model":"gemini-2.5-pro"}
"#;
    events.extend(lines(&format!("{DOCUMENT_PATH}l"), resumed));
    assert_eq!(Tally::of(&events).responses.len(), 1);
}

#[test]
fn short_ids_of_two_sessions_are_two_messages() {
    let mut events = decode_document(&Gemini, DOCUMENT_PATH, DOCUMENT).unwrap();
    events.extend(decode_document(&Gemini, SUB_DOCUMENT_PATH, SUBAGENT_DOCUMENT).unwrap());
    events.extend(decode_document(&Gemini, "/home/u/.gemini/tmp/ab12/chats/session-x.json", LIST).unwrap());
    let tally = Tally::of(&events);
    assert_eq!(tally.responses.len(), 3);
    assert_eq!(tally.by_session()["cask1"].prompt(), 50);
    assert_eq!(tally.by_session()["session-x"].prompt(), 5);
}

#[test]
fn a_damaged_message_does_not_lose_its_document() {
    let text = br#"{"sessionId":"s","messages":[{"id":7},
        {"id":"m1","type":"gemini","tokens":{"input":-1}},
        {"id":"m2","type":"gemini","tokens":{"input":5,"output":1}}]}"#;
    let (_, mut decoder) = open(&Gemini, &home(), DOCUMENT_PATH);
    let mut events = Vec::new();
    let error = decoder.feed(Input::Document(text), &mut events).unwrap_err();
    assert!(error.detail.starts_with("2 of 3 messages: number 0 "), "{}", error.detail);
    assert_eq!(Tally::of(&events).usage().total(), 6);
}

#[test]
fn more_cached_than_sent_is_no_underflow() {
    let text = br#"{"id":"m","type":"gemini","tokens":{"input":5,"cached":9,"output":1}}"#;
    assert_eq!(Tally::of(&lines(MAIN_PATH, text)).usage().input, 0);
}

#[test]
fn the_deciding_key_need_not_come_first() {
    let text = br#"{"timestamp":"2026-11-21T09:00:00.000Z","tokens":{"input":5,"output":1},"type":"gemini","id":"m"}"#;
    assert_eq!(Tally::of(&lines(MAIN_PATH, text)).usage().total(), 6);
}

#[test]
fn project_roots_come_from_both_places() {
    let roots = |events: Vec<Event>| -> Vec<(String, String)> {
        let root = |event: Event| match event.kind {
            EventKind::ProjectRoot { project, root } => {
                Some((project.to_string(), root.to_string_lossy().into_owned()))
            }
            _ => None,
        };
        events.into_iter().filter_map(root).collect()
    };
    let file = decode_document(&Gemini, "/home/u/.gemini/tmp/cellar-1/.project_root", b"/home/u/a b/cellar\n").unwrap();
    assert_eq!(roots(file), [("cellar-1".to_owned(), "/home/u/a b/cellar".to_owned())]);
    let registry = roots(decode_document(&Gemini, "/home/u/.gemini/projects.json", PROJECTS).unwrap());
    assert!(registry.contains(&("cellar-1".to_owned(), "/home/u/größe/cellar".to_owned())));
    assert_eq!(registry.len(), 2);
}

#[test]
fn a_project_root_that_is_no_path_is_an_error() {
    for text in [&b"\0/tmp"[..], b" \n", b"/a\n/b", b"\xff"] {
        assert!(decode_document(&Gemini, "/home/u/.gemini/tmp/x/.project_root", text).is_err());
    }
}

#[test]
fn files_set_aside_and_files_elsewhere_are_not_chats() {
    let stores = Gemini.stores(&home());
    let accepts = |path: &str| stores.iter().any(|store| (store.accepts)(path.as_ref()));
    assert!(accepts("cellar/chats/session-1.jsonl") && accepts("cellar/chats/parent/sub.json"));
    for path in [
        "cellar/chats/session-1.jsonl.unreadable-1795251600000",
        "cellar/chats/session-1.unreadable-1795251600000.jsonl",
        "cellar/chats/session-1.json.tmp-4711",
        "cellar/chats/other.jsonl",
        "cellar/logs.json",
        "cellar/checkpoints/session-1.json",
        "cellar/chats/a/b/session-1.jsonl",
    ] {
        assert!(!accepts(path), "{path}");
    }
}

#[test]
fn a_named_home_holds_the_folder() {
    let mut env = home();
    env.vars.insert("GEMINI_CLI_HOME".into(), "/data/g".into());
    assert!(Gemini.stores(&env).iter().all(|store| store.root.starts_with("/data/g/.gemini")));
    assert_eq!(Gemini.stores(&env)[0].presence, crate::Presence::Named);
}

#[test]
fn the_program_is_recognised_by_its_script() {
    let role = |comm: &str, argv: &[&str]| Gemini.recognise(&ProcFacts::new(&process(comm, argv, "-")));
    assert_eq!(role("node", &["node", "/usr/bin/gemini", "-p", "hi"]), Some(ProcessRole::Agent));
    assert_eq!(
        role("MainThread", &["/usr/bin/node", "--max-old-space-size=9", "/x/bin/gemini"]),
        Some(ProcessRole::Agent)
    );
    let bundle = "/x/node_modules/@google/gemini-cli/bundle/gemini.js";
    assert_eq!(role("node-MainThread", &["node", bundle, "--acp"]), Some(ProcessRole::Agent));
    assert_eq!(role("gemini", &["gemini"]), Some(ProcessRole::Agent));
    assert_eq!(role("vim", &["vim", "gemini"]), None);
    assert_eq!(role("bash", &["bash", "-c", "gemini"]), None);
    assert_eq!(role("node", &["node", "/srv/server.js", "gemini"]), None);
}

#[test]
fn only_an_id_names_a_session() {
    let id = "11111111-aaaa-4000-8000-000000000001";
    let session = |argv: &[&str]| Gemini.session_argument(&ProcFacts::new(&process("node", argv, "-")));
    assert_eq!(session(&["node", "gemini", "-r", id]).as_deref(), Some(id));
    assert_eq!(session(&["node", "gemini", &format!("--session-id={id}")]).as_deref(), Some(id));
    assert_eq!(session(&["node", "gemini", "--resume", "latest"]), None);
    assert_eq!(session(&["node", "gemini", "-r", "5"]), None);
}

proptest! {
    #[test]
    fn feeding_lines_again_changes_nothing(repeats in prop::collection::vec(0..12_usize, 0..30)) {
        let all: Vec<&[u8]> = MAIN.split_inclusive(|&b| b == b'\n').collect();
        let mut text = MAIN.to_vec();
        text.extend(repeats.iter().flat_map(|&n| all[n]));
        prop_assert_eq!(Tally::of(&lines(MAIN_PATH, &text)).usage(), Tally::of(&lines(MAIN_PATH, MAIN)).usage());
        prop_assert_eq!(count(&lines(MAIN_PATH, &text), |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    }

    #[test]
    fn a_truncated_line_loses_only_itself(cut in 0..MAIN.len()) {
        let (mut events, _) = decode_lines(&Gemini, MAIN_PATH, &MAIN[..cut]);
        let before = Tally::of(&events).usage().total();
        events.extend(lines(MAIN_PATH, MAIN));
        let whole = Tally::of(&events).usage();
        prop_assert!(before <= whole.total());
        prop_assert_eq!(whole, Tally::of(&lines(MAIN_PATH, MAIN)).usage());
    }

    #[test]
    fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..200), at in 0..MAIN.len()) {
        let mut text = MAIN.to_vec();
        text.splice(at..at, noise.iter().copied());
        decode_lines(&Gemini, MAIN_PATH, &text);
        let _ = decode_document(&Gemini, DOCUMENT_PATH, &text);
        let _ = decode_document(&Gemini, DOCUMENT_PATH, &noise);
        let _ = decode_document(&Gemini, "/home/u/.gemini/projects.json", &noise);
    }
}

/// Some documents name `~/.gemini/sessions` as the place of the first chats, but it was not searched.
#[test]
fn a_chat_in_the_first_releases_directory_is_read_and_has_its_projects_hash() {
    let path = "/home/u/.gemini/sessions/88888888-aaaa-4000-8000-000000000001.json";
    let text = include_bytes!("../../../../fixtures/gemini/old/session.json");
    let events = decode_document(&Gemini, path, text).unwrap();
    assert_eq!(Tally::of(&events).usage().total(), 77);
    let EventKind::Facts(facts) = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(
        (&*events[0].session.id, facts.project.as_deref()),
        ("88888888-aaaa-4000-8000-000000000001", Some("ab12"))
    );
}
