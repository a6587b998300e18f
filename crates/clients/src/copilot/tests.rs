use std::path::PathBuf;

use agtop_model::{
    Event, EventKind, IssueKind, Lineage, ProcessRole, ResponseCopy, RunningProcess, SessionFacts, StopReason,
    TitleRank, ToolKey, Usage,
};

use super::*;
use crate::parse::rfc3339;
use crate::testing::{FILE_MODIFIED, Tally, decode_document, decode_lines, home, process, responses};

const EVENTS: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.102/events.jsonl");
const SPANS: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.102/otel.jsonl");
const WORKSPACE_YAML: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.102/workspace.yaml");
const OLD_EVENTS: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.60/events.jsonl");
const OLD_SPANS: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.60/otel.jsonl");
const TWO_PROCESSES: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.60/two-processes.jsonl");
const OLDER_LIVE: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.20/live.jsonl");
const OLDER_SPANS: &[u8] = include_bytes!("../../../../fixtures/copilot/1.0.20/otel.jsonl");
const CHAT: &[u8] = include_bytes!("../../../../fixtures/copilot/vscode-1.108/chat.json");
const CHAT_LOG: &[u8] = include_bytes!("../../../../fixtures/copilot/vscode-1.109/chat.jsonl");
const CHAT_SPANS: &[u8] = include_bytes!("../../../../fixtures/copilot/vscode-1.120/otel.jsonl");

const SESSION: &str = "0c0c0c0c-0102-4000-8000-000000000001";
const OLD_SESSION: &str = "0c0c0c0c-0060-4000-8000-000000000001";
const STORAGE: &str = "/home/u/.config/Code/User/workspaceStorage/abc123";

/// The total of the calls in [`EVENTS`], without the call that made a summary.
const CALLS: Usage = usage(5000, 46_000, 1000, 1730);
const SUMMARY: Usage = usage(500, 14_000, 0, 600);
const ALL: Usage = usage(5500, 60_000, 1000, 2330);

/// The total of the calls in [`OLD_EVENTS`].
const OLD: Usage = usage(7000, 28_000, 0, 620);

const fn usage(input: u64, cache_read: u64, cache_write_5m: u64, output: u64) -> Usage {
    Usage { input, cache_read, cache_write_5m, cache_write_1h: 0, output, reasoning: 0, web_searches: 0 }
}

fn without_reasoning(usage: Usage) -> Usage {
    Usage { reasoning: 0, ..usage }
}

fn events(session: &str, text: &[u8]) -> Vec<Event> {
    let path = format!("/home/u/.copilot/session-state/{session}/events.jsonl");
    let (events, errors) = decode_lines(&Copilot, &path, text);
    assert_eq!(errors, []);
    events
}

fn spans(text: &[u8]) -> Vec<Event> {
    let (events, errors) = decode_lines(&Copilot, "/home/u/.copilot/otel/spans.jsonl", text);
    assert_eq!(errors, []);
    events
}

/// The lines without any of these words.
fn without(text: &[u8], words: &[&str]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let kept = text.lines().filter(|line| !words.iter().any(|word| line.contains(word)));
    kept.flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

/// The usage of all events together; it must not depend on their order.
fn total<'e>(parts: impl IntoIterator<Item = &'e Vec<Event>>) -> Usage {
    let mut all: Vec<Event> = parts.into_iter().flatten().cloned().collect();
    let forwards = Tally::of(&all).usage();
    all.reverse();
    assert_eq!(Tally::of(&all).usage(), forwards);
    without_reasoning(forwards)
}

fn kinds<'e>(events: &'e [Event], session: &'e str) -> impl Iterator<Item = &'e EventKind> {
    events.iter().filter(move |event| *event.session.id == *session).map(|event| &event.kind)
}

