//! Agents that wait for the user, and those that only seem to.

use std::fs;
use std::time::Duration;

use agtop_model::{Status, Timestamp};
use agtop_os::FakeProcess;

use crate::harness::{Harness, SID, ago, append, call, called, line, response, session};

#[test]
fn a_command_call_without_a_process_waits_for_permission() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &call("Bash"));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::NeedsPermission);
    harness.run_command();
    assert_eq!(harness.read().agents[0].status, Status::Working);
}

/// A command ran for ten seconds, and a sample fell between its end and its result: it once showed `needs_permission`.
#[test]
fn a_command_whose_result_is_not_written_yet_does_not_wait() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &call("Bash"));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    harness.run_command();
    assert_eq!(harness.read().agents[0].status, Status::Working);
    harness.machine.exit(98);
    assert_eq!(harness.read().agents[0].status, Status::Working);
}

/// This agent records neither the end of a turn nor a call before its result, so that only silence shows a wait. It once
/// showed `needs_input` between the end of a command and its record.
#[test]
fn a_silent_agent_whose_command_has_just_ended_does_not_wait() {
    let mut harness = Harness::new();
    // echo -n /work | sha256sum
    let hash = "0c9a453fad615c83c57d57c2b2be05fa938f0791d7624db43827a033227bf78b";
    let directory = harness.home.path().join(".gemini/tmp").join(hash).join("chats");
    fs::create_dir_all(&directory).unwrap();
    let at = ago(Duration::from_secs(10));
    let chat = format!(
        r#"{{"sessionId":"{SID}","projectHash":"{hash}","startTime":"{at}","lastUpdated":"{at}","messages":[{{"id":"1","timestamp":"{at}","type":"user","content":"test it"}}]}}"#
    );
    fs::write(directory.join("session-2026-11-30T01-21-77777777.json"), chat).unwrap();
    harness.machine.spawn(FakeProcess::new(97, &["node", "/usr/bin/gemini"]).cwd("/work"));
    harness.run_command();
    let status = |harness: &mut Harness| harness.read().agents[0].status;
    assert_eq!(status(&mut harness), Status::Working);
    harness.machine.exit(98);
    assert_eq!(status(&mut harness), Status::Working);
}

#[test]
fn a_long_edit_waits_for_permission_and_a_long_search_does_not() {
    for (tool, status) in [("Edit", Status::NeedsPermission), ("WebSearch", Status::Working)] {
        let mut harness = Harness::new();
        append(&harness.transcript(), &call(tool));
        harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
        assert_eq!(harness.read().agents[0].status, status, "{tool}");
    }
}

#[test]
fn an_agent_that_may_act_without_permission_never_waits() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &call("Bash"));
    let argv = ["claude", "--dangerously-skip-permissions", "-r", SID];
    harness.machine.spawn(FakeProcess::new(97, &argv).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::Working);
}

/// A turn that has started a background subagent and has ended, as version 2.1.332 records it: the result of the tool only
/// says that the subagent has started.
fn delegated(since: Duration) -> String {
    let sent = called("Agent", "t1", since);
    let launched = format!(
        concat!(
            r#"{{"type":"user","timestamp":"{at}","sessionId":"{sid}","cwd":"/work","message":{{"role":"user","content":"#,
            r#"[{{"type":"tool_result","tool_use_id":"t1","content":"Async agent launched"}}]}},"#,
            r#""toolUseResult":{{"isAsync":true,"status":"async_launched","agentId":"a1","prompt":"{prompt}"}}}}"#,
            "\n"
        ),
        at = ago(since),
        sid = SID,
        prompt = "look around ".repeat(500),
    );
    sent + &launched + &response("m2", since)
}

/// The record of the end of a background task.
fn notified(kind: &str) -> String {
    let note = r"<task-notification>\n<task-id>a1</task-id>\n<tool-use-id>t1</tool-use-id>\n<status>completed</status>";
    let result = "the result ".repeat(500);
    match kind {
        "user" => format!(
            r#"{{"type":"user","timestamp":"{}","sessionId":"{SID}","message":{{"role":"user","content":"{note}\n<result>{result}</result>"}}}}{}"#,
            ago(Duration::ZERO),
            "\n"
        ),
        _ => format!(
            r#"{{"type":"queue-operation","operation":"enqueue","timestamp":"{}","sessionId":"{SID}","content":"{note}"}}{}"#,
            ago(Duration::ZERO),
            "\n"
        ),
    }
}

