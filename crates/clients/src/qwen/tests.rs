use agtop_model::{EventKind, Lineage, ProcessRole, SessionFacts, StopReason, Title, TitleRank, Usage};
use proptest::prelude::*;

use super::Qwen;
use crate::testing::{Tally, decode_document, decode_lines, home, open, process};
use crate::{Client, Input, Presence, ProcFacts};

const CHAT: &[u8] = include_bytes!("../../../../fixtures/qwen/0.15.10/chat.jsonl");
const BRANCH: &[u8] = include_bytes!("../../../../fixtures/qwen/0.15.10/branch.jsonl");
const SUBAGENT: &[u8] = include_bytes!("../../../../fixtures/qwen/0.15.10/subagent.jsonl");
const OLD: &[u8] = include_bytes!("../../../../fixtures/qwen/0.4.0/chat.jsonl");
const DOCUMENT: &[u8] = include_bytes!("../../../../fixtures/qwen/0.1.0/session.json");

const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const BRANCH_SID: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const MAIN: &str = "/home/u/.qwen/projects/-home-u-work/chats/aaaaaaaa-0000-4000-8000-000000000001.jsonl";
const BRANCHED: &str = "/home/u/.qwen/projects/-home-u-work/chats/bbbbbbbb-0000-4000-8000-000000000002.jsonl";
const OLDER: &str = "/home/u/.qwen/projects/-home-u-work/chats/99999999-0000-4000-8000-000000000009.jsonl";
const OWN: &str = "/home/u/.qwen/projects/-home-u-work/subagents/aaaaaaaa-0000-4000-8000-000000000001/\
                   agent-explore-call_7.jsonl";
const DOCUMENTS: &str = "/home/u/.qwen/tmp/ab12/chats/session-2026-01-02T03-04-dddddddd.json";

/// The usage of the fixture's conversation, without its sub-agent and other requests.
const OWN_USAGE: Usage = usage(1600, 4400, 250, 20);

/// The compaction is a request of the session that leaves no assistant line.
const OWN_USAGE_AND_COMPRESSION: Usage = usage(2500, 4400, 280, 20);

const fn usage(input: u64, cache_read: u64, output: u64, reasoning: u64) -> Usage {
    Usage { input, cache_read, cache_write_5m: 0, cache_write_1h: 0, output, reasoning, web_searches: 0 }
}

fn kinds(path: &str, text: &[u8]) -> Vec<EventKind> {
    let (events, errors) = decode_lines(&Qwen, path, text);
    assert_eq!(errors, []);
    events.into_iter().map(|event| event.kind).collect()
}

fn tally(files: &[(&str, &[u8])]) -> Tally {
    let events: Vec<_> = files.iter().flat_map(|(path, text)| decode_lines(&Qwen, path, text).0).collect();
    Tally::of(&events)
}

/// The lines of the chat for which `keep` is true.
fn lines_where(keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let text = std::str::from_utf8(CHAT).unwrap();
    text.split_inclusive('\n').filter(|line| keep(line)).collect::<String>().into_bytes()
}

fn facts<'k>(kinds: &'k [EventKind]) -> Vec<&'k SessionFacts> {
    let of = |kind: &'k EventKind| match kind {
        EventKind::Facts(facts) => Some(&**facts),
        _ => None,
    };
    kinds.iter().filter_map(of).collect()
}

#[test]
fn a_response_in_telemetry_and_in_the_conversation_counts_once() {
    let tally = tally(&[(MAIN, CHAT)]);
    assert_eq!(tally.responses.len(), 7, "three of the conversation, three of sub-agents, one compression");
    assert_eq!(tally.by_session()[SID], OWN_USAGE_AND_COMPRESSION);
}

