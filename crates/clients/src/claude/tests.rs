use agtop_model::{
    EventKind, InferenceGeo, Lineage, ProcessRole, ServiceTier, StopReason, Title, TitleRank, Usage, VendorActivity,
};
use proptest::prelude::*;

use super::Claude;
use crate::testing::{Tally, decode_document, decode_lines, home, process};
use crate::{Client, Env, Presence, ProcFacts};

const SESSION: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.197/session.jsonl");
const FORK: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.197/fork.jsonl");
const ITERATIONS: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.197/iterations.jsonl");
const SUBAGENT: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.197/subagent.jsonl");
const GEO: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.332/geo.jsonl");
const META: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.197/subagent.meta.json");
const STREAMED: &[u8] = include_bytes!("../../../../fixtures/claude/2.1.90/session.jsonl");
const BESIDE: &[u8] = include_bytes!("../../../../fixtures/claude/2.0.30/agent-beef.jsonl");
const OLD: &[u8] = include_bytes!("../../../../fixtures/claude/1.0.60/session.jsonl");

const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const MAIN: &str = "/home/u/.claude/projects/-p/aaaaaaaa-0000-4000-8000-000000000001.jsonl";
const FORKED: &str = "/home/u/.claude/projects/-p/bbbbbbbb-0000-4000-8000-000000000002.jsonl";
const SUB: &str = "/home/u/.claude/projects/-p/aaaaaaaa-0000-4000-8000-000000000001/subagents/agent-abc1.jsonl";
const SUB_META: &str =
    "/home/u/.claude/projects/-p/aaaaaaaa-0000-4000-8000-000000000001/subagents/agent-abc1.meta.json";

fn kinds(path: &str, text: &[u8]) -> Vec<EventKind> {
    let (events, errors) = decode_lines(&Claude, path, text);
    assert_eq!(errors, []);
    events.into_iter().map(|event| event.kind).collect()
}

fn titles(kinds: &[EventKind]) -> Vec<(TitleRank, &str)> {
    let of = |kind| match kind {
        &EventKind::Title(Title { rank, ref text }) => Some((rank, text.raw())),
        _ => None,
    };
    kinds.iter().filter_map(of).collect()
}

#[test]
fn a_response_written_once_per_content_block_counts_once() {
    let (events, _) = decode_lines(&Claude, MAIN, SESSION);
    let tally = Tally::of(&events);
    assert_eq!(tally.responses.len(), 2, "msg_1 and msg_2; the synthetic message is none");
    let expected = Usage {
        input: 7,
        cache_read: 11_000,
        cache_write_5m: 1000,
        cache_write_1h: 200,
        output: 950,
        reasoning: 0,
        web_searches: 2,
    };
    assert_eq!(tally.usage(), expected);
}

#[test]
fn usage_within_the_text_of_a_tool_result_is_no_usage() {
    let (events, _) = decode_lines(&Claude, MAIN, SESSION);
    assert!(Tally::of(&events).usage().input < 999_999);
}

#[test]
fn a_fork_copies_lines_and_they_count_for_the_session_they_happened_in() {
    let (mut events, _) = decode_lines(&Claude, FORKED, FORK);
    events.extend(decode_lines(&Claude, MAIN, SESSION).0);
    let tally = Tally::of(&events);
    let by_session = tally.by_session();
    assert_eq!(by_session[SID].output, 950);
    assert_eq!(by_session["bbbbbbbb-0000-4000-8000-000000000002"].output, 10);
}

#[test]
fn an_advisors_tokens_count_under_its_own_model_and_compaction_under_the_sessions() {
    let (events, _) = decode_lines(&Claude, MAIN, ITERATIONS);
    let tally = Tally::of(&events);
    let by_model = tally.by_model();
    assert_eq!(by_model["claude-opus-5"], Usage { input: 497_522, output: 700, ..Usage::default() });
    let own = by_model["claude-opus-4-8"];
    assert_eq!((own.input, own.output, own.cache_read), (180_004, 3530, 984_228));
    let contexts: Vec<_> = tally.responses.values().filter_map(|(_, response)| response.context_used).collect();
    assert_eq!(contexts, [2 + 493_362 + 1226], "the context is what the last step saw, not the sum of all steps");
}

