use std::path::Path;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, ProcessRole, RateLimit, ServiceTier, StopReason, Timestamp, TitleRank, ToolKey,
    Untrusted,
};
use proptest::prelude::*;

use super::Codex;
use super::id::ID;
use crate::testing::{Tally, count, decode_lines, decode_rows, facts, home, process, responses, titles};
use crate::{Client, Env, Presence, ProcFacts, SqlValue};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../fixtures/codex/", $name)).as_slice()
    };
}

const PATH: &str =
    "/home/u/.codex/sessions/2026/04/15/rollout-2026-04-15T10-00-00-019d0000-0000-7000-8000-0000000000ff.jsonl";

const SAMPLES: &[&[u8]] = &[
    fixture!("0.20/envelopeless.jsonl"),
    fixture!("0.42/totals.jsonl"),
    fixture!("0.119/parent.jsonl"),
    fixture!("0.119/spawned.jsonl"),
    fixture!("0.119/spawned-fresh.jsonl"),
    fixture!("0.144/spawned-long-copy.jsonl"),
    fixture!("0.150/spawned-ordinals.jsonl"),
    fixture!("0.153/forked-from.jsonl"),
    fixture!("0.153/fork.jsonl"),
    fixture!("0.153/fork-restamped.jsonl"),
    fixture!("0.154/history-base.jsonl"),
    fixture!("0.169/records.jsonl"),
    fixture!("0.169/guardian.jsonl"),
    fixture!("0.169/exec-json.jsonl"),
];

/// The events of a file without errors.
fn events(text: &[u8]) -> Vec<Event> {
    let (events, errors) = decode_lines(&Codex, PATH, text);
    assert!(errors.is_empty(), "{errors:?}");
    events
}

fn limits(events: &[Event]) -> Vec<&RateLimit> {
    events.iter().filter_map(|e| if let EventKind::RateLimit(limit) = &e.kind { Some(limit) } else { None }).collect()
}

/// Input with cache reads, and output, as Codex counts them.
fn sums(events: &[Event]) -> (u64, u64) {
    let usage = Tally::of(events).usage();
    (usage.prompt(), usage.output)
}

#[test]
fn files_without_envelopes_yield_session_prompt_and_tools() {
    let events = events(fixture!("0.20/envelopeless.jsonl"));
    assert!(events.iter().all(|event| &*event.session.id == "8f14e45f-ceea-467f-9b3c-1a2b3c4d5e6f"));
    let decoded = facts(&events);
    assert_eq!(decoded[0].branch, Some(Untrusted::from("main")));
    assert_eq!(decoded[0].started, Some(Timestamp::from_millis(1_755_479_773_522)));
    assert_eq!(decoded[1].cwd.as_deref(), Some("/repo/old".as_ref()));
    assert_eq!(titles(&events), [(TitleRank::FirstPrompt, "tidy the parser")]);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    let target = events.iter().find_map(|event| match &event.kind {
        EventKind::ToolStarted { target, .. } => target.clone(),
        _ => None,
    });
    assert_eq!(target, Some(Untrusted::from("ls -la")));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Err(()), .. })), 1);
    assert!(responses(&events).is_empty());
}

#[test]
fn repeated_totals_and_null_infos_count_nothing() {
    let repeated = events(fixture!("0.42/totals.jsonl"));
    assert_eq!(responses(&repeated).len(), 3);
}

#[test]
fn a_total_that_drops_starts_again_without_negatives() {
    let events = events(fixture!("0.42/totals.jsonl"));
    assert_eq!(sums(&events), (1000 + 1500 + 300, 100 + 200 + 30));
    let first = responses(&events)[0];
    assert_eq!((first.usage.input, first.usage.cache_read, first.usage.reasoning), (600, 400, 40));
    assert_eq!(first.model.as_deref(), Some("gpt-5-codex"));
}

#[test]
fn instructions_with_the_role_user_are_no_prompts() {
    let events = events(fixture!("0.42/totals.jsonl"));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    assert_eq!(titles(&events), [(TitleRank::FirstPrompt, "count the totals")]);
}

