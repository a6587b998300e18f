use agtop_model::{
    Event, EventKind, Lineage, ProcessRole, SessionFacts, Timestamp, Title, TitleRank, ToolKey, Untrusted, Usage,
};
use proptest::prelude::*;

use super::Kimi;
use crate::testing::{Tally, decode_document, decode_lines, home, process};
use crate::{Client, Presence, ProcFacts};

const WIRE: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/wire.jsonl");
const SUBAGENT: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/subagent.jsonl");
const FORK: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/fork.jsonl");
const META: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/meta.json");
const STATE: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/state.json");
const DIRECTORIES: &[u8] = include_bytes!("../../../../fixtures/kimi/1.52.0/kimi.json");
const OLD_WIRE: &[u8] = include_bytes!("../../../../fixtures/kimi/0.66/wire.jsonl");
const OLD: &[u8] = include_bytes!("../../../../fixtures/kimi/0.58/session.jsonl");

/// MD5 of `/home/u/work`.
const PROJECT: &str = "c57522e3b6d09f722a207f0893ff327d";
const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const FORK_SID: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const CHILD: &str = "aaaaaaaa-0000-4000-8000-000000000001/a1b2c3d4e";

fn path(rest: &str) -> String {
    format!("/home/u/.kimi/sessions/{PROJECT}/{rest}")
}

fn main_wire() -> Vec<Event> {
    sound(&format!("{SID}/wire.jsonl"), WIRE)
}

fn own_wire() -> Vec<Event> {
    sound(&format!("{SID}/subagents/a1b2c3d4e/wire.jsonl"), SUBAGENT)
}

fn sound(place: &str, text: &[u8]) -> Vec<Event> {
    let (events, errors) = decode_lines(&Kimi, &path(place), text);
    assert_eq!(errors, []);
    events
}

const fn usage(input: u64, cache_read: u64, cache_write_5m: u64, output: u64) -> Usage {
    Usage { input, cache_read, cache_write_5m, cache_write_1h: 0, output, reasoning: 0, web_searches: 0 }
}

/// The usage of the fixture's session without its sub-agent.
const OWN_USAGE: Usage = usage(1930, 2500, 30, 200);
const CHILD_USAGE: Usage = usage(550, 700, 0, 100);

fn of<'e>(events: &'e [Event], session: &str) -> Vec<&'e EventKind> {
    events.iter().filter(|event| *event.session.id == *session).map(|event| &event.kind).collect()
}

fn facts<'e>(events: &'e [Event], session: &str) -> Vec<&'e SessionFacts> {
    let facts = |kind: &'e EventKind| match kind {
        EventKind::Facts(facts) => Some(&**facts),
        _ => None,
    };
    of(events, session).into_iter().filter_map(facts).collect()
}

fn titles<'e>(events: &'e [Event]) -> Vec<(TitleRank, &'e str)> {
    let title = |event: &'e Event| match &event.kind {
        EventKind::Title(Title { rank, text }) => Some((*rank, text.raw())),
        _ => None,
    };
    events.iter().filter_map(title).collect()
}

#[test]
fn the_two_copies_of_a_sub_agents_step_count_once_and_belong_to_its_own_session() {
    for files in [[main_wire(), own_wire()], [own_wire(), main_wire()]] {
        let tally = Tally::of(files.iter().flatten());
        assert_eq!(tally.by_session(), [(SID, OWN_USAGE), (CHILD, CHILD_USAGE)].into());
        let lineages =
            tally.responses.values().filter(|(session, _)| *session.id == *CHILD).map(|(_, response)| response.lineage);
        assert_eq!(lineages.collect::<Vec<_>>(), [Lineage::Sidechain; 2]);
    }
}

#[test]
fn a_sub_agent_that_lost_its_own_log_counts_from_its_sessions() {
    assert_eq!(Tally::of(&main_wire()).by_session()[CHILD], CHILD_USAGE);
}