/// While a subagent worked in the background after the main turn had ended, the status was once `needs_input` with
/// `subagents: 0`, whatever the vendor's file said.
#[test]
fn a_session_with_a_background_subagent_works() {
    for (entry, kind) in [(None, "user"), (Some("busy"), "queue"), (Some("idle"), "user"), (Some("shell"), "queue")] {
        let mut harness = Harness::new();
        append(&harness.transcript(), &delegated(Duration::from_mins(2)));
        harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
        if let Some(status) = entry {
            harness.enter(97, 4711, SID, status);
        }
        let snapshot = harness.read();
        assert_eq!(snapshot.agents[0].status, Status::Working, "{entry:?}");
        let in_flight: Vec<bool> = session(&snapshot).in_flight.iter().map(|flight| flight.is_subagent).collect();
        assert_eq!(in_flight, [true], "{entry:?}");
        append(&harness.transcript(), &notified(kind));
        append(&harness.transcript(), &response("m3", Duration::ZERO));
        if entry.is_some() {
            harness.enter(97, 4711, SID, "idle");
        }
        let snapshot = harness.read();
        assert_eq!(snapshot.agents[0].status, Status::NeedsInput, "{entry:?}");
        assert_eq!((session(&snapshot).in_flight.len(), session(&snapshot).prompts), (0, 0), "{entry:?}");
    }
}

/// A subagent does not outlive the process that started it.
#[test]
fn a_subagent_of_an_earlier_process_does_not_work() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &delegated(Duration::from_mins(5)));
    append(&harness.transcript(), &response("m3", Duration::from_secs(10)));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let begun = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond() - 60_000);
    harness.machine.change(97, |process| process.started_at = Ok(begun));
    assert_eq!(harness.read().agents[0].status, Status::NeedsInput);
}

/// The transcript of a subagent also shows that it is in the middle of a turn.
#[test]
fn a_session_works_while_the_transcript_of_a_subagent_grows() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &response("m1", Duration::from_mins(2)));
    let child = harness.transcript().with_extension("").join("subagents");
    fs::create_dir_all(&child).unwrap();
    let working = called("Bash", "t9", Duration::from_secs(90)).replace(r#""id":"m""#, r#""id":"m9""#);
    append(&child.join("agent-a1.jsonl"), &working);
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::Working);
}

/// Questions and plans wait for an answer, not for permission. They were once `needs_permission` by the vendor's file, and
/// `working` without it.
#[test]
fn a_question_to_the_user_needs_input_and_not_permission() {
    for tool in ["AskUserQuestion", "ExitPlanMode"] {
        for entry in [None, Some("waiting"), Some(r#"waiting","waitingFor":"input needed"#)] {
            let mut harness = Harness::new();
            append(&harness.transcript(), &call(tool));
            harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
            if let Some(status) = entry {
                harness.enter(97, 4711, SID, status);
            }
            assert_eq!(harness.read().agents[0].status, Status::NeedsInput, "{tool} {entry:?}");
        }
    }
    // The vendor's file is enough if the transcript is not up to date.
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
    harness.enter(97, 4711, SID, r#"waiting","waitingFor":"input needed"#);
    assert_eq!(harness.read().agents[0].status, Status::NeedsInput);
    harness.enter(97, 4711, SID, r#"waiting","waitingFor":"permission prompt"#);
    assert_eq!(harness.read().agents[0].status, Status::NeedsPermission);
}

/// OpenCode's `question` and Qwen Code's `ask_user_question` were once shown as `working`, although they wait for the user.
/// So was a refused permission of OpenCode, for ever (74 of 74 samples).
#[test]
fn a_question_of_opencode_or_qwen_needs_input_and_a_refused_call_has_ended() {
    let at = |ago: Duration| jiff::Timestamp::now().checked_sub(jiff::SignedDuration::try_from(ago).unwrap()).unwrap();
    let asked = at(Duration::from_secs(10));
    let mut harness = Harness::new();
    let chats = harness.home.path().join(".qwen/projects/-work/chats");
    fs::create_dir_all(&chats).unwrap();
    let id = "aaaaaaaa-0000-4000-8000-000000000001";
    let call = format!(
        r#"{{"uuid":"2","sessionId":"{id}","timestamp":"{asked}","type":"assistant","cwd":"/work","message":{{"role":"model","parts":[
        {{"functionCall":{{"id":"c","name":"ask_user_question","args":{{}}}}}}]}}}}"#
    );
    append(&chats.join(format!("{id}.jsonl")), &(call.replace('\n', "") + "\n"));
    harness.machine.spawn(FakeProcess::new(97, &["node", "/usr/bin/qwen", "--resume", id]).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::NeedsInput, "qwen");

    let mut harness = Harness::new();
    let asked = asked.as_millisecond();
    let part = |tool: &str, state: &str| {
        format!(
            r#"{{"id":"prt_1","type":"tool","tool":"{tool}","state":{{"status":{state},"time":{{"start":{asked},"end":{asked}}}}}}}"#
        )
    };
    let question = part("question", r#""running""#);
    harness.opencode(&question, &format!(r#""time":{{"created":{asked}}}"#));
    harness.machine.spawn(FakeProcess::new(98, &["opencode", "-s", "ses_1"]).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::NeedsInput, "opencode");

    let refused = part("bash", r#""error","error":"The user rejected permission to use this specific tool call.""#);
    harness.opencode(&refused, &format!(r#""finish":"tool-calls","time":{{"created":{asked},"completed":{asked}}}"#));
    let status = harness.read().agents[0].status;
    assert!(!matches!(status, Status::Working | Status::Active | Status::NeedsPermission), "{status:?}");
}
