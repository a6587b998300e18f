//! Message text, for every client whose transcripts have it: it is emitted if it is recent, and otherwise not.

use agtop_model::Timestamp;

use crate::client;
use crate::parse::rfc3339;
use crate::testing::texts_since;

/// A transcript in which the user asks to mend the basket, and the agent answers.
struct Case {
    client: &'static str,
    path: &'static str,
    text: &'static str,
    said: &'static [&'static str],
}

const BOTH: &[&str] = &["> Mend the\nbasket", "< I look."];

/// The time of all messages.
const AT: &str = "2026-11-21T09:30:00.000Z";

const CASES: &[Case] = &[
    Case {
        client: "claude",
        path: "/home/u/.claude/projects/-w/s.jsonl",
        text: r#"{"type":"user","sessionId":"s","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"user","content":"Mend the\nbasket"}}
{"type":"assistant","sessionId":"s","timestamp":"2026-11-21T09:30:00.000Z","message":{"id":"m","model":"claude-opus-4-8","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"I look."}],"usage":{"output_tokens":1}}}
{"type":"assistant","sessionId":"s","timestamp":"2026-11-21T09:30:00.000Z","message":{"id":"n","model":"<synthetic>","content":[{"type":"text","text":"No response requested."}],"usage":{"output_tokens":0}}}
{"type":"user","sessionId":"s","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"fn a() {}"}]}}"#,
        said: BOTH,
    },
    Case {
        client: "codex",
        path: "/home/u/.codex/sessions/2026/11/21/rollout-2026-11-21T09-30-00-01a1fda9-829d-7d11-a9e9-b2c1b553804d.jsonl",
        text: r#"{"timestamp":"2026-11-21T09:30:00.000Z","type":"session_meta","payload":{"id":"01a1fda9-829d-7d11-a9e9-b2c1b553804d","cwd":"/w","source":"cli"}}
{"timestamp":"2026-11-21T09:30:00.000Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]}}
{"timestamp":"2026-11-21T09:30:00.000Z","type":"event_msg","payload":{"type":"user_message","message":"Mend the\nbasket","kind":"plain"}}
{"timestamp":"2026-11-21T09:30:00.000Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]}}
{"timestamp":"2026-11-21T09:30:00.000Z","type":"event_msg","payload":{"type":"agent_message","message":"I look."}}"#,
        said: BOTH,
    },
    Case {
        client: "gemini",
        path: "/home/u/.gemini/tmp/w/chats/session-2026-11-21T09-30-11111111.jsonl",
        text: r#"{"sessionId":"11111111-aaaa-4000-8000-000000000001","projectHash":"ab12","startTime":"2026-11-21T09:30:00.000Z","kind":"main"}
{"id":"a","timestamp":"2026-11-21T09:30:00.000Z","type":"user","content":[{"text":"Mend the\nbasket"}]}
{"id":"b","timestamp":"2026-11-21T09:30:00.000Z","type":"gemini","content":"I look.","tokens":{"input":1,"output":1}}"#,
        said: BOTH,
    },
    Case {
        client: "qwen",
        path: "/home/u/.qwen/projects/-w/chats/aaaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"uuid":"1","sessionId":"aaaaaaaa-0000-4000-8000-000000000001","timestamp":"2026-11-21T09:30:00.000Z","type":"user","message":{"role":"user","parts":[{"text":"Mend the\nbasket"}]}}
{"uuid":"2","sessionId":"aaaaaaaa-0000-4000-8000-000000000001","timestamp":"2026-11-21T09:30:00.000Z","type":"assistant","message":{"role":"model","parts":[{"text":"I look."},{"text":"Hm.","thought":true}]}}"#,
        said: BOTH,
    },
    Case {
        client: "qwen",
        path: "/home/u/.qwen/tmp/ab12/chats/session-2026-11-21T09-30-dddddddd.json",
        text: r#"{"sessionId":"dddddddd-0000-4000-8000-000000000004","messages":[
{"id":"1","timestamp":"2026-11-21T09:30:00.000Z","type":"user","content":"Mend the\nbasket"},
{"id":"2","timestamp":"2026-11-21T09:30:00.000Z","type":"qwen","content":"I look."}]}"#,
        said: BOTH,
    },
    Case {
        client: "opencode",
        path: "/home/u/.local/share/opencode/opencode.db",
        text: r#"{"session":[{"id":"ses_1","version":"1.18.33","time_created":1795253400000}],
"part":[{"id":"prt_1","message_id":"msg_1","time_created":1795253400000,"data":{"type":"text","text":"Mend the\nbasket"}},
{"id":"prt_2","message_id":"msg_1","time_created":1795253400000,"data":{"type":"text","text":"Called a tool.","synthetic":true}},
{"id":"prt_3","message_id":"msg_2","time_created":1795253400000,"data":{"type":"reasoning","text":"Hm."}},
{"id":"prt_4","message_id":"msg_2","time_created":1795253400000,"data":{"type":"text","text":"I look."}}],
"message":[{"id":"msg_1","session_id":"ses_1","time_created":1795253400000,"data":{"role":"user","time":{"created":1795253400000}}},
{"id":"msg_2","session_id":"ses_1","time_created":1795253400000,"data":{"role":"assistant","time":{"created":1795253400000}}}]}"#,
        said: BOTH,
    },
    Case {
        client: "goose",
        path: "/home/u/.local/share/goose/sessions/sessions.db",
        text: r#"{"messages":[{"session_id":"1","role":"user","created_timestamp":1795253400,"content_json":[{"type":"text","text":"Mend the\nbasket"}]},
{"session_id":"1","role":"assistant","created_timestamp":1795253400,"content_json":[{"type":"text","text":"I look."},{"type":"toolRequest","id":"c","toolCall":{"value":{"name":"x"}}}]}]}"#,
        said: BOTH,
    },
    Case {
        client: "copilot",
        path: "/home/u/.copilot/session-state/0c0c0c0c-0102-4000-8000-000000000001/events.jsonl",
        text: r#"{"type":"user.message","id":"1","timestamp":"2026-11-21T09:30:00.000Z","data":{"content":"Mend the\nbasket"}}
{"type":"assistant.message","id":"2","timestamp":"2026-11-21T09:30:00.000Z","data":{"messageId":"m","content":"I look.","toolRequests":[]}}"#,
        said: BOTH,
    },
    Case {
        client: "droid",
        path: "/home/u/.factory/sessions/-w/3aaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"type":"message","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"user","content":[{"type":"text","text":"<system-reminder>x</system-reminder>"},{"type":"text","text":"Mend the\nbasket"}]}}
{"type":"message","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t","name":"Read"}]}}"#,
        said: BOTH,
    },
    Case {
        client: "cursor-agent",
        path: "/home/u/.cursor/projects/w/agent-transcripts/7aaaaaaa-0000-4000-8000-000000000001/7aaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"role":"user","createdAt":1795253400000,"message":{"content":[{"type":"text","text":"<user_query>\nMend the\nbasket\n</user_query>"}]}}
{"role":"assistant","createdAt":1795253400000,"message":{"content":[{"type":"text","text":"I look."}]}}"#,
        said: BOTH,
    },
    Case {
        client: "cline",
        path: "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795253400000/ui_messages.json",
        text: r#"[{"ts":1795253400000,"type":"say","say":"text","text":"Mend the\nbasket"},{"ts":1795253400000,"type":"say","say":"text","text":"I look."}]"#,
        said: BOTH,
    },
    Case {
        client: "cline",
        path: "/home/u/.cline/data/sessions/1795253400000_ab12c_cli/1795253400000_ab12c_cli.messages.json",
        text: r#"{"messages":[{"id":"1","role":"user","ts":1795253400000,"content":"Mend the\nbasket"},
{"id":"2","role":"assistant","ts":1795253400000,"content":[{"type":"thinking","text":"Hm."},{"type":"text","text":"I look."}]}]}"#,
        said: BOTH,
    },
    Case {
        client: "pi",
        path: "/home/u/.pi/agent/sessions/--w--/2026-11-21T09-30-00-000Z_0aaaaaaa-0000-4000-8000-000000000001.jsonl",
        text: r#"{"type":"message","id":"1","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"user","content":[{"type":"text","text":"Mend the\nbasket"}]}}
{"type":"message","id":"2","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"I look."}],"stopReason":"stop"}}"#,
        said: BOTH,
    },
    Case {
        client: "amp",
        path: "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000001.json",
        text: r#"{"v":3,"id":"T-2aaaaaaa-0000-4000-8000-000000000001","created":1795253400000,"messages":[
{"role":"user","messageId":0,"content":"Mend the\nbasket","meta":{"sentAt":1795253400000}},
{"role":"assistant","messageId":1,"content":[{"type":"text","text":"I look."}],"usage":{"outputTokens":1,"timestamp":"2026-11-21T09:30:00.000Z"}}]}"#,
        said: BOTH,
    },
    Case {
        client: "crush",
        path: "/home/u/.local/share/crush/crush.db",
        text: r#"{"messages":[{"session_id":"s","role":"user","created_at":1795253400,"parts":[{"type":"text","data":{"text":"Mend the\nbasket"}}]},
{"session_id":"s","role":"assistant","created_at":1795253400,"parts":[{"type":"reasoning","data":{"thinking":"Hm."}},{"type":"text","data":{"text":"I look."}}]}]}"#,
        said: BOTH,
    },
    Case {
        client: "codebuff",
        path: "/home/u/.config/manicode/projects/shop/chats/2026-11-21T09-30-00.000Z/chat-messages.json",
        text: r#"[{"id":"1","variant":"user","content":"Mend the\nbasket","timestamp":"2026-11-21T09:30:00.000Z"},
{"id":"2","variant":"ai","content":"I look.","timestamp":"2026-11-21T09:30:00.000Z"}]"#,
        said: BOTH,
    },
    Case {
        client: "grok",
        path: "/home/u/.grok/sessions/%2Fw/5aaaaaaa-0000-4000-8000-000000000001/chat_history.jsonl",
        text: r#"{"type":"user","timestamp":"2026-11-21T09:30:00.000Z","content":"<user_query>\nMend the\nbasket\n</user_query>"}
{"type":"assistant","timestamp":"2026-11-21T09:30:00.000Z","content":"I look."}"#,
        said: BOTH,
    },
    Case {
        client: "antigravity",
        path: "/home/u/.gemini/antigravity-cli/brain/6aaaaaaa-0000-4000-8000-000000000001/.system_generated/logs/transcript.jsonl",
        text: r#"{"type":"USER_INPUT","created_at":"2026-11-21T09:30:00Z","content":"<USER_REQUEST>\nMend the\nbasket\n</USER_REQUEST>"}
{"type":"PLANNER_RESPONSE","created_at":"2026-11-21T09:30:00Z","content":"I look."}"#,
        said: BOTH,
    },
    Case {
        client: "kimi",
        path: "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/s/wire.jsonl",
        text: r#"{"timestamp":1795253400.0,"message":{"type":"TurnBegin","payload":{"user_input":"Mend the\nbasket"}}}"#,
        said: &["> Mend the\nbasket"],
    },
];

fn said(case: &Case, from: Timestamp) -> Vec<String> {
    texts_since(client(case.client).unwrap(), case.path, case.text, from)
}

#[test]
fn recent_text_is_emitted() {
    let at = rfc3339(AT).unwrap();
    for case in CASES {
        assert_eq!(said(case, at), case.said, "{} {}", case.client, case.path);
    }
}

#[test]
fn old_text_is_not_emitted() {
    let later = rfc3339("2026-11-21T09:30:00.001Z").unwrap();
    for case in CASES {
        assert_eq!(said(case, later), ["> "], "{} {}", case.client, case.path);
    }
}

#[test]
fn long_text_is_shortened() {
    let at = rfc3339(AT).unwrap();
    let Case { client: name, path, text, .. } = CASES[0];
    let text = text.replace("I look.", &"größe ".repeat(1000));
    let said = texts_since(client(name).unwrap(), path, &text, at);
    assert_eq!(said[1].chars().count(), 2 + 120);
}