#[test]
fn a_sub_agents_activity_comes_only_from_its_own_log() {
    let wrapped = main_wire();
    assert!(of(&wrapped, CHILD).iter().all(|kind| matches!(kind, EventKind::Response(_) | EventKind::Facts(_))));
    let own = own_wire();
    let count = |is: fn(&EventKind) -> bool| own.iter().filter(|event| is(&event.kind)).count();
    assert_eq!(count(|kind| matches!(kind, EventKind::Error(_))), 1);
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolStarted { .. })), 1);
    assert_eq!(count(|kind| matches!(kind, EventKind::Prompt { .. } | EventKind::Title(_))), 0, "its session asked");
    assert!(matches!(own.last().unwrap().kind, EventKind::TurnEnded));
}

#[test]
fn sub_agents_without_logs_are_read_from_their_sessions() {
    let events = sound(&format!("{SID}/wire.jsonl"), OLD_WIRE);
    let child = format!("{SID}/Task:0");
    assert_eq!(Tally::of(&events).by_session()[&*child], usage(70, 0, 0, 7));
    let kinds = of(&events, &child);
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::ToolStarted { .. })));
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::ToolEnded { .. })));
    assert_eq!(&*facts(&events, &child)[0].parent.as_ref().unwrap().id, SID);
}

#[test]
fn a_fork_copies_lines_and_they_count_once() {
    let mut events = main_wire();
    events.extend(sound(&format!("{FORK_SID}/wire.jsonl"), FORK));
    events.extend(own_wire());
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session()[CHILD], CHILD_USAGE);
    let mut all = OWN_USAGE;
    all += CHILD_USAGE;
    all += usage(10, 1430, 0, 5);
    assert_eq!(tally.usage(), all);
}

#[test]
fn steps_with_the_same_id_or_none_are_distinct() {
    let tally = Tally::of(&main_wire());
    let own = tally.responses.values().filter(|(session, _)| *session.id == *SID);
    let mut ids: Vec<_> = own.map(|(_, response)| response.id.as_deref()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [None, Some("chatcmpl-1"), Some("chatcmpl-4"), Some("chatcmpl-4")]);
}

#[test]
fn the_model_is_unknown() {
    assert_eq!(Tally::of(&main_wire()).by_model().into_keys().collect::<Vec<_>>(), ["?"]);
}

#[test]
fn the_context_is_emitted_with_each_step_and_separately_after_a_compaction() {
    let events = main_wire();
    let contexts = Tally::of(&events);
    let mut contexts: Vec<_> = contexts.responses.values().filter_map(|(_, response)| response.context_used).collect();
    contexts.sort_unstable();
    assert_eq!(contexts, [600, 650, 700, 730, 1430, 1600]);
    let facts = facts(&events, SID);
    assert_eq!(facts.iter().filter_map(|facts| facts.context_used).collect::<Vec<_>>(), [700]);
    let windows: Vec<_> = facts.iter().filter_map(|facts| facts.context_limit).collect();
    assert_eq!(windows, [262_144, 131_072, 262_144]);
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Compacted)).count(), 1);
}

#[test]
fn an_approval_is_waited_for_until_it_is_answered() {
    for events in [main_wire(), sound(&format!("{SID}/wire.jsonl"), OLD_WIRE)] {
        let at = events.iter().position(|event| matches!(event.kind, EventKind::NeedsPermission)).unwrap();
        let (asked, answered) = (&events[at], &events[at + 1]);
        assert!(matches!(answered.kind, EventKind::ToolEnded { outcome: Ok(()), .. }), "{answered:?}");
        assert!(asked.at < answered.at);
        let EventKind::ToolEnded { tool: answer, .. } = answered.kind else { unreachable!() };
        let calls =
            events.iter().filter(|event| matches!(event.kind, EventKind::ToolStarted { tool, .. } if tool == answer));
        assert_eq!(calls.count(), 0, "the call itself goes on");
    }
}

#[test]
fn a_question_is_waited_for() {
    let line = br#"{"timestamp": 1795160000.5, "message": {"type": "QuestionRequest", "payload": {"id": "q", "tool_call_id": "Ask:0", "questions": []}}}"#;
    let events = sound(&format!("{SID}/wire.jsonl"), line);
    assert!(matches!(events.last().unwrap().kind, EventKind::NeedsInput));
}