#[test]
fn old_rate_limits_reset_so_many_seconds_after_their_line() {
    let events = events(fixture!("0.42/totals.jsonl"));
    let first = limits(&events)[0];
    assert_eq!(&*first.limit, "codex");
    assert_eq!(first.windows[0].minutes, 300);
    assert_eq!(first.windows[0].resets_at, Some(Timestamp::from_millis(1_760_608_801_000 + 600_000)));
}

#[test]
fn rate_limits_carry_their_windows_and_plan() {
    let events = events(fixture!("0.119/parent.jsonl"));
    let limit = limits(&events)[0];
    let windows: Vec<_> = limit.windows.iter().map(|window| (window.minutes, window.used_percent)).collect();
    assert_eq!(windows, [(300, 12.5), (10_080, 40.0)]);
    assert_eq!(limit.plan, Some(Untrusted::from("pro")));
}

#[test]
fn a_copy_within_one_second_counts_once_with_its_parent() {
    let parent = events(fixture!("0.119/parent.jsonl"));
    let spawned = events(fixture!("0.119/spawned.jsonl"));
    assert_eq!(sums(&parent), (700, 70));
    assert_eq!(sums(&spawned), (50 + 60, 5 + 6));
    assert!(responses(&spawned).iter().all(|response| response.model.as_deref() == Some("gpt-5.4-mini")));
    assert_eq!(sums(&[parent, spawned].concat()), (700 + 110, 70 + 11));
}

#[test]
fn an_agent_without_a_copy_counts_even_if_done_within_a_second() {
    assert_eq!(sums(&events(fixture!("0.119/spawned-fresh.jsonl"))), (70, 7));
}

#[test]
fn a_copy_that_took_seconds_to_write_ends_at_the_agents_own_turn() {
    let events = events(fixture!("0.144/spawned-long-copy.jsonl"));
    assert_eq!(sums(&events), (50, 5));
    assert_eq!(responses(&events)[0].model.as_deref(), Some("gpt-5.4-mini"));
}

#[test]
fn copied_lines_besides_usage_are_not_the_agents() {
    let events = events(fixture!("0.144/spawned-long-copy.jsonl"));
    assert_eq!(titles(&events), [(TitleRank::FirstPrompt, "look around")]);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolStarted { .. })), 0);
    assert_eq!(limits(&events).len(), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::TurnEnded)), 1);
}

#[test]
fn lines_below_the_history_start_ordinal_are_the_parents() {
    let events = events(fixture!("0.150/spawned-ordinals.jsonl"));
    assert_eq!(sums(&events), (50, 5));
}

#[test]
fn a_spawned_agent_is_a_sidechain_below_its_parent_without_user_prompts() {
    let events = events(fixture!("0.144/spawned-long-copy.jsonl"));
    let decoded = facts(&events)[0];
    assert_eq!(decoded.parent.as_ref().map(|parent| &*parent.id), Some("019e8000-0000-7000-8000-000000000001"));
    assert_eq!(decoded.forked_from, decoded.parent);
    assert_eq!(decoded.origin, Some(Untrusted::from("thread_spawn")));
    assert_eq!(responses(&events)[0].lineage, Lineage::Sidechain);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 0);
}

#[test]
fn a_spawned_agents_role_is_its_origin() {
    let events = events(fixture!("0.119/spawned.jsonl"));
    assert_eq!(facts(&events)[0].origin, Some(Untrusted::from("explorer")));
}

#[test]
fn a_fork_that_copies_lines_with_their_times_counts_them_once() {
    let parent = events(fixture!("0.153/forked-from.jsonl"));
    let fork = events(fixture!("0.153/fork.jsonl"));
    assert_eq!(sums(&fork), (300 + 50, 30 + 5));
    let both = [fork, parent].concat();
    let tally = Tally::of(&both);
    let by_session = tally.by_session();
    assert_eq!(by_session["019fa000-0000-7000-8000-000000000001"].prompt(), 700);
    assert_eq!(by_session["019fb000-0000-7000-8000-000000000002"].prompt(), 50);
    assert_eq!(count(&both, |kind| matches!(kind, EventKind::Prompt { .. })), 0);
}