#[test]
fn a_sub_agent_is_a_child_and_a_copy_of_its_parents_message_stays_the_parents() {
    let (mut events, _) = decode_lines(&Claude, SUB, SUBAGENT);
    events.extend(decode_lines(&Claude, MAIN, SESSION).0);
    let tally = Tally::of(&events);
    let by_session = tally.by_session();
    assert_eq!(by_session[&*format!("{SID}/abc1")], Usage { input: 7, output: 70, ..Usage::default() });
    assert_eq!(by_session[SID].output, 950);
    let parent = events.iter().find_map(|event| match &event.kind {
        EventKind::Facts(facts) => facts.parent.clone(),
        _ => None,
    });
    assert_eq!(&*parent.unwrap().id, SID);
}

#[test]
fn a_sub_agents_prompt_is_not_the_users() {
    let prompts = kinds(SUB, SUBAGENT).iter().filter(|kind| matches!(kind, EventKind::Prompt { .. })).count();
    assert_eq!(prompts, 0);
}

/// Bug: `subagents[].origin` was the kind of the sub-agent in a first run and the entrypoint of its session in later
/// ones.
#[test]
fn the_entrypoint_of_a_session_is_not_the_origin_of_its_sub_agents() {
    let origins = |events: Vec<EventKind>| -> Vec<String> {
        let origin = |kind| match kind {
            EventKind::Facts(facts) => facts.origin.map(|origin| origin.raw().to_owned()),
            _ => None,
        };
        events.into_iter().filter_map(origin).collect()
    };
    assert_eq!(origins(kinds(SUB, SUBAGENT)), Vec::<String>::new());
    assert!(!origins(kinds(MAIN, SESSION)).is_empty());
}

#[test]
fn a_sub_agents_description_names_it_and_the_sub_agent_that_started_it() {
    let events = decode_document(&Claude, SUB_META, META).unwrap();
    assert!(events.iter().all(|event| *event.session.id == *format!("{SID}/abc1")));
    let EventKind::Facts(facts) = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(&*facts.parent.as_ref().unwrap().id, format!("{SID}/zzz9"));
    assert_eq!(facts.origin.as_ref().unwrap().raw(), "Explore");
}

#[test]
fn a_sub_agent_next_to_its_session_names_its_parent_in_its_lines() {
    let (events, _) = decode_lines(&Claude, "/home/u/.claude/projects/-p/agent-beef.jsonl", BESIDE);
    assert!(events.iter().all(|event| *event.session.id == *"cccccccc-0000-4000-8000-000000000003/beef"), "{events:?}");
}

#[test]
fn streaming_placeholders_are_replaced_by_the_final_usage() {
    let (events, _) = decode_lines(&Claude, MAIN, STREAMED);
    let (_, response) = Tally::of(&events)
        .responses
        .into_values()
        .find(|(_, response)| response.id.as_deref() == Some("msg_p"))
        .unwrap();
    assert_eq!(response.usage.output, 400);
}

#[test]
fn a_flat_cache_write_of_zero_with_a_breakdown_is_the_breakdown() {
    let (events, _) = decode_lines(&Claude, MAIN, STREAMED);
    let (_, response) = Tally::of(&events)
        .responses
        .into_values()
        .find(|(_, response)| response.id.as_deref() == Some("msg_p"))
        .unwrap();
    assert_eq!((response.usage.cache_write_5m, response.usage.cache_write_1h), (20, 60));
}

#[test]
fn a_progress_line_embeds_a_sub_agents_message() {
    let (events, _) = decode_lines(&Claude, MAIN, STREAMED);
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session()[&*format!("{SID}/ag7")], Usage { input: 5, output: 9, ..Usage::default() });
    let (_, response) =
        tally.responses.into_values().find(|(_, response)| response.id.as_deref() == Some("msg_prog")).unwrap();
    assert_eq!(response.lineage, Lineage::Embedded);
}

#[test]
fn messages_that_are_text_or_numbered_letters_are_no_errors() {
    let (_, errors) = decode_lines(&Claude, MAIN, STREAMED);
    assert_eq!(errors, []);
}

#[test]
fn a_response_without_an_id_counts_by_its_line() {
    let (mut events, _) = decode_lines(&Claude, MAIN, STREAMED);
    events.extend(decode_lines(&Claude, FORKED, STREAMED).0);
    let without_id = |(_, response): &(_, agtop_model::ResponseCopy)| response.id.is_none();
    assert_eq!(Tally::of(&events).responses.into_values().filter(without_id).count(), 1);
}

#[test]
fn inline_side_chains_are_one_sub_agent_each() {
    let (events, _) = decode_lines(&Claude, MAIN, OLD);
    let tally = Tally::of(&events);
    let by_session = tally.by_session();
    assert_eq!(by_session[&*format!("{SID}/sidechain-1")].input, 1 + 4);
    assert_eq!(by_session[&*format!("{SID}/sidechain-2")].input, 2);
}