#[test]
fn a_call_id_that_comes_again_is_another_call() {
    let events = main_wire();
    let started: Vec<(ToolKey, &str)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolStarted { tool, target, .. } => Some((*tool, target.as_ref().unwrap().raw())),
            _ => None,
        })
        .collect();
    let ended: Vec<(ToolKey, Result<(), ()>)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolEnded { tool, outcome } => Some((*tool, *outcome)),
            _ => None,
        })
        .filter(|(tool, _)| started.iter().any(|(started, _)| started == tool))
        .collect();
    let [(agent, "look at the tests"), (first, "make docs"), (again, "make again")] = started[..] else {
        panic!("{started:?}")
    };
    assert_ne!(first, again);
    assert_eq!(ended, [(agent, Ok(())), (first, Err(())), (again, Ok(()))]);
}

#[test]
fn a_call_id_of_another_session_is_another_call() {
    let tools = |events: &[Event]| -> Vec<ToolKey> {
        let tool = |event: &Event| match event.kind {
            EventKind::ToolStarted { tool, .. } => Some(tool),
            _ => None,
        };
        events.iter().filter_map(tool).collect()
    };
    let other = sound(&format!("{FORK_SID}/wire.jsonl"), WIRE);
    assert!(tools(&main_wire()).iter().all(|tool| !tools(&other).contains(tool)));
}

#[test]
fn sub_agents_are_distinguished_from_tools() {
    let events = main_wire();
    let started = events.iter().find_map(|event| match &event.kind {
        EventKind::SubagentStarted { name, task, .. } => Some((name.raw(), task.as_ref().unwrap().raw())),
        _ => None,
    });
    assert_eq!(started, Some(("explore", "look at the tests")));
}

#[test]
fn prompts_count_and_the_first_prompt_is_the_title_without_a_better_one() {
    let events = main_wire();
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count(), 2);
    let expected = [(TitleRank::FirstPrompt, "Look around, bitte"), (TitleRank::FirstPrompt, "and the docs")];
    assert_eq!(titles(&events), expected);
    let state = decode_document(&Kimi, &path(&format!("{SID}/state.json")), STATE).unwrap();
    assert_eq!(titles(&state), [(TitleRank::Generated, "Looking around")]);
    assert!(state.iter().all(|event| *event.session.id == *SID));
    let given = decode_document(&Kimi, &path(&format!("{SID}/state.json")), br#"{"custom_title":"Mine"}"#).unwrap();
    assert_eq!(titles(&given), [(TitleRank::Given, "Mine")]);
}

#[test]
fn a_command_is_no_first_prompt() {
    let events = sound(&format!("{FORK_SID}/wire.jsonl"), FORK);
    assert_eq!(titles(&events).last(), Some(&(TitleRank::FirstCommand, "/compact")));
}

#[test]
fn the_end_of_a_turn_and_an_interruption_end_it() {
    assert!(matches!(main_wire().last().unwrap().kind, EventKind::TurnEnded));
    let interrupted = sound(&format!("{SID}/wire.jsonl"), OLD_WIRE);
    assert!(matches!(interrupted.last().unwrap().kind, EventKind::TurnEnded));
}

#[test]
fn a_turn_that_lacks_its_end_is_not_over() {
    let wire = std::str::from_utf8(WIRE).unwrap();
    let cut: String = wire.split_inclusive('\n').filter(|line| !line.contains("\"TurnEnd\"")).collect();
    let events = sound(&format!("{SID}/wire.jsonl"), cut.as_bytes());
    assert!(!of(&events, SID).iter().any(|kind| matches!(kind, EventKind::TurnEnded)));
    assert_eq!(Tally::of(&events).usage(), Tally::of(&main_wire()).usage());
}

#[test]
fn times_are_seconds_with_a_fraction_and_a_step_tried_again_is_an_error_of_its_kind() {
    let line = br#"{"timestamp": 1795160000.25, "message": {"type": "StepRetry", "payload": {"error_type": "RateLimitError", "status_code": 429, "message": "secret"}}}"#;
    let events = sound(&format!("{SID}/wire.jsonl"), line);
    let error = events.iter().find(|event| matches!(event.kind, EventKind::Error(_))).unwrap();
    assert_eq!(error.at, Some(Timestamp::from_millis(1_795_160_000_250)));
    assert!(matches!(&error.kind, EventKind::Error(reason) if reason.raw() == "RateLimitError"));
}