#[test]
fn a_sub_agents_copy_is_left_to_its_parent_even_with_the_parents_times() {
    let fork = String::from_utf8_lossy(fixture!("0.153/fork.jsonl"));
    let agent = fork.replace("\"forked_from_id\"", "\"thread_source\":\"subagent\",\"forked_from_id\"");
    assert_eq!(sums(&events(agent.as_bytes())), (50, 5));
}

#[test]
fn a_fork_that_copies_lines_with_its_own_time_counts_only_what_follows() {
    let events = events(fixture!("0.153/fork-restamped.jsonl"));
    assert_eq!(sums(&events), (50, 5));
    assert_eq!(responses(&events)[0].lineage, Lineage::Main);
}

#[test]
fn totals_that_continue_a_parents_total_count_from_there() {
    assert_eq!(sums(&events(fixture!("0.154/history-base.jsonl"))), (50 + 60, 5 + 6));
}

#[test]
fn usage_records_take_precedence_over_totals_and_stale_last_usage() {
    let events = events(fixture!("0.169/records.jsonl"));
    let decoded = responses(&events);
    let ids: Vec<_> = decoded.iter().filter_map(|response| response.id.as_deref()).collect();
    assert_eq!(ids, ["resp_1", "resp_2", "resp_3", "resp_4", "resp_5"]);
    assert_eq!(sums(&events), (1000 + 2000 + 300 + 1200 + 1000, 100 + 50 + 900 + 80 + 100));
    let first = decoded[0].usage;
    assert_eq!((first.input, first.cache_read, first.cache_write_5m, first.reasoning), (300, 600, 100, 30));
}

#[test]
fn without_records_a_stale_last_after_a_cut_response_is_not_billed() {
    let text = String::from_utf8_lossy(fixture!("0.169/records.jsonl"));
    let totals: String = text.split_inclusive('\n').filter(|line| !line.contains("token_usage_record")).collect();
    assert_eq!(sums(&events(totals.as_bytes())), (1000 + 2000 + 300 + 1200, 100 + 50 + 900 + 80));
}

#[test]
fn the_model_and_service_tier_are_those_of_the_turn() {
    let events = events(fixture!("0.169/records.jsonl"));
    let decoded: Vec<_> =
        responses(&events).iter().map(|response| (response.model.as_deref().unwrap_or("?"), response.tier)).collect();
    assert_eq!(decoded[0], ("gpt-5.5", ServiceTier::Priority));
    assert_eq!(decoded[4], ("gpt-6-sol", ServiceTier::Standard));
}

#[test]
fn a_response_that_calls_no_tool_ends_the_turn() {
    let events = events(fixture!("0.169/records.jsonl"));
    let stops: Vec<_> = responses(&events).iter().filter_map(|response| response.stop).collect();
    let (tool, end) = (StopReason::ToolUse, StopReason::EndTurn);
    assert_eq!(stops, [tool, tool, end, end, tool]);
}

#[test]
fn a_compaction_moves_the_context_but_bills_nothing() {
    let events = events(fixture!("0.169/records.jsonl"));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Compacted)), 1);
    let used: Vec<_> = facts(&events).iter().filter_map(|facts| facts.context_used).collect();
    assert_eq!(used, [900]);
    let limits: Vec<_> = facts(&events).iter().filter_map(|facts| facts.context_limit).collect();
    assert_eq!(limits, [258_400]);
}

#[test]
fn a_compaction_recorded_twice_is_one() {
    let text = br#"{"timestamp":"2026-01-01T00:00:00.000Z","type":"compacted","payload":{"message":"x"}}
{"timestamp":"2026-01-01T00:00:00.001Z","type":"event_msg","payload":{"type":"context_compacted"}}
"#;
    assert_eq!(count(&events(text), |kind| matches!(kind, EventKind::Compacted)), 1);
}