fn facts(events: &[Event], session: &str) -> SessionFacts {
    let mut joined = SessionFacts::default();
    for kind in kinds(events, session) {
        let EventKind::Facts(facts) = kind else { continue };
        let facts = (**facts).clone();
        joined = SessionFacts {
            parent: facts.parent.or(joined.parent),
            forked_from: None,
            started: facts.started.or(joined.started),
            cwd: facts.cwd.or(joined.cwd),
            project: facts.project.or(joined.project),
            branch: facts.branch.or(joined.branch),
            version: facts.version.or(joined.version),
            model: facts.model.or(joined.model),
            context_limit: facts.context_limit.or(joined.context_limit),
            context_used: facts.context_used.or(joined.context_used),
            origin: facts.origin.or(joined.origin),
        };
    }
    joined
}

#[test]
fn a_record_of_each_call_counts_and_its_input_includes_both_caches() {
    let no_totals = events(SESSION, &without(EVENTS, &["session.shutdown", "compaction_complete"]));
    assert_eq!(total([&no_totals]), CALLS);
    let first = responses(&no_totals)[0];
    assert_eq!(first.usage, Usage { reasoning: 100, ..usage(2000, 9000, 1000, 300) });
    assert_eq!(first.id.as_deref(), Some("call-1"));
    assert_eq!(first.stop, Some(StopReason::ToolUse));
    assert_eq!(first.embedded_cost, None, "credits and premium requests are not dollars");
}

#[test]
fn nano_units_are_no_dollars() {
    let text = std::str::from_utf8(EVENTS).unwrap();
    assert!(text.contains("totalNanoAiu"));
    for events in [events(SESSION, EVENTS), events(SESSION, &without(EVENTS, &["usage_record"]))] {
        assert!(responses(&events).iter().all(|response| response.embedded_cost.is_none()));
    }
}

#[test]
fn totals_of_a_session_with_records_add_nothing() {
    assert_eq!(total([&events(SESSION, EVENTS)]), ALL);
    assert_eq!(responses(&events(SESSION, EVENTS)).len(), 6);
}

#[test]
fn totals_up_to_a_watermark_are_of_the_whole_session_and_count_as_far_as_records_are_missing() {
    let no_records = events(SESSION, &without(EVENTS, &["usage_record", "compaction_complete"]));
    assert_eq!(total([&no_records]), CALLS);
    let one_is_missing = events(SESSION, &without(EVENTS, &["\"call-3\"", "compaction_complete"]));
    assert_eq!(total([&one_is_missing]), CALLS);
}

#[test]
fn the_call_that_made_a_summary_is_in_no_total_but_counts() {
    let all = events(SESSION, EVENTS);
    let summaries: Vec<&ResponseCopy> = responses(&all).into_iter().filter(|response| response.id.is_none()).collect();
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].usage, SUMMARY);
    assert_eq!(summaries[0].model.as_deref(), Some("gpt-5.5"));
    assert!(kinds(&all, SESSION).any(|kind| matches!(kind, EventKind::Compacted)));
}

#[test]
fn the_first_releases_have_other_names_for_a_summarys_counts() {
    let line = br#"{"type":"session.compaction_complete","id":"e","data":{"success":true,"compactionTokensUsed":{"input":900,"output":50,"cachedInput":600}}}"#;
    assert_eq!(total([&events(SESSION, line)]), usage(300, 600, 0, 50));
}

#[test]
fn live_messages_have_only_their_output() {
    let live = events(OLD_SESSION, &without(OLD_EVENTS, &["session.shutdown"]));
    assert_eq!(total([&live]), usage(0, 0, 0, 620));
}

#[test]
fn a_total_of_one_process_replaces_its_messages_and_not_the_total_of_another() {
    assert_eq!(total([&events(OLD_SESSION, OLD_EVENTS)]), OLD);
    let first = &OLD_EVENTS[..memchr::memmem::find(OLD_EVENTS, b"{\"type\":\"session.resume").unwrap()];
    assert_eq!(total([&events(OLD_SESSION, first)]), usage(6000, 17_000, 0, 550));
}