#[test]
fn the_directory_is_the_one_whose_hash_names_the_folder() {
    let events = decode_document(&Kimi, "/home/u/.kimi/kimi.json", DIRECTORIES).unwrap();
    let roots: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ProjectRoot { project, root } => Some((&**project, root.to_str().unwrap())),
            _ => None,
        })
        .collect();
    let expected = [(PROJECT, "/home/u/work"), ("fb70d6368f3821dc1c9222f148bea5b2", "/home/u/größe")];
    assert_eq!(roots, expected, "a damaged one and one on another machine are left out");
    assert_eq!(facts(&main_wire(), SID)[0].project.as_deref(), Some(PROJECT));
    assert_eq!(facts(&own_wire(), CHILD)[0].project.as_deref(), Some(PROJECT));
}

#[test]
fn a_sub_agents_description_has_its_title_and_its_end() {
    let place = path(&format!("{SID}/subagents/a1b2c3d4e/meta.json"));
    let events = decode_document(&Kimi, &place, META).unwrap();
    assert!(events.iter().all(|event| *event.session.id == *CHILD));
    let facts = facts(&events, CHILD)[0];
    assert_eq!(&*facts.parent.as_ref().unwrap().id, SID);
    assert_eq!(facts.origin.as_ref().unwrap().raw(), "explore");
    assert_eq!(titles(&events), [(TitleRank::Generated, "look at the tests")]);
    assert!(matches!(events.last().unwrap().kind, EventKind::TurnEnded));
    let running = String::from_utf8(META.to_vec()).unwrap().replace("completed", "running_background");
    let events = decode_document(&Kimi, &place, running.as_bytes()).unwrap();
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::TurnEnded)));
}

#[test]
fn the_first_versions_sessions_have_no_usage_and_no_times() {
    let events = sound(&format!("{SID}.jsonl"), OLD);
    assert!(events.iter().all(|event| *event.session.id == *SID));
    assert!(Tally::of(&events).responses.is_empty());
    assert_eq!(titles(&events), [(TitleRank::FirstPrompt, "Older times")], "checkpoints are no prompts");
    let facts = facts(&events, SID);
    assert_eq!(facts.iter().filter_map(|facts| facts.context_used).collect::<Vec<_>>(), [4321]);
    let count = |is: fn(&EventKind) -> bool| events.iter().filter(|event| is(&event.kind)).count();
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolStarted { .. })), 1);
    assert_eq!(count(|kind| matches!(kind, EventKind::ToolEnded { .. })), 1);
    assert!(matches!(events.last().unwrap().kind, EventKind::TurnEnded));
}

#[test]
fn message_text_is_only_in_titles_and_targets() {
    let all = [main_wire(), own_wire()].concat();
    assert!(!format!("{all:?}").contains("secret words"));
}

#[test]
fn another_spelling_of_a_skipped_message_is_no_error() {
    let compact = br#"{"timestamp":1795160001,"message":{"type":"ContentPart","payload":{"type":"text","text":"x"}}}"#;
    let new = br#"{"timestamp": 1795160001.5, "message": {"type": "NotYetInvented", "payload": {}}}"#;
    for line in [&compact[..], &new[..]] {
        let events = sound(&format!("{SID}/wire.jsonl"), line);
        assert!(events.iter().all(|event| matches!(event.kind, EventKind::Facts(_))));
    }
}

#[test]
fn negative_and_impossible_counts_are_refused_with_the_reason_and_not_the_text() {
    for bad in ["-1", "1e300", "18446744073709551616", "\"many\"", "[1]"] {
        let line = format!(
            r#"{{"timestamp": 1.0, "message": {{"type": "StatusUpdate", "payload": {{"x": "secret", "token_usage": {{"output": {bad}}}}}}}}}"#
        );
        let (events, errors) = decode_lines(&Kimi, &path(&format!("{SID}/wire.jsonl")), line.as_bytes());
        assert!(events.is_empty(), "{bad}");
        assert_eq!(errors.len(), 1, "{bad}");
        assert!(!errors[0].1.detail.contains("secret") && !errors[0].1.detail.contains("many"));
    }
}