#[test]
fn a_prompt_recorded_twice_is_one() {
    let text = br#"{"timestamp":"2026-01-01T00:00:00.000Z","type":"event_msg","payload":{"type":"user_message","message":"a"}}
{"timestamp":"2026-01-01T00:00:00.001Z","type":"event_msg","payload":{"type":"item_completed","item":{"type":"UserMessage","content":[{"type":"text","text":"a"}]}}}
{"timestamp":"2026-01-01T00:00:00.002Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}}
"#;
    assert_eq!(count(&events(text), |kind| matches!(kind, EventKind::Prompt { .. })), 1);
}

#[test]
fn a_command_that_continues_after_its_call_ends_when_write_stdin_reports_its_exit() {
    let events = events(fixture!("0.169/records.jsonl"));
    let calls: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolStarted { name, target, .. } => {
                Some(format!("{name} {}", target.as_ref().map_or("", Untrusted::raw)))
            }
            EventKind::ToolEnded { outcome, .. } => Some(format!("{outcome:?}")),
            _ => None,
        })
        .collect();
    let expected =
        ["exec_command make all", "write_stdin ", "Err(())", "Err(())", "apply_patch src/new.rs"].map(String::from);
    assert_eq!(calls, expected);
}

#[test]
fn a_command_that_continues_after_its_call_ends_with_its_item() {
    let call = br#"{"timestamp":"2026-01-01T00:00:00.000Z","type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{}","call_id":"c"}}
{"timestamp":"2026-01-01T00:00:10.000Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c","output":"Process running with session ID 5\nOutput:\n"}}
"#;
    let done = br#"{"timestamp":"2026-01-01T00:00:20.000Z","type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution","id":"c","exit_code":0}}}
"#;
    let ended = |events: &[Event]| count(events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Ok(()), .. }));
    assert_eq!(ended(&events(call)), 0);
    assert_eq!(ended(&events(&[call.as_slice(), done].concat())), 1);
}

#[test]
fn an_error_has_its_kind_and_not_its_message() {
    let events = events(fixture!("0.169/records.jsonl"));
    let errors: Vec<_> = events
        .iter()
        .filter_map(|event| if let EventKind::Error(kind) = &event.kind { Some(kind.raw()) } else { None })
        .collect();
    assert_eq!(errors, ["other"]);
}

#[test]
fn guardians_are_billed_below_their_parent_on_the_model_behind_their_alias() {
    let events = events(fixture!("0.169/guardian.jsonl"));
    let decoded = facts(&events)[0];
    assert_eq!(decoded.origin, Some(Untrusted::from("guardian")));
    assert_eq!(decoded.parent.as_ref().map(|parent| &*parent.id), Some("01a1fda9-0000-7000-8000-000000000011"));
    let response = responses(&events)[0];
    assert_eq!((response.model.as_deref(), response.lineage), (Some("gpt-5.5"), Lineage::Sidechain));
    assert_eq!(sums(&events), (1200, 80));
}

#[test]
fn exec_logs_count_each_turn() {
    let events = events(fixture!("0.169/exec-json.jsonl"));
    assert_eq!(sums(&events), (2000, 200));
    assert!(events.iter().all(|event| &*event.session.id == "01a1fdc0-0000-7000-8000-000000000015"));
}

#[test]
fn a_file_without_a_meta_is_named_by_its_name() {
    let line = br#"{"timestamp":"2026-01-01T00:00:00.000Z","type":"compacted","payload":{}}"#;
    let id = |name: &str| {
        let path = format!("/home/u/.codex/sessions/{name}");
        decode_lines(&Codex, &path, line).0[0].session.id.to_string()
    };
    let uuid = "019d0000-0000-7000-8000-0000000000ff";
    assert_eq!(id(&format!("rollout-2026-04-15T10-00-00-{uuid}.jsonl")), uuid);
    assert_eq!(id(&format!("rollout-2026-04-15T10-00-00-{uuid}_3.jsonl.zst")), uuid);
    assert_eq!(id("größe.jsonl"), "größe");
}

#[test]
fn keys_in_another_order_and_white_space_are_parsed_completely() {
    let usual = fixture!("0.119/parent.jsonl");
    let odd: String = String::from_utf8_lossy(usual)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| format!("{line:#}").replace('\n', " ") + "\n")
        .collect();
    assert_eq!(sums(&events(odd.as_bytes())), sums(&events(usual)));
}

