//! When the user refuses, cancels or aborts, the turn ends, in every client that then waits for the user's next prompt.

use agtop_model::{Event, EventKind, FileSession, Phase, Timestamp};

use crate::testing::{decode_document, decode_lines, decode_rows, fixture_rows};
use crate::{Format, client};

/// A transcript that ends with a tool call that the user did not allow, or a response that the user interrupted.
struct Case {
    client: &'static str,
    path: &'static str,
    text: &'static str,
}

const CASES: &[Case] = &[
    Case {
        client: "claude",
        path: "/home/u/.claude/projects/-w/s.jsonl",
        text: r#"{"type":"assistant","sessionId":"s","timestamp":"2026-11-21T09:30:00.000Z","message":{"id":"m","model":"claude-opus-4-8","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}],"stop_reason":"tool_use","usage":{"output_tokens":1}}}
{"type":"user","sessionId":"s","timestamp":"2026-11-21T09:30:09.000Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"The user doesn't want to proceed with this tool use."}]}}
{"type":"user","sessionId":"s","timestamp":"2026-11-21T09:30:09.000Z","message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user for tool use]"}]}}"#,
    },
    Case {
        client: "codex",
        path: "/home/u/.codex/sessions/2026/11/21/rollout-2026-11-21T09-30-00-01a1fda9-829d-7d11-a9e9-b2c1b553804d.jsonl",
        text: r#"{"timestamp":"2026-11-21T09:30:00.000Z","type":"session_meta","payload":{"id":"01a1fda9-829d-7d11-a9e9-b2c1b553804d","cwd":"/w","source":"cli"}}
{"timestamp":"2026-11-21T09:30:01.000Z","type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"rm x\"}","call_id":"c"}}
{"timestamp":"2026-11-21T09:30:09.000Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c","output":"aborted by user"}}
{"timestamp":"2026-11-21T09:30:09.000Z","type":"event_msg","payload":{"type":"turn_aborted","reason":"interrupted"}}"#,
    },
    Case {
        client: "gemini",
        path: "/home/u/.gemini/tmp/w/chats/session-2026-11-21T09-30-11111111.jsonl",
        text: r#"{"sessionId":"11111111-aaaa-4000-8000-000000000001","projectHash":"ab12","startTime":"2026-11-21T09:30:00.000Z","kind":"main"}
{"id":"a","timestamp":"2026-11-21T09:30:00.000Z","type":"user","content":[{"text":"Mend"}]}
{"id":"b","timestamp":"2026-11-21T09:30:01.000Z","type":"gemini","content":"","tokens":{"input":1,"output":1},"toolCalls":[{"id":"c","name":"run_shell_command","args":{},"status":"cancelled","timestamp":"2026-11-21T09:30:09.000Z"},{"id":"d","name":"replace","args":{},"status":"cancelled","timestamp":"2026-11-21T09:30:09.000Z"}]}"#,
    },
    Case {
        client: "qwen",
        path: "/home/u/.qwen/projects/-w/chats/aaaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"uuid":"1","sessionId":"aaaaaaaa-0000-4000-8000-000000000001","timestamp":"2026-11-21T09:30:00.000Z","type":"assistant","message":{"role":"model","parts":[{"functionCall":{"id":"c","name":"run_shell_command","args":{}}}]},"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1}}
{"uuid":"2","sessionId":"aaaaaaaa-0000-4000-8000-000000000001","timestamp":"2026-11-21T09:30:09.000Z","type":"tool_result","message":{"role":"user","parts":[{"functionResponse":{"id":"c","name":"run_shell_command","response":{}}}]},"toolCallResult":{"callId":"c","status":"cancelled"}}"#,
    },
    Case {
        client: "opencode",
        path: "/home/u/.local/share/opencode/opencode.db",
        text: r#"{"session":[{"id":"ses_1","version":"1.18.33","time_created":1795253400000}],
"part":[{"id":"prt_1","message_id":"msg_1","time_created":1795253400000,"data":{"type":"tool","tool":"bash","state":{"status":"error","error":"The user rejected permission to use this specific tool call.","time":{"start":1795253400000,"end":1795253409000}}}}],
"message":[{"id":"msg_1","session_id":"ses_1","time_created":1795253400000,"data":{"role":"assistant","finish":"tool-calls","tokens":{"input":9,"output":1},"time":{"created":1795253400000,"completed":1795253409000}}}]}"#,
    },
    Case {
        client: "kilo",
        path: "/home/u/.local/share/kilo/kilo.db",
        text: r#"{"session":[{"id":"ses_1","version":"7.0.1","time_created":1795253400000}],
"part":[{"id":"prt_1","message_id":"msg_1","time_created":1795253400000,"data":{"type":"tool","tool":"question","state":{"status":"error","error":"Error: The user dismissed this question","time":{"start":1795253400000,"end":1795253409000}}}}],
"message":[{"id":"msg_1","session_id":"ses_1","time_created":1795253400000,"data":{"role":"assistant","finish":"tool-calls","tokens":{"input":9,"output":1},"time":{"created":1795253400000,"completed":1795253409000}}}]}"#,
    },
    Case {
        client: "copilot",
        path: "/home/u/.copilot/session-state/0c0c0c0c-0102-4000-8000-000000000001/events.jsonl",
        text: r#"{"type":"tool.execution_start","id":"1","timestamp":"2026-11-21T09:30:00.000Z","data":{"toolCallId":"c","toolName":"bash","arguments":{}}}
{"type":"tool.execution_complete","id":"2","timestamp":"2026-11-21T09:30:09.000Z","data":{"toolCallId":"c","success":false}}
{"type":"abort","id":"3","timestamp":"2026-11-21T09:30:09.000Z","data":{"reason":"user initiated"}}"#,
    },
    Case {
        client: "crush",
        path: "/home/u/.local/share/crush/crush.db",
        text: r#"{"messages":[{"session_id":"s","role":"assistant","created_at":1795253400,"parts":[{"type":"tool_call","data":{"id":"c","name":"bash","input":"{}","finished":true}},{"type":"finish","data":{"reason":"permission_denied","time":1795253409}}]},
{"session_id":"s","role":"tool","created_at":1795253409,"parts":[{"type":"tool_result","data":{"tool_call_id":"c","name":"bash","content":"denied","is_error":true}}]}]}"#,
    },
    Case {
        client: "pi",
        path: "/home/u/.pi/agent/sessions/--w--/2026-11-21T09-30-00-000Z_0aaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"type":"message","id":"1","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"user","content":[{"type":"text","text":"Mend"}]}}
{"type":"message","id":"2","timestamp":"2026-11-21T09:30:09.000Z","message":{"role":"assistant","content":[{"type":"toolCall","id":"c","name":"bash","arguments":{}}],"stopReason":"aborted"}}"#,
    },
    Case {
        client: "amp",
        path: "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000001.json",
        text: r#"{"v":3,"id":"T-2aaaaaaa-0000-4000-8000-000000000001","created":1795253400000,"messages":[
{"role":"assistant","messageId":1,"state":{"type":"cancelled"},"content":[{"type":"tool_use","id":"c","name":"Bash","input":{}}]},
{"role":"user","messageId":2,"content":[{"type":"tool_result","toolUseID":"c","run":{"status":"cancelled"}}]}]}"#,
    },
];