#[test]
fn messages_wrapped_without_end_are_an_error() {
    let mut message = r#"{"type": "TurnEnd", "payload": {}}"#.to_owned();
    for _ in 0..20 {
        message = format!(r#"{{"type": "SubagentEvent", "payload": {{"agent_id": "a", "event": {message}}}}}"#);
    }
    let line = format!(r#"{{"timestamp": 1.0, "message": {message}}}"#);
    let (events, errors) = decode_lines(&Kimi, &path(&format!("{SID}/wire.jsonl")), line.as_bytes());
    assert_eq!((events.len(), errors.len()), (0, 1));
}

#[test]
fn a_share_directory_replaces_the_usual_one() {
    let mut env = home();
    assert_eq!(Kimi.stores(&env)[0].root.to_str(), Some("/home/u/.kimi"));
    assert_eq!(Kimi.stores(&env)[0].presence, Presence::Usual);
    env.vars.insert("KIMI_SHARE_DIR".into(), "/share".into());
    assert_eq!(Kimi.stores(&env)[0].presence, Presence::Named);
    assert_eq!(Kimi.stores(&env)[1].root.to_str(), Some("/share/sessions"));
}

#[test]
fn rotated_contexts_and_other_files_are_not_read() {
    let mut stores = Kimi.stores(&home());
    stores.retain(|store| !store.root.starts_with("/home/u/.kimi-code"));
    let accepts = |path: &str| stores.iter().filter(|store| (store.accepts)(path.as_ref())).count();
    for read in ["p/s/wire.jsonl", "p/s/subagents/a/wire.jsonl", "p/s/state.json", "p/s/subagents/a/meta.json"] {
        assert_eq!(accepts(read), 1, "{read}");
    }
    assert_eq!(accepts(&format!("p/{SID}.jsonl")), 1);
    for other in
        ["p/s/context.jsonl", "p/s/context_1.jsonl", "p/s/tasks/a/wire.jsonl", "p/x.jsonl", "credentials/kimi.json"]
    {
        assert_eq!(accepts(other), 0, "{other}");
    }
}

#[test]
fn kimi_is_recognised_by_what_it_is() {
    let role = |argv: &[&str], exe: &str| {
        let process = process("python3", argv, exe);
        Kimi.recognise(&ProcFacts::new(&process))
    };
    let agents: &[(&[&str], &str)] = &[
        (&["kimi"], "/usr/local/bin/kimi"),
        (&["/home/u/.local/bin/python3.13", "/home/u/.local/bin/kimi", "-w", "mcp"], "/usr/bin/python3.13"),
        (&["python3", "-m", "kimi_cli", "--continue"], "/usr/bin/python3.13"),
        (&["Kimi Code"], "/usr/bin/python3.13"),
        (&["kimi-code-worker"], "/usr/bin/python3.13"),
        (&["kimi", "acp"], "/usr/local/bin/kimi"),
    ];
    for (argv, exe) in agents {
        assert_eq!(role(argv, exe), Some(ProcessRole::Agent), "{argv:?}");
    }
    let helpers: &[(&[&str], &str)] = &[
        (&["kimi", "web"], "/usr/local/bin/kimi"),
        (&["python3", "-m", "kimi_cli", "mcp", "list"], "/usr/bin/python3.13"),
        (&["kimi-code-bg-worker"], "/usr/bin/python3.13"),
    ];
    for (argv, exe) in helpers {
        assert_eq!(role(argv, exe), Some(ProcessRole::Helper), "{argv:?}");
    }
    let others: &[(&[&str], &str)] = &[
        (&["tmux", "new", "-s", "kimi"], "/usr/bin/tmux"),
        (&["uv", "run", "kimi-cli"], "/usr/bin/uv"),
        (&["python3", "bot.py", "kimi"], "/usr/bin/python3"),
        (&["vim", "kimi"], "/usr/bin/vim"),
    ];
    for (argv, exe) in others {
        assert_eq!(role(argv, exe), None, "{argv:?}");
    }
}

#[test]
fn only_an_id_is_a_session() {
    let id = |argv: &[&str]| {
        let process = process("kimi", argv, "/usr/bin/kimi");
        Kimi.session_argument(&ProcFacts::new(&process))
    };
    for flag in ["--session", "--resume", "-S", "-r"] {
        assert_eq!(id(&["kimi", flag, SID]).as_deref(), Some(SID));
    }
    assert_eq!(id(&["kimi", "--resume"]), None);
    assert_eq!(id(&["kimi", "--continue"]), None);
}

const CODE: &str = "/home/u/.kimi-code/sessions/wd_a-shop_99f0e3c45047";
const APPROVAL: &str = "session_08393c39-7370-4e43-a30b-6368790e00f5";
const COPY: &str = "session_d6722f1a-add9-4822-83af-aae86931b8a7";
const TEAM: &str = "session_9956bc67-fa38-4a4e-9903-4251cd2626a6";

fn code(session: &str, agent: &str, text: &[u8]) -> Vec<Event> {
    let (events, errors) = decode_lines(&Kimi, &format!("{CODE}/{session}/agents/{agent}/wire.jsonl"), text);
    assert_eq!(errors, []);
    events
}

fn code_approval() -> Vec<Event> {
    code(APPROVAL, "main", include_bytes!("../../../../fixtures/kimi/code-2.1.0/approval.jsonl"))
}

fn code_team() -> Vec<Event> {
    let main = code(TEAM, "main", include_bytes!("../../../../fixtures/kimi/code-2.1.0/sub-agents.jsonl"));
    let child = code(TEAM, "agent-0", include_bytes!("../../../../fixtures/kimi/code-2.1.0/agent-0.jsonl"));
    [main, child].concat()
}

fn code_state(session: &str, text: &[u8]) -> Vec<Event> {
    decode_document(&Kimi, &format!("{CODE}/{session}/state.json"), text).unwrap()
}

#[test]
fn kimi_code_counts_what_the_server_sent_with_compactions_and_forks_once() {
    let usage = |input, cache_read, output| Usage { input, cache_read, output, ..Usage::default() };
    let approval = code_approval();
    assert_eq!(Tally::of(&approval).usage(), usage(6608, 41_949, 3235));
    assert_eq!(Tally::of(&approval).by_model().into_keys().collect::<Vec<_>>(), ["kimi-k3"]);
    let fork = code(COPY, "main", include_bytes!("../../../../fixtures/kimi/code-2.1.0/fork.jsonl"));
    assert_eq!(Tally::of(&[approval, fork].concat()).usage(), usage(6608, 41_949, 3235));
}

#[test]
fn kimi_codes_sub_agents_record_their_tokens_and_their_parent_does_not() {
    let events = code_team();
    let child = format!("{TEAM}/agent-0");
    let tally = Tally::of(&events);
    let by_session: Vec<_> = tally.by_session().into_iter().map(|(id, usage)| (id, usage.total())).collect();
    assert_eq!(by_session, [(TEAM, 47_930), (&*child, 11_184)]);
    let parents: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Facts(facts) => facts.parent.as_ref().map(|parent| (&*event.session.id, &*parent.id)),
            _ => None,
        })
        .collect();
    assert_eq!(parents, [(&*child, TEAM)]);
    let started = events.iter().filter(|event| matches!(&event.kind, EventKind::SubagentStarted { .. })).count();
    let prompts = events.iter().filter(|event| matches!(&event.kind, EventKind::Prompt { .. })).count();
    assert_eq!((started, prompts), (1, 1), "the parent prompts the sub-agent, not the user");
}