#[test]
fn negative_and_huge_counts_lose_only_their_line() {
    let good = fixture!("0.119/parent.jsonl");
    let bad = br#"{"timestamp":"2026-04-15T19:00:00.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":-5}}}}
{"timestamp":"2026-04-15T19:00:00.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":99999999999999999999}}}}
{"timestamp":"2026-04-15T19:00:00.000Z","type":"event_msg","payload":{"type":"token_count","info":7}}
"#;
    let (events, errors) = decode_lines(&Codex, PATH, &[good, bad].concat());
    assert_eq!(errors.len(), 3);
    assert_eq!(sums(&events), (700, 70));
}

#[test]
fn an_invalid_byte_in_a_text_loses_only_that_byte() {
    let text = b"{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"a\xffb\"}}";
    assert_eq!(titles(&events(text)), [(TitleRank::FirstPrompt, "a\u{fffd}b")]);
}

#[test]
fn thread_names_come_from_the_index_and_the_last_one_is_last() {
    let (events, errors) =
        decode_lines(&Codex, "/home/u/.codex/session_index.jsonl", fixture!("0.169/session_index.jsonl"));
    assert!(errors.is_empty());
    assert_eq!(titles(&events), [(TitleRank::Generated, "Build"), (TitleRank::Generated, "Build and fix")]);
    assert!(events[0].at < events[1].at);
}

#[test]
fn the_state_database_yields_facts_and_titles_but_no_usage() {
    let text = |text: &'static str| SqlValue::Bytes(text.as_bytes());
    let row = |title, name| {
        let facts = [text("t1"), SqlValue::Integer(1_795_257_107), SqlValue::Integer(1_795_257_109_000), text("/repo")];
        let cells = facts.into_iter().chain([text("trunk"), text(title), name, text("hello there")]).collect();
        decode_rows(&Codex, "/home/u/.codex/state_5.sqlite", &[("threads", 1, cells)])
    };
    let first = row("hello there", SqlValue::Null);
    assert_eq!(facts(&first)[0].branch, Some(Untrusted::from("trunk")));
    assert_eq!(facts(&first)[0].started, Some(Timestamp::from_millis(1_795_257_107_000)));
    assert_eq!(titles(&first), [(TitleRank::FirstPrompt, "hello there")]);
    assert_eq!(titles(&row("Greeting", SqlValue::Null)), [(TitleRank::Generated, "Greeting")]);
    assert_eq!(titles(&row("hello there", text("Named"))), [(TitleRank::Generated, "Named")]);
    assert!(responses(&first).is_empty());
}

#[test]
fn each_home_that_codex_home_lists_has_its_stores() {
    let mut env = Env { home: "/home/u".into(), ..Env::default() };
    env.vars.insert("CODEX_HOME".into(), "~/a,/b".into());
    env.vars.insert("CODEX_SQLITE_HOME".into(), "/db".into());
    let stores = Codex.stores(&env);
    let roots: Vec<_> = stores.iter().map(|store| (store.layout, store.root.to_str().unwrap())).collect();
    assert_eq!(roots.iter().filter(|(layout, _)| *layout == "sessions").count(), 2);
    assert!(roots.contains(&("archived_sessions", "/b/archived_sessions")));
    assert!(roots.contains(&("state", "/db")) && !roots.contains(&("state", "/b")));
    assert!(stores.iter().filter(|store| store.layout == "sessions").all(|store| store.presence == Presence::Named));
    let usual = Codex.stores(&home());
    assert!(usual.iter().all(|store| store.presence == Presence::Usual && store.root.starts_with("/home/u/.codex")));
}