/// Bug: `turns` was the number of totals, however many requests they sum up: 2 + 1 + 1 requests in three totals were 3.
#[test]
fn a_total_counts_as_the_requests_that_it_sums_up() {
    let all = events(OLD_SESSION, OLD_EVENTS);
    let counted = Tally::of(&all);
    let requests: u64 = counted.responses.values().map(|(_, response)| response.requests).sum();
    assert_eq!((counted.responses.len(), requests), (3, 4));
}

#[test]
fn each_model_has_its_own_total() {
    let all = events(OLD_SESSION, OLD_EVENTS);
    let by_model = Tally::of(&all);
    let by_model = by_model.by_model();
    assert_eq!(by_model["claude-haiku-4.5"], usage(1000, 2000, 0, 50));
    assert_eq!(by_model["gpt-5.5"], Usage { reasoning: 60, ..usage(6000, 26_000, 0, 570) });
}

#[test]
fn a_session_that_predates_usage_records_continues_with_them() {
    // Observed: the first total of 1.0.102 adds the new call to the last total of 1.0.60, and to no earlier one.
    let resumed = br#"{"type":"session.resume","id":"r1","parentId":"b23","data":{"selectedModel":"gpt-5.5"}}
{"type":"session.usage_record","id":"r2","parentId":"r1","data":{"usage":{"model":"gpt-5.5","inputTokens":1000,"outputTokens":10,"apiCallId":"new-1"}}}
{"type":"session.shutdown","id":"r3","parentId":"r2","data":{"usageAccountingWatermarks":{"x":1},"modelMetrics":{"gpt-5.5":{"usage":{"inputTokens":13000,"outputTokens":80,"cacheReadTokens":11000}}}}}
"#;
    let both = [OLD_EVENTS, resumed].concat();
    assert_eq!(total([&events(OLD_SESSION, &both)]), usage(8000, 28_000, 0, 630));
}

#[test]
fn records_replace_the_output_of_messages_they_share_a_release_with() {
    let text = br#"{"type":"session.start","id":"1","data":{}}
{"type":"assistant.message","id":"2","parentId":"1","data":{"apiCallId":"c","outputTokens":40,"model":"m"}}
{"type":"session.usage_record","id":"3","parentId":"2","data":{"usage":{"model":"m","inputTokens":100,"outputTokens":40,"apiCallId":"c"}}}
{"type":"session.shutdown","id":"4","parentId":"3","data":{"modelMetrics":{"m":{"usage":{"inputTokens":100,"outputTokens":40}}}}}
"#;
    assert_eq!(total([&events(SESSION, text)]), usage(100, 0, 0, 40));
}

#[test]
fn two_processes_in_one_file_are_distinguished_by_the_links_of_their_events() {
    let both = events("0c0c0c0c-0060-4000-8000-000000000002", TWO_PROCESSES);
    assert_eq!(total([&both]), usage(1000, 0, 0, 11 + 22), "the total replaces the message of its own process alone");
}

#[test]
fn a_span_and_a_record_of_one_call_are_one_and_the_events_say_whose() {
    let (told, traced) = (events(SESSION, EVENTS), spans(SPANS));
    assert_eq!(total([&traced]), CALLS, "spans alone: the sums of agents do not count beside calls");
    assert_eq!(total([&told, &traced]), ALL);
    let both: Vec<Event> = traced.into_iter().chain(told).collect();
    let tally = Tally::of(&both);
    assert_eq!(tally.by_session()[&*format!("{SESSION}/sub1")], usage(1000, 4000, 0, 200));
}

#[test]
fn spans_of_a_process_replace_its_totals_and_messages() {
    let (told, traced) = (events(OLD_SESSION, OLD_EVENTS), spans(OLD_SPANS));
    let live = events(OLD_SESSION, &without(OLD_EVENTS, &["session.shutdown"]));
    assert_eq!(total([&traced]), OLD);
    assert_eq!(total([&told, &traced]), OLD);
    assert_eq!(total([&live, &traced]), OLD);
}