#[test]
fn kimi_code_writes_down_that_it_waits_for_an_approval() {
    let events = code_approval();
    let waits = |events: &[Event]| events.iter().position(|event| matches!(event.kind, EventKind::NeedsPermission));
    let wait = waits(&events).unwrap();
    let after: Vec<_> = events.iter().skip(wait + 1).take(3).map(|event| &event.kind).collect();
    let [EventKind::ToolEnded { .. }, EventKind::ToolStarted { target, .. }, EventKind::ToolEnded { outcome, .. }] =
        after.as_slice()
    else {
        panic!("{after:?}");
    };
    assert_eq!((target.as_ref().map(Untrusted::raw), outcome), (Some("echo hi"), &Ok(())));
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::Compacted)));
    assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::TurnEnded)).count(), 2, "reported twice");
}

#[test]
fn kimi_codes_state_has_directory_fork_and_agents() {
    let facts = |events: &[Event]| {
        let told =
            |event: &Event| if let EventKind::Facts(facts) = &event.kind { Some((**facts).clone()) } else { None };
        events.iter().filter_map(told).collect::<Vec<_>>()
    };
    let fork = code_state(COPY, include_bytes!("../../../../fixtures/kimi/code-2.1.0/fork.json"));
    let [told] = facts(&fork).try_into().unwrap();
    assert_eq!(told.cwd, Some("/home/u/projects/a shop".into()));
    assert_eq!(told.forked_from.map(|key| key.id.to_string()).as_deref(), Some(APPROVAL));
    let team = code_state(TEAM, include_bytes!("../../../../fixtures/kimi/code-2.1.0/sub-agents.json"));
    let [_, child] = facts(&team).try_into().unwrap();
    assert_eq!(child.parent.map(|key| key.id.to_string()).as_deref(), Some(TEAM));
    assert_eq!(child.origin.as_ref().map(Untrusted::raw), Some("explore"));
}