#[test]
fn stores_accept_what_codex_writes_and_nothing_else() {
    let accepted = |layout: &str, path: &str| {
        Codex.stores(&home()).iter().any(|store| store.layout == layout && (store.accepts)(path.as_ref()))
    };
    assert!(accepted("sessions", "2026/04/15/rollout-x.jsonl"));
    assert!(accepted("archived_sessions", "rollout-x.jsonl.zst"));
    assert!(!accepted("sessions", "2026/04/15/rollout-x.json"));
    assert!(!accepted("sessions", "x.zst"));
    assert!(accepted("state", "state_12.sqlite"));
    assert!(!accepted("state", "state_.sqlite") && !accepted("state", "state_5.sqlite-wal"));
    assert!(!accepted("session_index", "history.jsonl"));
}

#[test]
fn processes_are_recognised_by_what_they_are() {
    const NATIVE: &str = "/n/@openai/codex/vendor/x86_64-unknown-linux-musl/codex/codex";
    const SCRIPT: &str = "/usr/lib/node_modules/@openai/codex/bin/codex.js";
    let agent = Some(ProcessRole::Agent);
    let helper = Some(ProcessRole::Helper);
    let host = Some(ProcessRole::Host);
    for (exe, argv, role) in [
        (NATIVE, &["codex"][..], agent),
        (NATIVE, &["codex", "-c", "mcp-server", "exec", "fix it"], agent),
        (NATIVE, &["codex", "-m", "gpt-5.5", "resume", "--last"], agent),
        ("-", &["codex", "explain app-server"], agent),
        ("/opt/codex-x86_64-unknown-linux-musl", &["codex-x86_64-unknown-linux-musl"], agent),
        ("/usr/bin/node", &["node", SCRIPT, "exec", "hi"], agent),
        ("/usr/bin/node", &["node", "/usr/local/bin/codex"], agent),
        ("/usr/bin/codex (deleted)", &["codex"], agent),
        (NATIVE, &["codex", "mcp-server"], helper),
        (NATIVE, &["codex", "--enable", "x", "app-server", "--listen"], host),
        ("/usr/bin/node", &["node", SCRIPT, "app-server"], host),
        (NATIVE, &["codex-linux-sandbox", "--", "make"], helper),
        (NATIVE, &["apply_patch"], helper),
        ("/n/codex-code-mode", &["codex-code-mode"], helper),
        ("/usr/bin/vim", &["vim", "codex"], None),
        ("/usr/bin/grep", &["grep", "-r", "codex", "."], None),
        ("/bin/bash", &["bash", "-c", "codex exec hi"], None),
        ("/usr/bin/node", &["node", "server.js", "codex"], None),
    ] {
        assert_eq!(Codex.recognise(&ProcFacts::new(&process("x", argv, exe))), role, "{exe} {argv:?}");
    }
}

#[test]
fn the_command_line_names_the_session_after_resume() {
    let id = "019d0000-0000-7000-8000-0000000000ff";
    let argument = |argv: &[&str]| Codex.session_argument(&ProcFacts::new(&process("x", argv, "/bin/codex")));
    assert_eq!(argument(&["codex", "resume", id]).as_deref(), Some(id));
    assert_eq!(argument(&["codex", "exec", "--json", "resume", "-m", "gpt-5.5", id, "go on"]).as_deref(), Some(id));
    assert_eq!(argument(&["codex", "fork", id]), None, "a fork has an id of its own");
    assert_eq!(argument(&["codex", "resume", "--last"]), None);
    assert_eq!(argument(&["codex", "resume", "my thread"]), None);
    assert_eq!(argument(&["codex", id]), None);
}