fn events(case: &Case) -> Vec<Event> {
    let client = client(case.client).unwrap();
    let store = crate::testing::open(client, &crate::testing::home(), case.path).0;
    match store.format {
        Format::Lines => {
            let (events, errors) = decode_lines(client, case.path, case.text.as_bytes());
            assert_eq!(errors, [], "{}", case.client);
            events
        }
        Format::Document => decode_document(client, case.path, case.text.as_bytes()).unwrap(),
        Format::Sqlite(_) => decode_rows(client, case.path, &fixture_rows(client, case.path, case.text)),
    }
}

/// The phase of the session after all of these events, as the collector determines it.
fn phase(events: &[Event]) -> Phase {
    let mut in_order: Vec<&Event> = events.iter().collect();
    in_order.sort_by_key(|event| event.at);
    let (latest, mut told) = (Timestamp::from_millis(i64::MAX), FileSession::<()>::default());
    for event in in_order {
        if let EventKind::Response(response) = &event.kind {
            let when = told.time_of(event.at, latest).resolve(latest, latest);
            told.note_response(when, response, None);
        } else {
            told.note(event.at, &event.kind, latest);
        }
    }
    told.phase
}

/// Bug: OpenCode showed `working` for good on an idle screen after a permission was rejected (74 of 74 samples), and so
/// did Gemini CLI in releases that do not record the rejection.
#[test]
fn no_session_is_working_after_the_user_refused() {
    for case in CASES {
        let events = events(case);
        assert!(events.iter().any(|event| matches!(event.kind, EventKind::TurnEnded)), "{}: {events:?}", case.client);
        assert_eq!(phase(&events), Phase::Finished, "{}: {events:?}", case.client);
    }
}