#[test]
fn cached_tokens_are_within_the_prompt_and_never_more_than_it() {
    let of = |prompt: u64, cached: u64| {
        let counts = format!(r#"{{"promptTokenCount":{prompt},"cachedContentTokenCount":{cached}}}"#);
        let line = format!(r#"{{"uuid":"a1","type":"assistant","usageMetadata":{counts}}}"#);
        let usage = tally(&[(MAIN, line.as_bytes())]).usage();
        (usage.input, usage.cache_read)
    };
    assert_eq!(of(100, 70), (30, 70));
    assert_eq!(of(100, 170).0, 0);
}

#[test]
fn without_telemetry_the_conversation_counts_the_same() {
    let conversation = lines_where(|line| !line.contains("ui_telemetry"));
    assert_eq!(tally(&[(MAIN, &conversation)]).usage(), OWN_USAGE);
}

#[test]
fn without_assistant_lines_telemetry_counts_the_same() {
    let telemetry = lines_where(|line| !line.contains("\"type\":\"assistant\""));
    assert_eq!(tally(&[(MAIN, &telemetry)]).by_session(), tally(&[(MAIN, CHAT)]).by_session());
}

#[test]
fn telemetry_that_comes_after_its_message_is_paired_too() {
    let mut lines: Vec<&[u8]> = CHAT.split_inclusive(|&b| b == b'\n').collect();
    lines.swap(3, 4);
    lines.swap(9, 10);
    assert_eq!(tally(&[(MAIN, &lines.concat())]).by_session(), tally(&[(MAIN, CHAT)]).by_session());
}

#[test]
fn equal_counts_after_another_prompt_are_another_response() {
    let prompt = r#"{"uuid":"u","type":"user","message":{"parts":[{"text":"again"}]}}"#;
    let response = r#"{"uuid":"t1","type":"system","subtype":"ui_telemetry","systemPayload":{"uiEvent":{"event.name":"qwen-code.api_response","input_token_count":5}}}"#;
    let message = r#"{"uuid":"a1","type":"assistant","usageMetadata":{"promptTokenCount":5}}"#;
    let text = [response, prompt, message].join("\n");
    assert_eq!(tally(&[(MAIN, text.as_bytes())]).usage().input, 10);
}

#[test]
fn sub_agents_known_only_from_telemetry_are_children() {
    let by_session = tally(&[(MAIN, CHAT)]);
    let by_session = by_session.by_session();
    assert_eq!(by_session[&*format!("{SID}/general-purpose-abc123")], usage(700, 500, 100, 10));
    assert_eq!(by_session[&*format!("{SID}/managed-auto-memory-extractor-xyz")], usage(300, 0, 15, 0));
    let kinds = kinds(MAIN, CHAT);
    let child = facts(&kinds).into_iter().find(|facts| facts.parent.is_some()).unwrap();
    assert_eq!(&*child.parent.as_ref().unwrap().id, SID);
    assert_eq!(child.origin.as_ref().unwrap().raw(), "general-purpose");
}

#[test]
fn a_sub_agent_ends_with_the_call_that_sent_it_off() {
    let (events, _) = decode_lines(&Qwen, MAIN, CHAT);
    let ends = |id: &str| {
        events.iter().filter(|event| *event.session.id == *id && matches!(event.kind, EventKind::TurnEnded)).count()
    };
    assert_eq!(ends(&format!("{SID}/general-purpose-abc123")), 1);
    assert_eq!(ends(&format!("{SID}/managed-auto-memory-extractor-xyz")), 0);
}

#[test]
fn the_summary_of_a_sub_agents_usage_is_no_usage() {
    assert!(tally(&[(MAIN, CHAT)]).usage().total() < 999_999);
}

#[test]
fn a_sub_agents_own_transcript_yields_its_tools_and_not_its_usage_again() {
    let (events, errors) = decode_lines(&Qwen, OWN, SUBAGENT);
    assert_eq!(errors, []);
    assert!(Tally::of(&events).responses.is_empty());
    assert!(events.iter().all(|event| *event.session.id == *format!("{SID}/explore-call_7")));
    let count = |is: fn(&EventKind) -> bool| events.iter().filter(|event| is(&event.kind)).count();
    assert_eq!(count(|kind| matches!(kind, EventKind::Prompt { .. } | EventKind::Title(_))), 0, "its parent asked");
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolStarted { .. })), 1);
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolEnded { outcome: Ok(()), .. })), 1);
    assert!(matches!(events.last().unwrap().kind, EventKind::TurnEnded));
}

#[test]
fn a_branch_copies_lines_and_they_count_for_the_chat_they_happened_in() {
    let (mut events, errors) = decode_lines(&Qwen, BRANCHED, BRANCH);
    assert_eq!(errors, []);
    events.extend(decode_lines(&Qwen, MAIN, CHAT).0);
    let tally = Tally::of(&events);
    let by_session = tally.by_session();
    assert_eq!(by_session[SID], OWN_USAGE_AND_COMPRESSION);
    assert_eq!(by_session[BRANCH_SID], usage(100, 2000, 25, 0));
    assert_eq!(by_session.len(), 4, "the copied sub-agents stay the first chat's");
}

#[test]
fn a_branch_that_lost_its_telemetry_counts_nothing_again() {
    let copied: Vec<u8> = BRANCH
        .split_inclusive(|&b| b == b'\n')
        .filter(|line| memchr::memmem::find(line, b"ui_telemetry").is_none())
        .flatten()
        .copied()
        .collect();
    let both = tally(&[(BRANCHED, &copied), (MAIN, CHAT)]);
    assert_eq!(both.by_session()[SID], OWN_USAGE_AND_COMPRESSION);
}