#[test]
fn a_sub_agent_works_from_its_start_until_its_end() {
    let lines = br#"{"timestamp":"2026-11-21T10:00:00.000Z","type":"response_item","payload":{"type":"function_call","name":"spawn_agent","arguments":"{\"message\":\"look around\",\"agent_type\":\"explorer\"}","call_id":"c1"}}
{"timestamp":"2026-11-21T10:00:01.000Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c1","output":"{\"agent_id\":\"t1\",\"nickname\":\"Ada\"}"}}
{"timestamp":"2026-11-21T10:00:02.000Z","type":"response_item","payload":{"type":"function_call","name":"wait_agent","arguments":"{\"targets\":[\"t1\"]}","call_id":"c2"}}
{"timestamp":"2026-11-21T10:00:09.000Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c2","output":"{\"status\":{\"t1\":{\"completed\":\"nothing\"}},\"timed_out\":false}"}}
"#;
    let (events, errors) = decode_lines(&Codex, PATH, lines);
    assert!(errors.is_empty(), "{errors:?}");
    let decoded: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolStarted { name, .. } => Some(format!("+ {name}")),
            EventKind::ToolEnded { .. } => Some("-".to_owned()),
            EventKind::SubagentStarted { tool, name, task } => {
                Some(format!("sent {tool:?} {} {}", name.raw(), task.as_ref().unwrap().raw()))
            }
            EventKind::SubagentEnded { tool } => Some(format!("rests {tool:?}")),
            _ => None,
        })
        .collect();
    let agent = ToolKey::new(ID, "t1");
    let (sent, rests) = (format!("sent {agent:?} explorer look around"), format!("rests {agent:?}"));
    assert_eq!(decoded, ["+ spawn_agent", "-", &sent, "+ wait_agent", "-", &rests]);
}

#[test]
fn holding_a_writer_lock_means_working_on_its_thread() {
    let held = |path: &str| Codex.session_of_lock(Path::new(path));
    let id = "01a1fe48-bf06-7a10-ac3c-9cb20141d86c";
    assert_eq!(held(&format!("/h/.codex/thread-writer-locks/{id}.lock")).as_deref(), Some(id));
    assert_eq!(held("/h/.codex/thread-writer-locks/.coordination.lock"), None);
    assert_eq!(held(&format!("/h/.codex/other/{id}.lock")), None);
    assert_eq!(held("/h/.codex/tmp/arg0/codex-arg0WuXyz/.lock"), None);
}

/// Each response with its session and usage: neither cuts nor repetitions may change it.
fn tallied(events: &[Event]) -> Vec<(String, u64, Option<Arc<str>>)> {
    let tally = Tally::of(events);
    tally
        .responses
        .values()
        .map(|(key, response)| (key.id.to_string(), response.usage.total(), response.model.clone()))
        .collect()
}

proptest! {
    #[test]
    fn a_file_read_while_it_grows_yields_the_same_events(sample in 0..SAMPLES.len(), cut in 0.0..1.0_f64) {
        // A prefix of whole lines, as the collector feeds it: its events are the first events of the whole file.
        let whole = SAMPLES[sample];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small file")]
        let at = (whole.len() as f64 * cut) as usize;
        let end = whole[..at].iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        let (all, _) = decode_lines(&Codex, PATH, whole);
        let (first, _) = decode_lines(&Codex, PATH, &whole[..end]);
        prop_assert_eq!(format!("{first:?}"), format!("{:?}", &all[..first.len()]));
    }

    #[test]
    fn reading_a_file_twice_counts_it_once(sample in 0..SAMPLES.len()) {
        let (events, _) = decode_lines(&Codex, PATH, SAMPLES[sample]);
        prop_assert_eq!(tallied(&[events.clone(), events.clone()].concat()), tallied(&events));
    }

    #[test]
    fn an_invalid_line_loses_only_itself(sample in 0..SAMPLES.len(), junk in "[^\\n]{0,60}") {
        let broken = format!("{{\"timestamp\":\"{junk}\n");
        let lines: Vec<u8> = SAMPLES[sample]
            .split_inclusive(|&b| b == b'\n')
            .flat_map(|line| [broken.as_bytes(), line].concat())
            .collect();
        let (events, _) = decode_lines(&Codex, PATH, &lines);
        prop_assert_eq!(tallied(&events), tallied(&decode_lines(&Codex, PATH, SAMPLES[sample]).0));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        decode_lines(&Codex, PATH, &bytes);
    }

    #[test]
    fn flipped_bytes_never_panic(sample in 0..SAMPLES.len(), flips in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..20)) {
        let mut bytes = SAMPLES[sample].to_vec();
        for (place, byte) in flips {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small file")]
            let at = (bytes.len() as f64 * place) as usize;
            bytes[at] = byte;
        }
        decode_lines(&Codex, PATH, &bytes);
    }
}