#[test]
fn old_versions_record_costs_and_wrap_messages() {
    let (events, _) = decode_lines(&Claude, MAIN, OLD);
    let tally = Tally::of(&events);
    let costs: Vec<_> = tally.responses.values().filter_map(|(_, response)| response.embedded_cost).collect();
    assert_eq!(costs.iter().map(|cost| cost.as_pico()).collect::<Vec<_>>(), [12_300_000_000]);
    assert!(tally.responses.values().any(|(_, response)| response.id.as_deref() == Some("msg_w")));
}

#[test]
fn commands_and_interruptions_are_not_prompts() {
    let kinds = kinds(MAIN, OLD);
    assert!(!kinds.iter().any(|kind| matches!(kind, EventKind::Prompt { .. })));
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::TurnEnded)));
    assert_eq!(titles(&kinds), [(TitleRank::Summary, "Old times"), (TitleRank::FirstCommand, "/init")]);
}

#[test]
fn titles_have_ranks() {
    let kinds = kinds(MAIN, SESSION);
    let expected = [
        (TitleRank::FirstPrompt, "Make the tests pass, bitte"),
        (TitleRank::Generated, "Fix the tests"),
        (TitleRank::Given, "Tests"),
        (TitleRank::Generated, "Another"),
        (TitleRank::LastPrompt, "Make the tests pass"),
    ];
    assert_eq!(titles(&kinds), expected);
}

#[test]
fn tools_start_and_end_and_sub_agents_are_distinguished() {
    let kinds = kinds(MAIN, SESSION);
    let count = |is: fn(&EventKind) -> bool| kinds.iter().filter(|kind| is(kind)).count();
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolStarted { .. })), 2);
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolEnded { outcome: Ok(()), .. })), 1);
    let task = kinds.iter().find_map(|kind| match kind {
        EventKind::SubagentStarted { name, task, .. } => {
            Some((name.raw(), task.as_ref().map(agtop_model::Untrusted::raw)))
        }
        _ => None,
    });
    assert_eq!(task, Some(("Explore", Some("look around"))));
}

#[test]
fn compactions_and_api_errors_are_emitted_and_the_summary_is_no_prompt() {
    let kinds = kinds(MAIN, SESSION);
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::Compacted)));
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::Error(reason) if reason.raw() == "rate_limit")));
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, EventKind::Prompt { .. })).count(), 1);
}

#[test]
fn fast_mode_and_stop_reasons_are_kept() {
    let (events, _) = decode_lines(&Claude, MAIN, SESSION);
    let tally = Tally::of(&events);
    let (_, response) = tally.responses.values().find(|(_, response)| response.id.as_deref() == Some("msg_2")).unwrap();
    assert_eq!((response.tier, response.stop), (ServiceTier::Fast, Some(StopReason::ToolUse)));
}

/// Bug: `usage.inference_geo` was not read, so inference in the United States cost only the list price.
#[test]
fn inference_in_the_united_states_is_recognised() {
    let (events, errors) = decode_lines(&Claude, MAIN, GEO);
    assert_eq!(errors, []);
    let tally = Tally::of(&events);
    let mut within: Vec<_> =
        tally.responses.values().filter(|(_, response)| response.geo == InferenceGeo::Us).collect();
    within.sort_by_key(|(_, response)| response.id.clone());
    let told: Vec<_> = within.iter().map(|(_, response)| (response.id.as_deref().unwrap(), response.tier)).collect();
    assert_eq!(
        told,
        [("msg_geo1", ServiceTier::Standard), ("msg_geo2", ServiceTier::Fast), ("msg_geo7", ServiceTier::Standard)]
    );
}

#[test]
fn negative_and_impossible_counts_are_refused_with_the_reason_and_not_the_text() {
    for bad in ["-1", "1e300", "18446744073709551616", "\"many\"", "[1]"] {
        let line = format!(
            r#"{{"type":"assistant","message":{{"id":"m","model":"x","content":"secret","usage":{{"input_tokens":{bad}}}}}}}"#
        );
        let (events, errors) = decode_lines(&Claude, MAIN, line.as_bytes());
        assert!(events.is_empty(), "{bad}");
        assert_eq!(errors.len(), 1, "{bad}");
        assert!(!errors[0].1.detail.contains("secret") && !errors[0].1.detail.contains("many"));
    }
}