#[test]
fn a_process_without_spans_keeps_its_total_when_another_has_spans() {
    let second_alone = spans(&without(OLD_SPANS, &["old-1", "old-2", "old-3"]));
    assert_eq!(total([&events(OLD_SESSION, OLD_EVENTS), &second_alone]), OLD);
}

#[test]
fn a_message_that_does_not_name_its_call_is_found_by_its_turn() {
    let live = events("0c0c0c0c-0020-4000-8000-000000000001", OLDER_LIVE);
    assert_eq!(total([&live]), usage(0, 0, 0, 30));
    assert_eq!(responses(&live)[0].model.as_deref(), Some("gpt-5.5"), "the session's, as the message names none");
    assert_eq!(total([&live, &spans(OLDER_SPANS)]), usage(1000, 3000, 0, 30));
}

#[test]
fn the_finest_kind_of_a_traces_records_counts() {
    let calls = usage(100 + 200, 0, 0, 10 + 20);
    let inferences = usage(400 + 500, 0, 0, 40 + 50);
    let turns = usage(1000 + 2000, 0, 0, 100 + 200);
    let agent = usage(7000, 0, 0, 700);
    assert_eq!(total([&spans(CHAT_SPANS)]), [calls, inferences, turns, agent].into_iter().sum());
}

#[test]
fn local_servers_reuse_ids() {
    let call = |id: &str, input: u64| {
        format!(
            r#"{{"type":"session.usage_record","id":"{id}","data":{{"usage":{{"model":"m","inputTokens":{input},"outputTokens":1,"apiCallId":"chatcmpl-7"}}}}}}"#
        )
    };
    let text = [call("1", 10), call("2", 20)].join("\n");
    assert_eq!(total([&events(SESSION, text.as_bytes())]).input, 30);
}

#[test]
fn a_copy_of_a_session_counts_once() {
    let fork = events("0c0c0c0c-0102-4000-8000-00000000000f", EVENTS);
    assert_eq!(total([&events(SESSION, EVENTS), &fork]), ALL);
    let fork = events("0c0c0c0c-0060-4000-8000-00000000000f", OLD_EVENTS);
    assert_eq!(total([&events(OLD_SESSION, OLD_EVENTS), &fork]), OLD);
}

#[test]
fn a_sub_agent_is_a_separate_session() {
    let all = events(SESSION, EVENTS);
    let child = format!("{SESSION}/sub1");
    let known = facts(&all, &child);
    assert_eq!(&*known.parent.unwrap().id, SESSION);
    assert_eq!(known.origin.unwrap().raw(), "explore");
    assert_eq!(known.model.as_deref(), Some("claude-haiku-4.5"));
    assert_eq!(facts(&all, SESSION).model.as_deref(), Some("gpt-5.5"), "its model is not the session's");
    let tool = ToolKey::new(ID, "t1");
    assert!(kinds(&all, SESSION).any(
        |kind| matches!(kind, EventKind::SubagentStarted { tool: t, name, .. } if *t == tool && name.raw() == "explore")
    ));
    assert!(kinds(&all, SESSION).any(|kind| matches!(kind, EventKind::SubagentEnded { tool: t } if *t == tool)));
    assert!(kinds(&all, &child).any(|kind| matches!(kind, EventKind::Ended)));
    assert!(
        kinds(&all, &child).all(|kind| !matches!(kind, EventKind::Prompt { .. })),
        "its task is not a prompt of the user"
    );
    assert!(
        responses(&all)
            .iter()
            .any(|response| response.lineage == Lineage::Sidechain && response.id.as_deref() == Some("call-2"))
    );
}