#[test]
fn kimi_code_has_its_own_home_title_and_ids() {
    let mut env = home();
    env.vars.insert("KIMI_CODE_HOME".into(), "/code".into());
    assert!(Kimi.stores(&env).iter().any(|store| store.root.to_str() == Some("/code/sessions")));
    let node = "/opt/node/bin/node";
    let script = "/opt/node_modules/@moonshot-ai/kimi-code/dist/main.mjs";
    for argv in [&["kimi-code"][..], &["node", script, "-r", APPROVAL], &["node", "/usr/local/bin/kimi"]] {
        let process = process("node", argv, node);
        assert_eq!(Kimi.recognise(&ProcFacts::new(&process)), Some(ProcessRole::Agent), "{argv:?}");
    }
    let resumed = process("kimi", &["kimi", "-r", APPROVAL], "/home/u/.kimi-code/bin/kimi");
    assert_eq!(Kimi.session_argument(&ProcFacts::new(&resumed)).as_deref(), Some(APPROVAL));
}

proptest! {
    #[test]
    fn reading_twice_changes_nothing(cut in 0_usize..30) {
        let mut events = main_wire();
        let once = Tally::of(&events).usage();
        let again: Vec<u8> = WIRE.split_inclusive(|&b| b == b'\n').skip(cut).flatten().copied().collect();
        events.extend(sound(&format!("{SID}/wire.jsonl"), &again));
        prop_assert_eq!(Tally::of(&events).usage(), once);
    }

    #[test]
    fn totals_never_fall_as_a_log_grows(cut in 0_usize..30) {
        let total = |lines: usize| {
            let text: Vec<u8> = WIRE.split_inclusive(|&b| b == b'\n').take(lines).flatten().copied().collect();
            Tally::of(&sound(&format!("{SID}/wire.jsonl"), &text)).usage().total()
        };
        prop_assert!(total(cut) <= total(cut + 1));
    }

    #[test]
    fn damaged_files_are_errors_and_never_panics(at in 0_usize..20_000, byte in any::<u8>()) {
        let wire: &[u8] = include_bytes!("../../../../fixtures/kimi/code-2.1.0/approval.jsonl");
        let mut damaged = wire.to_vec();
        let spot = at % damaged.len();
        damaged[spot] = byte;
        decode_lines(&Kimi, &format!("{CODE}/{APPROVAL}/agents/main/wire.jsonl"), &damaged);
        let files = [
            (format!("{SID}/wire.jsonl"), WIRE),
            (format!("{SID}.jsonl"), OLD),
        ];
        for (place, text) in files {
            let mut damaged = text.to_vec();
            let at = at % damaged.len();
            damaged[at] = byte;
            decode_lines(&Kimi, &path(&place), &damaged);
            decode_lines(&Kimi, &path(&place), damaged.get(at..).unwrap_or_default());
        }
        let documents = [
            (path(&format!("{SID}/state.json")), STATE),
            (path(&format!("{SID}/subagents/a/meta.json")), META),
            ("/home/u/.kimi/kimi.json".to_owned(), DIRECTORIES),
        ];
        for (place, text) in documents {
            let mut damaged = text.to_vec();
            let at = at % damaged.len();
            damaged[at] = byte;
            let _ = decode_document(&Kimi, &place, &damaged);
        }
    }
}