#[test]
fn a_branch_knows_its_source_and_counts_only_its_own_prompts() {
    let kinds = kinds(BRANCHED, BRANCH);
    assert_eq!(&*facts(&kinds)[0].forked_from.as_ref().unwrap().id, SID);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::Prompt { .. })).count(), 1);
}

#[test]
fn thoughts_excluded_from_the_output_are_added_and_included_ones_are_not() {
    let (events, errors) = decode_lines(&Qwen, OLDER, OLD);
    assert_eq!(errors, []);
    let tally = Tally::of(&events);
    let by_model = tally.by_model();
    assert_eq!(by_model["qwen3-coder-flash"], usage(600, 200, 90, 0));
    assert_eq!(by_model["gemini-2.5-pro"], usage(800, 200, 150, 50));
}

#[test]
fn a_session_that_another_created_names_it() {
    let kinds = kinds(OLDER, OLD);
    let parent = facts(&kinds).into_iter().find_map(|facts| facts.parent.as_ref()).unwrap();
    assert_eq!(&*parent.id, SID);
}

#[test]
fn the_directory_is_emitted_once_and_the_window_whenever_it_changes() {
    let kinds = kinds(MAIN, CHAT);
    let facts = facts(&kinds);
    assert_eq!(facts[0].cwd.as_deref(), Some("/home/u/work".as_ref()));
    assert_eq!(facts[0].branch.as_ref().unwrap().raw(), "main");
    assert_eq!(facts.iter().filter(|facts| facts.cwd.is_some()).count(), 1);
    let windows: Vec<_> = facts.iter().filter_map(|facts| facts.context_limit).collect();
    assert_eq!(windows, [131_072, 262_144]);
    let models: Vec<_> = facts.iter().filter_map(|facts| facts.model.as_deref()).collect();
    assert_eq!(models, ["qwen3-max"]);
    assert_eq!(facts.iter().find_map(|facts| facts.origin.as_ref()).unwrap().raw(), "telegram");
}

#[test]
fn notifications_are_not_prompts_and_messages_within_a_turn_are() {
    let prompts = kinds(MAIN, CHAT).iter().filter(|kind| matches!(kind, EventKind::Prompt { .. })).count();
    assert_eq!(prompts, 2);
}

#[test]
fn titles_have_ranks() {
    let kinds = kinds(MAIN, CHAT);
    let of = |kind| match kind {
        &EventKind::Title(Title { rank, ref text }) => Some((rank, text.raw())),
        _ => None,
    };
    let expected = [
        (TitleRank::FirstPrompt, "Look around, bitte"),
        (TitleRank::Generated, "Looking around"),
        (TitleRank::FirstPrompt, "and the docs"),
        (TitleRank::Given, "My docs"),
        (TitleRank::FirstCommand, "/about"),
    ];
    assert_eq!(kinds.iter().filter_map(of).collect::<Vec<_>>(), expected);
}

#[test]
fn tools_start_and_end_and_sub_agents_are_distinguished() {
    let kinds = kinds(MAIN, CHAT);
    let started = |kind: &EventKind| match kind {
        EventKind::ToolStarted { name, target, .. } => {
            Some((name.to_string(), target.clone().unwrap().raw().to_owned()))
        }
        _ => None,
    };
    let expected = [("agent", "look at the tests"), ("run_shell_command", "make docs")];
    assert_eq!(kinds.iter().filter_map(started).collect::<Vec<_>>(), expected.map(|(a, b)| (a.into(), b.into())));
    let outcomes: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EventKind::ToolEnded { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Ok(()), Err(())]);
    let name = kinds.iter().find_map(|kind| match kind {
        EventKind::SubagentStarted { name, .. } => Some(name.raw()),
        _ => None,
    });
    assert_eq!(name, Some("general-purpose"));
}

#[test]
fn a_cancelled_tool_ends_the_turn() {
    let text = lines_where(|line| line.contains("\"status\":\"cancelled\""));
    assert!(matches!(kinds(MAIN, &text)[..], [.., EventKind::ToolEnded { .. }, EventKind::TurnEnded]));
}

#[test]
fn a_response_without_a_tool_call_is_the_last_of_its_turn() {
    let (events, _) = decode_lines(&Qwen, MAIN, CHAT);
    let stops: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Response(response) => response.stop,
            _ => None,
        })
        .collect();
    assert_eq!(stops, [StopReason::ToolUse, StopReason::EndTurn, StopReason::ToolUse]);
}