#[test]
fn a_permission_is_waited_for_until_it_is_given() {
    let all = events(SESSION, EVENTS);
    let waiting = all.iter().position(|event| matches!(event.kind, EventKind::NeedsPermission)).unwrap();
    assert!(matches!(&all[waiting - 1].kind, EventKind::ToolStarted { name, target: Some(target), .. }
        if &**name == "bash" && target.raw() == "sed -i s/a/b/ cart.py"));
    let EventKind::ToolEnded { tool, .. } = all[waiting + 1].kind else { panic!("the wait goes on") };
    assert_eq!(tool, ToolKey::new(ID, "p1"), "the question has ended, the tool has not");
    assert!(
        matches!(all[waiting + 2].kind, EventKind::ToolEnded { tool, outcome: Err(()) } if tool == ToolKey::new(ID, "t2"))
    );
}

#[test]
fn a_permission_that_a_hook_gives_is_not_waited_for() {
    let line = br#"{"type":"permission.requested","id":"1","data":{"requestId":"p","resolvedByHook":true}}"#;
    assert!(events(SESSION, line).is_empty());
}

#[test]
fn a_question_to_the_user_is_waited_for() {
    let line =
        br#"{"type":"tool.execution_start","id":"1","data":{"toolCallId":"t","toolName":"ask_user","arguments":"x"}}"#;
    assert!(matches!(events(SESSION, line).last().unwrap().kind, EventKind::NeedsInput));
}

#[test]
fn a_turn_ends_with_a_message_that_asks_for_no_tools() {
    let all = events(SESSION, EVENTS);
    let ends: Vec<Option<agtop_model::Timestamp>> = all
        .iter()
        .filter(|event| matches!(event.kind, EventKind::TurnEnded) && *event.session.id == *SESSION)
        .map(|event| event.at)
        .collect();
    let at = |id: &str| {
        let lines = EVENTS.split(|&byte| byte == b'\n');
        let mut lines = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
        rfc3339(lines.find(|line| line["id"] == id).unwrap()["timestamp"].as_str().unwrap())
    };
    assert_eq!(ends, [at("a29"), at("a33")], "the answer's end, and the beginning of the next process");
}

#[test]
fn prompts_are_messages_that_the_user_wrote() {
    let all = events(OLD_SESSION, OLD_EVENTS);
    assert_eq!(kinds(&all, OLD_SESSION).filter(|kind| matches!(kind, EventKind::Prompt { .. })).count(), 2);
    let titles: Vec<&agtop_model::Title> = kinds(&all, OLD_SESSION)
        .filter_map(|kind| if let EventKind::Title(title) = kind { Some(title) } else { None })
        .collect();
    assert_eq!(titles.len(), 1);
    assert_eq!((titles[0].rank, titles[0].text.raw()), (TitleRank::FirstPrompt, "Look around"));
}

#[test]
fn a_session_has_its_directory_version_model_and_window() {
    let known = facts(&events(SESSION, EVENTS), SESSION);
    assert_eq!(known.cwd, Some(PathBuf::from("/work/shop")));
    assert_eq!(known.branch.unwrap().raw(), "cart", "the process that resumed it found another branch");
    assert_eq!(known.version.unwrap().raw(), "1.0.102");
    assert_eq!(known.context_limit, Some(128_000));
    assert_eq!(known.context_used, Some(7000), "after the summary");
}

#[test]
fn errors_have_their_kind_and_not_their_message() {
    let all = events(SESSION, EVENTS);
    let error =
        kinds(&all, SESSION).find_map(|kind| if let EventKind::Error(reason) = kind { Some(reason) } else { None });
    assert_eq!(error.unwrap().raw(), "quota");
}

#[test]
fn flat_sessions_and_those_of_the_first_releases_are_named_by_their_file() {
    for path in [
        "/home/u/.copilot/session-state/0c0c0c0c-0102-4000-8000-000000000001.jsonl",
        "/home/u/.copilot/history-session-state/session_0c0c0c0c-0102-4000-8000-000000000001_1758900000000.jsonl",
    ] {
        let (events, errors) = decode_lines(&Copilot, path, EVENTS);
        assert_eq!(errors, []);
        assert!(events.iter().all(|event| event.session.id.starts_with(SESSION)));
    }
}

