//! Small documents with many entries: for every client that keeps a list in a document, its cost is bounded.

use agtop_model::IssueKind;

use crate::amp::Amp;
use crate::bounded;
use crate::cline::CLINE;
use crate::codebuff::Codebuff;
use crate::r#continue::Continue;
use crate::copilot::Copilot;
use crate::decode::MAX_EVENTS;
use crate::gemini::Gemini;
use crate::opencode::{MAX_CONFIG_BYTES, OpenCode};
use crate::qwen::Qwen;
use crate::testing::{home, open};
use crate::{Client, Input};

const TASK: &str =
    "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795000000000/ui_messages.json";
const SAID: &str = "/home/u/.cline/data/sessions/1795000100000_ab12c_cli/1795000100000_ab12c_cli.messages.json";
const CHATS: &str = "/home/u/.config/Code/User/workspaceStorage/abc123/chatSessions/s1.json";
const OLD_GEMINI: &str = "/home/u/.gemini/tmp/ab12/chats/session-2026-03-29T01-21-77777777.json";
const OLD_QWEN: &str = "/home/u/.qwen/tmp/ab12/chats/session-2026-01-02T03-04-dddddddd.json";
const THREAD: &str = "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000001.json";
const CODEBUFF: &str = "/home/u/.config/manicode/projects/shop/chats/2026-11-18T11-06-40.000Z/chat-messages.json";
const CONFIG: &str = "/home/u/.config/opencode/opencode.json";
const SESSION: &str = "/home/u/.continue/sessions/6aaaaaaa-0000-4000-8000-000000000001.json";
const SESSIONS: &str = "/home/u/.continue/sessions/sessions.json";

/// A client, a path, a document with `LIST` in place of a list, and an entry that yields many events for few bytes.
type Case = (&'static dyn Client, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (&CLINE, TASK, "LIST", r#"{"say":"tool","ts":1}"#),
    (&CLINE, SAID, r#"{"messages":LIST}"#, r#"{"role":"user","content":"x"}"#),
    (&Gemini, OLD_GEMINI, "LIST", r#"{"id":"a","type":"gemini","toolCalls":[{"id":"","name":"","status":"success"}]}"#),
    (&Gemini, OLD_GEMINI, r#"{"messages":LIST}"#, r#"{"id":"a","type":"gemini","tokens":{"input":1}}"#),
    (&Qwen, OLD_QWEN, r#"{"messages":LIST}"#, r#"{"id":"a","type":"user","content":"x"}"#),
    (&Amp, THREAD, r#"{"messages":LIST}"#, r#"{"role":"user","content":"x"}"#),
    (&Amp, THREAD, r#"{"usageLedger":{"events":LIST}}"#, r#"{"tokens":{"input":1}}"#),
    (&Codebuff, CODEBUFF, "LIST", r#"{"variant":"user","content":"x"}"#),
    (&Continue, SESSION, r#"{"history":LIST}"#, r#"{"message":{"role":"user","content":"x"}}"#),
    (&Continue, SESSIONS, "LIST", r#"{"sessionId":"6aaaaaaa-0000-4000-8000-000000000001"}"#),
    (&Copilot, CHATS, r#"{"requests":LIST}"#, r#"{"message":{"text":"x"},"result":0}"#),
];

/// Bug: `[{},{},…]` of 60 MB took 3.3 GB as a Cline task and 2.6 GB as a Gemini chat, one of 31 MB took 748 MB as an
/// Amp thread, and larger ones ended agtop.
#[test]
fn a_document_of_many_entries_is_read_up_to_a_bound_with_an_error() {
    for &(client, path, shape, entry) in CASES {
        for entry in ["{}", entry] {
            let list = format!("[{}{entry}]", format!("{entry},").repeat(bounded::MAX_ENTRIES));
            let (_, mut decoder) = open(client, &home(), path);
            let mut events = Vec::new();
            let error =
                decoder.feed(Input::Document(shape.replace("LIST", &list).as_bytes()), &mut events).unwrap_err();
            assert_eq!(error.kind, IssueKind::TooLarge, "{path}: {shape} of {entry}: {}", error.detail);
            assert!(events.len() <= MAX_EVENTS, "{path}: {}", events.len());
        }
    }
}

/// The same within one message: as long as the document, with only one entry.
#[test]
fn one_message_of_many_parts_yields_a_bounded_number_of_events() {
    let part = r#"{"type":"tool_use","id":"i","name":"n"}"#;
    let parts = format!("[{}{part}]", format!("{part},").repeat(bounded::MAX_ENTRIES - 1));
    let message = format!(r#"{{"role":"assistant","content":{parts}}}"#);
    let document = format!(r#"{{"messages":[{message},{message},{message}]}}"#);
    let (_, mut decoder) = open(&CLINE, &home(), SAID);
    let mut events = Vec::new();
    decoder.feed(Input::Document(document.as_bytes()), &mut events).unwrap();
    assert_eq!(events.len(), MAX_EVENTS);
}

/// Bug: an `opencode.json` of 61 MB with nothing but providers took 639 MB and 13.6 s.
#[test]
fn a_configuration_of_many_entries_or_of_many_bytes_is_refused() {
    let entries: Vec<String> = (0..=bounded::MAX_ENTRIES).map(|n| format!("\"{n}\":{{}}")).collect();
    let map = format!("{{{}}}", entries.join(","));
    let many = [format!(r#"{{"provider":{map}}}"#), format!(r#"{{"provider":{{"p":{{"models":{map}}}}}}}"#)];
    let long = format!("{{{}}}", " ".repeat(MAX_CONFIG_BYTES - 1));
    for (document, bound) in
        [(&many[0], bounded::MAX_ENTRIES), (&many[1], bounded::MAX_ENTRIES), (&long, MAX_CONFIG_BYTES)]
    {
        let (_, mut decoder) = open(&OpenCode, &home(), CONFIG);
        let mut events = Vec::new();
        let error = decoder.feed(Input::Document(document.as_bytes()), &mut events).unwrap_err();
        assert_eq!((error.kind, events.len()), (IssueKind::TooLarge, 0), "{}", error.detail);
        assert!(error.detail.contains(&bound.to_string()), "{}", error.detail);
    }
}