/// Long tool results are skimmed, not parsed: their events must be the same.
#[test]
fn a_long_tool_result_ends_its_tool_too() {
    let filler = "x".repeat(10_000);
    let line = format!(
        r#"{{"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_1","type":"tool_result","content":"{filler}"}}]}},"timestamp":"2026-11-01T10:00:03.000Z","sessionId":"{SID}"}}"#
    );
    let (events, errors) = decode_lines(&Claude, MAIN, line.as_bytes());
    assert_eq!(errors, []);
    assert!(
        matches!(events[..], [agtop_model::Event { kind: EventKind::ToolEnded { .. }, at: Some(_), .. }]),
        "{events:?}"
    );
}

#[test]
fn a_long_prompt_is_a_prompt() {
    let filler = "x".repeat(10_000);
    let line = format!(r#"{{"type":"user","message":{{"role":"user","content":"{filler}"}},"sessionId":"{SID}"}}"#);
    assert!(matches!(kinds(MAIN, line.as_bytes())[..], [EventKind::Prompt { .. }]));
    let meta = line.replace(r#""type":"user","#, r#""type":"user","isMeta":true,"#);
    assert!(kinds(MAIN, meta.as_bytes()).is_empty());
}

#[test]
fn configured_directories_replace_the_usual_ones() {
    let mut env: Env = home();
    let usual: Vec<_> = Claude.stores(&env).into_iter().filter(|store| store.layout == "projects").collect();
    assert_eq!(usual.len(), 2);
    assert!(usual[0].root.ends_with(".config/claude/projects") && usual[1].root.ends_with(".claude/projects"));
    env.vars.insert("CLAUDE_CONFIG_DIR".into(), "/a,~/b/projects".into());
    let named: Vec<_> = Claude.stores(&env).into_iter().filter(|store| store.presence == Presence::Named).collect();
    let roots: Vec<_> = named.iter().map(|store| store.root.to_str().unwrap()).collect();
    assert_eq!(roots, ["/a/projects", "/home/u/b/projects"]);
}

#[test]
fn tool_results_kept_as_files_are_no_transcripts() {
    let stores = Claude.stores(&home());
    let accepts = |path: &str| stores.iter().any(|store| (store.accepts)(path.as_ref()));
    assert!(accepts("-p/x.jsonl") && accepts("-p/x/subagents/workflows/run/agent-1.jsonl"));
    assert!(!accepts("-p/x/tool-results/1.jsonl") && !accepts("-p/x.json") && !accepts("-p/x.jsonl.bak"));
}

/// Bug: the journals of all workflows were one session called "journal".
#[test]
fn the_journals_of_a_workflow_are_no_session() {
    let stores = Claude.stores(&home());
    let accepts = |path: &str| stores.iter().any(|store| (store.accepts)(path.as_ref()));
    for path in ["-p/x/subagents/workflows/wf_1/journal.jsonl", "-p/x/subagents/index.jsonl"] {
        assert!(!accepts(path), "{path}");
    }
    for path in ["-p/x/subagents/workflows/wf_1/agent-a1.jsonl", "-p/journal.jsonl", "-p/agent-beef.jsonl"] {
        assert!(accepts(path), "{path}");
    }
}

/// 2.1.332 writes copies of what it sends, with tool schemas that may have a field called "usage". Bug: transcripts
/// grew 19-fold, and such lines were parsed completely.
#[test]
fn copies_of_sent_messages_are_skipped_unless_they_are_truncated() {
    let schema = r#""tools":[{"input_schema":{"usage":[},{"broken"]}]"#;
    for line in [
        format!(
            r#"{{"type":"api-request-shape","sessionId":"{SID}","timestamp":"2026-11-30T08:52:48.302Z",{schema}}}"#
        ),
        format!(r#"{{"type":"api-request-blob","sessionId":"{SID}",{schema}}}"#),
        format!(r#"{{"type":"api-request","sessionId":"{SID}",{schema}}}"#),
        format!(r#"{{"type":"tools-used","tools":["Bash"],"sessionId":"{SID}"}}"#),
        format!(
            r#"{{"parentUuid":"{SID}","isSidechain":false,"attachment":{{"type":"prompt_snapshot",{schema}}},"type":"attachment"}}"#
        ),
    ] {
        assert!(kinds(MAIN, line.as_bytes()).is_empty(), "{line}");
        let (_, errors) = decode_lines(&Claude, MAIN, &line.as_bytes()[..line.len() - 1]);
        assert_eq!(errors.len(), 1, "{line}");
    }
}

#[test]
fn a_live_process_names_its_session_and_activity() {
    let entry = br#"{"pid":4242,"sessionId":"s1","cwd":"/w","startedAt":1795257101267,"procStart":"572528","status":"waiting","waitingFor":"permission prompt"}"#;
    let events = decode_document(&Claude, "/home/u/.claude/sessions/4242.json", entry).unwrap();
    let EventKind::Running(running) = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(
        (running.pid, running.started, running.activity),
        (4242, Some(572_528), Some(VendorActivity::NeedsPermission))
    );
    assert_eq!(&*events[0].session.id, "s1");
}

#[test]
fn a_live_process_of_another_platform_gives_its_start_as_a_date_and_headless_ones_no_status() {
    let entry = br#"{"pid":4242,"sessionId":"s1","startedAt":1795257101267,"procStart":"Sat Nov 21 10:31:41 2026"}"#;
    let events = decode_document(&Claude, "/home/u/.claude/sessions/4242.json", entry).unwrap();
    let EventKind::Running(running) = &events[0].kind else { panic!("{events:?}") };
    assert_eq!((running.started, running.activity), (None, None));
    assert_eq!(running.entered.unwrap().as_millis(), 1_795_257_101_267);
}

#[test]
fn keys_next_to_live_sessions_are_not_read() {
    let accepts =
        |name: &str| Claude.stores(&home()).iter().any(|store| store.depth == 1 && (store.accepts)(name.as_ref()));
    assert!(accepts("4242.json"));
    assert!(!accepts("4242.abcdef.key") && !accepts("notes.json"));
}

#[test]
fn claude_is_recognised_by_what_it_is() {
    let role = |argv: &[&str], exe: &str| {
        let process = process("x", argv, exe);
        Claude.recognise(&ProcFacts::new(&process))
    };
    let agents: &[(&[&str], &str)] = &[
        (&["claude"], "/usr/bin/node"),
        (&["/home/u/.local/bin/claude", "--resume"], "/home/u/.local/share/claude/versions/2.1.197"),
        (&["node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"], "/usr/bin/node"),
        (&["C:\\Users\\u\\claude.exe", "-p", "hi"], "C:\\Users\\u\\claude.exe"),
    ];
    for (argv, exe) in agents {
        assert_eq!(role(argv, exe), Some(ProcessRole::Agent), "{argv:?}");
    }
    assert_eq!(role(&["claude", "mcp", "serve"], "/usr/bin/claude"), Some(ProcessRole::Helper));
    let others: &[(&[&str], &str)] = &[
        (&["tmux", "attach", "-t", "claude"], "/usr/bin/tmux"),
        (&["vim", "claude.md"], "/usr/bin/vim"),
        (&["grep", "-r", "claude"], "/usr/bin/grep"),
        (&["node", "server.js", "--name", "claude"], "/usr/bin/node"),
        (&["python3", "bot.py", "claude"], "/usr/bin/python3.11"),
        (&["bash", "-c", "cd ~/claude && make"], "/usr/bin/bash"),
    ];
    for (argv, exe) in others {
        assert_eq!(role(argv, exe), None, "{argv:?}");
    }
}

#[test]
fn only_a_uuid_after_resume_is_a_session() {
    let id = |argv: &[&str]| {
        let process = process("claude", argv, "/usr/bin/claude");
        Claude.session_argument(&ProcFacts::new(&process))
    };
    assert_eq!(id(&["claude", "--resume", SID]).as_deref(), Some(SID));
    assert_eq!(id(&["claude", &format!("-r={SID}")]).as_deref(), Some(SID));
    assert_eq!(id(&["claude", "--resume"]), None);
    assert_eq!(id(&["claude", "--resume", "the bug from yesterday"]), None);
    assert_eq!(id(&["claude", "--resume", SID, "--fork-session"]), None);
}

proptest! {
    #[test]
    fn reading_twice_changes_nothing(cut in 0_usize..20) {
        let (mut events, _) = decode_lines(&Claude, MAIN, SESSION);
        let once = Tally::of(&events).usage();
        let again: Vec<u8> = SESSION.split_inclusive(|&b| b == b'\n').skip(cut).flatten().copied().collect();
        events.extend(decode_lines(&Claude, MAIN, &again).0);
        prop_assert_eq!(Tally::of(&events).usage(), once);
    }

    #[test]
    fn damaged_lines_are_errors_and_never_panics(at in 0_usize..4000, byte in any::<u8>()) {
        let mut damaged = SESSION.to_vec();
        let at = at % damaged.len();
        damaged[at] = byte;
        decode_lines(&Claude, MAIN, &damaged);
        decode_lines(&Claude, MAIN, damaged.get(at..).unwrap_or_default());
    }
}