#[test]
fn a_compaction_is_emitted_with_the_remaining_context() {
    let kinds = kinds(MAIN, CHAT);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::Compacted)).count(), 1);
    assert_eq!(facts(&kinds).iter().filter_map(|facts| facts.context_used).collect::<Vec<_>>(), [640]);
}

#[test]
fn failures_have_their_kind_and_never_their_text() {
    let kinds = kinds(MAIN, CHAT);
    let errors: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EventKind::Error(reason) => Some(reason.raw()),
            _ => None,
        })
        .collect();
    assert_eq!(errors, ["RateLimitError", "turn failed"]);
    assert!(!format!("{kinds:?}").contains("secret words"));
}

#[test]
fn a_rewind_takes_no_usage_back() {
    let before = lines_where(|line| !line.contains("\"rewind\""));
    assert_eq!(tally(&[(MAIN, &before)]).usage(), tally(&[(MAIN, CHAT)]).usage());
}

#[test]
fn the_servers_id_is_kept_to_find_a_response_by_but_does_not_identify_it() {
    let line = |uuid: &str, input: u32| {
        format!(
            r#"{{"uuid":"{uuid}","type":"system","subtype":"ui_telemetry","systemPayload":{{"uiEvent":{{"event.name":"qwen-code.api_response","response_id":"chatcmpl-7","input_token_count":{input}}}}}}}"#
        )
    };
    let tally = tally(&[(MAIN, [line("a", 5), line("b", 6)].join("\n").as_bytes())]);
    assert_eq!(tally.usage().input, 11);
    assert!(tally.responses.values().all(|(_, response)| response.id.as_deref() == Some("chatcmpl-7")));
}

#[test]
fn sub_agents_responses_are_off_the_main_line() {
    let tally = tally(&[(MAIN, CHAT)]);
    for (session, response) in tally.responses.values() {
        assert_eq!(response.lineage == Lineage::Sidechain, session.id.contains('/'));
    }
}

#[test]
fn arguments_that_look_like_a_skipped_line_do_not_hide_a_response() {
    let line = r#"{"uuid":"x","type":"assistant","message":{"parts":[{"functionCall":{"id":"c","name":"t","args":{"type":"system","subtype":"attribution_snapshot","systemPayload":{}}}}]},"usageMetadata":{"promptTokenCount":5}}"#;
    assert_eq!(tally(&[(MAIN, line.as_bytes())]).usage().input, 5);
}

#[test]
fn negative_and_impossible_counts_are_refused_with_the_reason_and_not_the_text() {
    for bad in ["-1", "1e300", "18446744073709551616", "\"many\"", "[1]"] {
        let lines = [
            format!(
                r#"{{"type":"assistant","message":{{"parts":[{{"text":"secret"}}]}},"usageMetadata":{{"promptTokenCount":{bad}}}}}"#
            ),
            format!(
                r#"{{"type":"system","subtype":"ui_telemetry","systemPayload":{{"uiEvent":{{"response_text":"secret","input_token_count":{bad}}}}}}}"#
            ),
        ];
        for line in lines {
            let (events, errors) = decode_lines(&Qwen, MAIN, line.as_bytes());
            assert!(events.is_empty(), "{line}");
            assert_eq!(errors.len(), 1, "{line}");
            assert!(!errors[0].1.detail.contains("secret") && !errors[0].1.detail.contains("many"));
        }
    }
}

#[test]
fn the_first_versions_chats_are_documents_and_a_damaged_message_is_lost_alone() {
    let (_, mut decoder) = open(&Qwen, &home(), DOCUMENTS);
    let mut events = Vec::new();
    let error = decoder.feed(Input::Document(DOCUMENT), &mut events).unwrap_err();
    assert!(error.detail.starts_with("1 of 4 messages: number 2 "), "{}", error.detail);
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session()["dddddddd-0000-4000-8000-000000000004"], usage(400, 500, 55, 5));
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count(), 1);
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::ToolEnded { outcome: Ok(()), .. })));
    assert!(decode_document(&Qwen, DOCUMENTS, b"{}").is_err());
}

#[test]
fn a_runtime_directory_replaces_the_usual_one() {
    let mut env = home();
    assert!(Qwen.stores(&env)[0].root.ends_with(".qwen/projects"));
    assert_eq!(Qwen.stores(&env)[0].presence, Presence::Usual);
    env.vars.insert("QWEN_HOME".into(), "/config".into());
    assert_eq!(Qwen.stores(&env)[0].root.to_str(), Some("/config/projects"));
    env.vars.insert("QWEN_RUNTIME_DIR".into(), "~/run".into());
    assert_eq!(Qwen.stores(&env)[0].root.to_str(), Some("/home/u/run/projects"));
    assert_eq!(Qwen.stores(&env)[0].presence, Presence::Named);
}