#[test]
fn broken_records_are_lost_alone() {
    let text = [
        &br#"{"type":"session.usage_record","id":"1","data":{"usage":{"inputTokens":-5,"apiCallId":"x"}}}"#[..],
        br#"{"type":"session.shutdown","id":"2","data":{"modelMetrics":{"m":{"usage":{"inputTokens":1e300}},"n":null}}}"#,
        b"{\"type\":\"assistant.message\",\"data\":{\"outputTokens\":\"many\"}}",
        b"\x00\xff",
        br#"{"type":"session.shutdown","data":{"modelMetrics":{"n":null}},"timestamp":"2999-01-01T00:00:00Z"}"#,
        br#"{"type":17}"#,
        br#"{"type":"session.start"}"#,
        br#"{"type":"session.usage_record","id":"3","data":{"usage":{"model":"m","inputTokens":7,"apiCallId":"y"}}}"#,
    ];
    let path = format!("/home/u/.copilot/session-state/{SESSION}/events.jsonl");
    let (events, errors) = decode_lines(&Copilot, &path, &text.join(&b'\n'));
    assert_eq!(total([&events]), usage(7, 0, 0, 0));
    let kinds: Vec<IssueKind> = errors.iter().map(|(_, error)| error.kind).collect();
    assert_eq!(
        kinds,
        [
            IssueKind::OutOfRange,
            IssueKind::OutOfRange,
            IssueKind::Malformed,
            IssueKind::Malformed,
            IssueKind::Malformed
        ]
    );
}

#[test]
fn cached_tokens_beyond_the_prompt_leave_no_input() {
    let line = br#"{"type":"session.usage_record","id":"1","data":{"usage":{"inputTokens":5,"cacheReadTokens":9,"outputTokens":1,"reasoningTokens":4}}}"#;
    assert_eq!(responses(&events(SESSION, line))[0].usage, Usage { reasoning: 1, ..usage(0, 9, 0, 1) });
}

#[test]
fn a_description_has_the_title_and_directory_of_its_session() {
    let path = format!("/home/u/.copilot/session-state/{SESSION}/workspace.yaml");
    let all = decode_document(&Copilot, &path, WORKSPACE_YAML).unwrap();
    let known = facts(&all, SESSION);
    assert_eq!(known.cwd, Some(PathBuf::from("/work/shop: the second")));
    assert_eq!(known.origin.unwrap().raw(), "github/cli");
    let EventKind::Title(title) = &all.last().unwrap().kind else { panic!("no title") };
    assert_eq!((title.rank, title.text.raw()), (TitleRank::FirstPrompt, "Slow cart: \"why\"?"));
}

#[test]
fn a_name_that_the_user_gave_ranks_higher_and_may_be_quoted_in_two_ways() {
    let path = format!("/home/u/.copilot/session-state/{SESSION}/workspace.yaml");
    let all = decode_document(&Copilot, &path, b"name: '#1: it''s slow'\nuser_named: true\ncwd: null\n").unwrap();
    let EventKind::Title(title) = &all[0].kind else { panic!("no title") };
    assert_eq!((title.rank, title.text.raw()), (TitleRank::Given, "#1: it's slow"));
}

#[test]
fn a_vscode_chat_has_prompts_and_a_name_and_no_tokens_in_either_form() {
    let document = decode_document(&Copilot, &format!("{STORAGE}/chatSessions/s1.json"), CHAT).unwrap();
    let (log, errors) = decode_lines(&Copilot, &format!("{STORAGE}/chatSessions/s1.jsonl"), CHAT_LOG);
    assert_eq!(errors, []);
    for (all, prompts) in [(&document, 2), (&log, 1)] {
        let count = |wanted: fn(&EventKind) -> bool| kinds(all, "s1").filter(|kind| wanted(kind)).count();
        assert_eq!(count(|kind| matches!(kind, EventKind::Prompt { .. })), prompts);
        assert_eq!(count(|kind| matches!(kind, EventKind::TurnEnded)), prompts);
        assert!(kinds(all, "s1").any(|kind| matches!(kind, EventKind::Title(title)
            if title.rank == TitleRank::Generated && title.text.raw() == "Fix the cart")));
        assert_eq!(responses(all).len(), 0);
        let known = facts(all, "s1");
        assert_eq!((known.model.as_deref(), known.project.as_deref()), (Some("gpt-5.5"), Some("abc123")));
    }
}

#[test]
fn chats_of_others_in_vscode_are_not_copilots() {
    let text = br#"{"responderUsername":"Somebody","requests":[{"message":{"text":"x"}}]}"#;
    assert!(decode_document(&Copilot, &format!("{STORAGE}/chatSessions/s1.json"), text).unwrap().is_empty());
}

#[test]
fn a_workspace_names_its_directory() {
    let root = |folder: &str| {
        let text = format!(r#"{{"folder":"{folder}"}}"#);
        let all = decode_document(&Copilot, &format!("{STORAGE}/workspace.json"), text.as_bytes()).unwrap();
        all.into_iter().find_map(|event| match event.kind {
            EventKind::ProjectRoot { project, root } => Some((project.to_string(), root)),
            _ => None,
        })
    };
    let known = |path: &str| Some(("abc123".to_owned(), PathBuf::from(path)));
    assert_eq!(root("file:///work/gr%C3%B6%C3%9Fe%20x"), known("/work/größe x"));
    assert_eq!(root("file:///c%3A/work"), known("c:/work"));
    assert_eq!(root("file:///100%"), known("/100%"));
    assert_eq!(root("vscode-remote://ssh-remote%2Bhost/work"), None);
}

#[test]
fn the_chat_extensions_own_transcripts_are_events_too() {
    let path = format!("{STORAGE}/GitHub.copilot-chat/transcripts/{SESSION}.jsonl");
    let (all, errors) = decode_lines(&Copilot, &path, EVENTS);
    assert_eq!(errors, []);
    assert_eq!(facts(&all, SESSION).project.as_deref(), Some("abc123"));
}

#[test]
fn variables_move_the_stores_and_make_them_required() {
    let mut env = home();
    env.vars.insert("COPILOT_HOME".into(), "/data/copilot".into());
    env.vars.insert("COPILOT_OTEL_FILE_EXPORTER_PATH".into(), "/data/otel/copilot.jsonl".into());
    let stores = Copilot.stores(&env);
    assert_eq!(stores[0].root, PathBuf::from("/data/copilot/session-state"));
    assert_eq!(stores[0].presence, Presence::Named);
    assert!(stores.iter().any(|store| store.root == Path::new("/data/otel") && store.presence == Presence::Named));
    env.vars.insert("COPILOT_OTEL_FILE_EXPORTER_PATH".into(), "copilot.jsonl".into());
    assert!(Copilot.stores(&env).iter().all(|store| store.root != Path::new("")));
    assert!(Copilot.stores(&home()).iter().all(|store| store.presence == Presence::Usual));
}

fn role(name: &str, argv: &[&str], exe: &str) -> Option<ProcessRole> {
    Copilot.recognise(&ProcFacts::new(&process(name, argv, exe)))
}

#[test]
fn the_native_program_and_its_npm_wrapper_are_agents() {
    let native = "/opt/node_modules/@github/copilot-linux-x64/copilot";
    assert_eq!(role("MainThread", &[native, "--allow-all-tools", "-p", "help me"], native), Some(ProcessRole::Agent));
    assert_eq!(role("node", &["node", "/opt/node_modules/.bin/copilot"], "/usr/bin/node"), Some(ProcessRole::Agent));
    let loader = "/opt/node_modules/@github/copilot/npm-loader.js";
    assert_eq!(role("node", &["node", loader, "--resume"], "/usr/bin/node"), Some(ProcessRole::Agent));
    assert_eq!(role("copilot", &["copilot", "--acp"], native), Some(ProcessRole::Agent));
}

#[test]
fn commands_that_manage_and_language_servers_are_helpers() {
    let native = "/opt/copilot";
    assert_eq!(role("MainThread", &["copilot", "mcp", "list"], native), Some(ProcessRole::Helper));
    assert_eq!(role("MainThread", &["copilot", "--binary-version"], native), Some(ProcessRole::Helper));
    assert_eq!(
        role("copilot-languag", &["copilot-language-server", "--stdio"], "/x/copilot-language-server"),
        Some(ProcessRole::Helper)
    );
    let server = "/x/node_modules/@github/copilot-language-server/dist/language-server.js";
    assert_eq!(role("node", &["node", server, "--stdio"], "/usr/bin/node"), Some(ProcessRole::Helper));
}

#[test]
fn programs_that_merely_mention_it_or_share_its_name_are_not_it() {
    assert_eq!(role("grep", &["grep", "-r", "copilot", "."], "/usr/bin/grep"), None);
    assert_eq!(role("vim", &["vim", "/opt/node_modules/@github/copilot/npm-loader.js"], "/usr/bin/vim"), None);
    assert_eq!(role("copilot", &["copilot", "svc", "deploy"], "/usr/local/bin/copilot"), None, "AWS's");
}

#[test]
fn only_a_whole_id_on_the_command_line_names_the_session() {
    let named = |argv: &[&str]| Copilot.session_argument(&ProcFacts::new(&process("MainThread", argv, "/opt/copilot")));
    let upper = SESSION.to_ascii_uppercase();
    assert_eq!(named(&["copilot", &format!("--resume={upper}")]).as_deref(), Some(SESSION));
    assert_eq!(named(&["copilot", "-r", SESSION]).as_deref(), Some(SESSION));
    assert_eq!(named(&["copilot", "--session-id", SESSION, "-p", "x"]).as_deref(), Some(SESSION));
    assert_eq!(named(&["copilot", "--resume", "0c0c0c0"]), None);
    assert_eq!(named(&["copilot", "--continue"]), None);
}

const LIVE: &str = "/home/u/.copilot/session-state/86204044-d826-412f-a7b9-0a4b385b3097/inuse.1696.lock";

#[test]
fn a_live_process_names_its_session() {
    let events = decode_document(&Copilot, LIVE, b"1696\n").unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!(&*event.session.id, "86204044-d826-412f-a7b9-0a4b385b3097");
    let EventKind::Running(running) = event.kind else { panic!("{event:?}") };
    assert_eq!(running, RunningProcess { pid: 1696, started: None, entered: Some(FILE_MODIFIED), activity: None });
}

#[test]
fn a_lock_file_that_contradicts_its_name_is_an_error() {
    for text in ["1697", "", "pid 1696", "-1696", "99999999999999999999", "{}"] {
        assert!(decode_document(&Copilot, LIVE, text.as_bytes()).is_err(), "{text}");
    }
    assert!(decode_document(&Copilot, LIVE, b"\xff\xfe").is_err());
}

#[test]
fn holding_a_session_s_own_file_means_working_on_it() {
    let held = |path: &str| Copilot.session_of_lock(Path::new(path));
    let id = "86204044-d826-412f-a7b9-0a4b385b3097";
    assert_eq!(held(&format!("/h/.copilot/session-state/{id}/inuse.1696.hold")).as_deref(), Some(id));
    assert_eq!(held("/h/.cache/copilot/pkg/linux-x64/1.0.102/inuse.1696.hold"), None, "that one is its package's");
    assert_eq!(held(&format!("/h/.copilot/session-state/{id}/.workspace-fork.lock")), None);
    assert_eq!(held(&format!("/h/.copilot/session-state/{id}/events.jsonl")), None);
}