#[test]
fn only_chats_and_sub_agents_transcripts_are_read() {
    let stores = Qwen.stores(&home());
    let accepts = |path: &str| stores.iter().any(|store| (store.accepts)(path.as_ref()));
    assert!(accepts("-p/chats/x.jsonl") && accepts("-p/subagents/x/agent-1.jsonl"));
    assert!(accepts("ab12/chats/session-1.json"));
    assert!(!accepts("-p/subagents/x/agent-1.meta.json") && !accepts("-p/memory/x.jsonl") && !accepts("x.jsonl"));
}

#[test]
fn qwen_is_recognised_by_what_it_is() {
    let role = |argv: &[&str], exe: &str| {
        let process = process("node", argv, exe);
        Qwen.recognise(&ProcFacts::new(&process))
    };
    let agents: &[(&[&str], &str)] = &[
        (&["qwen"], "/usr/bin/qwen"),
        (&["node", "/usr/local/bin/qwen", "-p", "mcp"], "/usr/bin/node"),
        (
            &["/usr/bin/node", "--max-old-space-size=4096", "/usr/lib/node_modules/@qwen-code/qwen-code/cli.js"],
            "/usr/bin/node",
        ),
    ];
    for (argv, exe) in agents {
        assert_eq!(role(argv, exe), Some(ProcessRole::Agent), "{argv:?}");
    }
    assert_eq!(role(&["node", "/usr/local/bin/qwen", "mcp", "list"], "/usr/bin/node"), Some(ProcessRole::Helper));
    let others: &[(&[&str], &str)] = &[
        (&["tmux", "new", "-s", "qwen"], "/usr/bin/tmux"),
        (&["node", "server.js", "qwen"], "/usr/bin/node"),
        (&["ollama", "run", "qwen"], "/usr/bin/ollama"),
        (&["python3", "chat.py", "--model", "qwen"], "/usr/bin/python3"),
    ];
    for (argv, exe) in others {
        assert_eq!(role(argv, exe), None, "{argv:?}");
    }
}

#[test]
fn only_a_uuid_is_a_session() {
    let id = |argv: &[&str]| {
        let process = process("qwen", argv, "/usr/bin/qwen");
        Qwen.session_argument(&ProcFacts::new(&process))
    };
    assert_eq!(id(&["qwen", "--resume", SID]).as_deref(), Some(SID));
    assert_eq!(id(&["qwen", "-r", SID]).as_deref(), Some(SID));
    assert_eq!(id(&["qwen", &format!("--session-id={SID}")]).as_deref(), Some(SID));
    assert_eq!(id(&["qwen", "--resume"]), None);
    assert_eq!(id(&["qwen", "--continue"]), None);
}

proptest! {
    #[test]
    fn reading_twice_changes_nothing(cut in 0_usize..26) {
        let (mut events, _) = decode_lines(&Qwen, MAIN, CHAT);
        let once = Tally::of(&events).usage();
        let again: Vec<u8> = CHAT.split_inclusive(|&b| b == b'\n').skip(cut).flatten().copied().collect();
        events.extend(decode_lines(&Qwen, MAIN, &again).0);
        prop_assert_eq!(Tally::of(&events).usage(), once);
    }

    #[test]
    fn totals_never_fall_as_a_chat_grows(cut in 0_usize..27) {
        let so_far: Vec<u8> = CHAT.split_inclusive(|&b| b == b'\n').take(cut).flatten().copied().collect();
        let more: Vec<u8> = CHAT.split_inclusive(|&b| b == b'\n').take(cut + 1).flatten().copied().collect();
        let total = |text: &[u8]| Tally::of(&decode_lines(&Qwen, MAIN, text).0).usage().total();
        prop_assert!(total(&so_far) <= total(&more));
    }

    #[test]
    fn damaged_lines_are_errors_and_never_panics(at in 0_usize..20_000, byte in any::<u8>()) {
        let mut damaged = CHAT.to_vec();
        let at = at % damaged.len();
        damaged[at] = byte;
        decode_lines(&Qwen, MAIN, &damaged);
        decode_lines(&Qwen, MAIN, damaged.get(at..).unwrap_or_default());
        let mut document = DOCUMENT.to_vec();
        let at = at % document.len();
        document[at] = byte;
        let _ = decode_document(&Qwen, DOCUMENTS, &document);
    }
}
