use agtop_model::{Event, EventKind, FileId, Provenance, SourcePosition, Timestamp};

use super::*;
use crate::testing::home;
use crate::{CLIENTS, client};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Settings that users have, or may have, in Claude Code's format, which most clients share.
const SETTINGS: [&str; 40] = [
    "",
    "{}",
    "{}\n",
    "{ }",
    "{\n}\n",
    "\n\n{}\n\n",
    "\u{feff}{\"model\": \"opus\"}\n",
    "{\"model\":\"opus\"}",
    "{\"model\":\"opus\",\"hooks\":{}}",
    "{\"hooks\":{\"Stop\":[]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[]}]}}",
    "{\"hooks\":{\"Stop\":[{\"matcher\":\"\",\"hooks\":[]}]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"say done\"}]}]}}",
    "{\n  \"hooks\": {\n    \"Stop\": [\n      {\n        \"hooks\": [\n          { \"type\": \"command\", \"command\": \"say done\" }\n        ]\n      }\n    ]\n  }\n}\n",
    "{\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{\n\t\t\t\t\"matcher\": \"Bash|Edit\",\n\t\t\t\t\"hooks\": [{\"type\": \"command\", \"command\": \"./check.sh\", \"timeout\": 60}]\n\t\t\t}\n\t\t]\n\t}\n}\n",
    "{\r\n  \"theme\": \"dark\",\r\n  \"hooks\": {\r\n  }\r\n}\r\n",
    "// mine\n{\n  // why\n  \"model\": \"opus\", // the best\n}\n",
    "{\n  /* all of it */\n  \"hooks\": {\n    // when it is over\n    \"Stop\": [ /* nobody */ ],\n  },\n}\n",
    "{\"hooks\":{\"Unheard\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"x\"}]}]}}",
    "{\"hooks\":{\"Unheard\":\"of\"}}",
    "{\"z\":1,\"a\":2,\"m\":{\"z\":1,\"a\":[3,2,1]},\"hooks\":{},\"b\":null}",
    "{\"permissions\":{\"allow\":[\"Bash(git *)\"],\"deny\":[]},\"env\":{\"A\":\"1\"}}\n",
    "{\"statusLine\":{\"type\":\"command\",\"command\":\"/x/agtop statusline\",\"padding\":0}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"~/.aitop/hook.sh\"}]}],\"SessionEnd\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"/bin/aitop hook\"}]}]}}",
    "{\"hooks\":{\"Notification\":[{\"matcher\":\"permission_prompt\",\"hooks\":[{\"type\":\"command\",\"command\":\"notify-send agtop hook\"}]}]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"http\",\"url\":\"http://localhost:1\"}]}]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"prompt\",\"prompt\":\"agtop hook\"}]}]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":\"odd\"}]}}",
    "{\"hooks\":{\"Stop\":[\"odd\",null,3,[]]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[\"odd\",null,{\"command\":7}]}]}}",
    "{\"größe\":\"日本語 🦀\",\"escaped\":\"\\u00e9\\n\\\"\"}",
    "{\"big\":123456789012345678901234567890,\"float\":1.50,\"exp\":1E5}",
    "{   \"a\"  :  1  ,   \"b\":2   }",
    "{\n\n\n  \"a\": 1,\n\n\n  \"b\": 2\n\n}",
    "{\n        \"deep\": {\n                \"er\": true\n        }\n}",
    "{\"disableAllHooks\":false}",
    "{\"hooks\":{\"PreToolUse\":[{\"matcher\":\"*\",\"hooks\":[{\"type\":\"command\",\"command\":\"a\"},{\"type\":\"command\",\"command\":\"b\"}]},{\"hooks\":[{\"type\":\"command\",\"command\":\"c\"}]}]}}",
    "{\"hooks\" : {\"Stop\" : [\n{\"hooks\" : [\n{\"command\" : \"x\", \"type\" : \"command\"}\n]}\n]}}",
    "{\"$schema\":\"https://json.schemastore.org/claude-code-settings.json\",\"hooks\":{\"PostToolUse\":[]}}",
    "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"'/opt/my tools/other' hook\"}]}]}} // end",
];

fn command(path: &str) -> HookCommand {
    HookCommand::new(Path::new(path)).unwrap()
}

fn claude() -> SettingsFile {
    ClaudeHooks.files(&home(), HookScope::User).remove(0)
}

/// The content of the settings without empty lists: `None` for settings with comments.
fn meaning(text: &str) -> Option<serde_json::Value> {
    let text = text.trim_start_matches('\u{feff}');
    let mut value: serde_json::Value = serde_json::from_str(if text.trim().is_empty() { "{}" } else { text }).ok()?;
    if let Some(hooks) = value.get_mut("hooks").and_then(serde_json::Value::as_object_mut) {
        hooks.retain(|_, list| list.as_array().is_none_or(|list| !list.is_empty()));
        if hooks.is_empty() {
            value.as_object_mut().map(|top| top.remove("hooks"));
        }
    }
    Some(value)
}

#[test]
fn installing_twice_is_installing_once() {
    let agtop = command("/usr/bin/agtop");
    for before in SETTINGS {
        let once = claude().install(before, &agtop).unwrap_or_else(|error| panic!("{before}: {error}"));
        assert_eq!(claude().install(&once, &agtop).unwrap(), once, "{before}");
        assert_eq!(claude().status(&once, &agtop), Ok(HookStatus::Installed), "{before}");
        assert_eq!(once.matches("/usr/bin/agtop hook --client claude").count(), 18, "{before}\n{once}");
    }
}

#[test]
fn uninstalling_restores_the_original_text() {
    let agtop = command("/usr/bin/agtop");
    for before in SETTINGS {
        let file = claude();
        let installed = file.install(before, &agtop).unwrap();
        assert!(file.is_install_of(before, &installed), "the original bytes are recognised: {before}");
        let after = file.uninstall(&installed).unwrap();
        assert!(!after.contains("agtop hook --client"), "{after}");
        assert_eq!(meaning(&after), meaning(before), "{before}\n{after}");
        let comments = ["// mine", "// why", "// the best", "/* all of it */", "// when it is over", "// end"];
        assert!(comments.iter().all(|comment| before.contains(comment) == after.contains(comment)), "{after}");
    }
}

#[test]
fn other_text_is_unchanged_where_only_agtops_lines_are_added() {
    let agtop = command("/usr/bin/agtop");
    for before in SETTINGS.iter().filter(|text| !text.is_empty()) {
        let installed = claude().install(before, &agtop).unwrap();
        // Each run of characters between brackets and commas belongs to the user: all of them are kept, in their order.
        let mut rest = installed.as_str();
        for piece in
            before.split(['{', '}', '[', ']', ',', '\n', '\r']).map(str::trim).filter(|piece| !piece.is_empty())
        {
            let (_, after) =
                rest.split_once(piece).unwrap_or_else(|| panic!("{piece:?} of {before} is gone:\n{installed}"));
            rest = after;
        }
    }
}

#[test]
fn a_former_path_of_agtop_is_updated_and_duplicates_are_removed() {
    let (old, new) = (command("/old place/agtop"), command("/new/agtop"));
    for before in SETTINGS {
        let outdated = claude().install(before, &old).unwrap();
        assert_eq!(claude().status(&outdated, &new), Ok(HookStatus::Outdated));
        let updated = claude().install(&outdated, &new).unwrap();
        assert_eq!(updated, claude().install(before, &new).unwrap(), "{before}");
    }
    let entry = r#"{"hooks":[{"type":"command","command":"/a/agtop hook","timeout":9}]}"#;
    let twice = format!(r#"{{"hooks":{{"Stop":[{entry},{entry}]}}}}"#);
    let once = claude().install(&twice, &new).unwrap();
    assert_eq!(once.matches("\"timeout\":9").count(), 1, "the user's own time limit stays: {once}");
    assert!(!once.contains("/a/agtop"), "{once}");
}

#[test]
fn changes_made_since_survive_uninstalling() {
    let agtop = command("/usr/bin/agtop");
    let installed = claude().install("{\n  \"model\": \"opus\"\n}\n", &agtop).unwrap();
    let changed = installed.replace("\"opus\"", "\"sonnet\"");
    assert!(!claude().is_install_of("{\n  \"model\": \"opus\"\n}\n", &changed));
    assert_eq!(claude().uninstall(&changed).unwrap(), "{\n  \"model\": \"sonnet\"\n}\n");
}

#[test]
fn a_file_that_agtop_made_is_empty_without_it() {
    let agtop = command("/usr/bin/agtop");
    for client in ["claude", "codex", "gemini", "qwen", "copilot", "opencode"] {
        for file in client_files(client) {
            let installed = file.install("", &agtop).unwrap();
            assert!(installed.ends_with('\n'), "{client}: {installed}");
            assert_eq!(file.status(&installed, &agtop), Ok(HookStatus::Installed), "{client}");
            assert_eq!(file.install(&installed, &agtop).unwrap(), installed, "{client}");
            assert_eq!(file.uninstall(&installed).unwrap(), "", "{client}");
        }
    }
}

fn client_files(name: &str) -> Vec<SettingsFile> {
    client(name).unwrap().hooks().unwrap().files(&home(), HookScope::User)
}

#[test]
fn broken_settings_are_refused_with_their_place() {
    let agtop = command("/usr/bin/agtop");
    let cases = [
        ("{", "1:"),
        ("{\"a\": 1\n \"b\": 2}", "1:8: "),
        ("[]", "1:1: settings are an object"),
        ("\"text\"", "1:1: settings are an object"),
        ("{\n  \"hooks\": []\n}", "2:12: hooks is no object"),
        ("{\"hooks\": null}", "1:11: hooks is no object"),
        ("{\"hooks\":{\n\"Stop\": {}}}", "2:9: hooks.Stop is no array"),
        ("{\"hooks\":{},\"hooks\":{}}", "1:13: hooks is there twice"),
        ("{\"hooks\":{\"Stop\":[],\"Stop\":[]}}", "1:21: Stop is there twice"),
        ("{'a': 1}", "1:"),
        ("{a: 1}", "1:"),
        ("{\"a\": NaN}", "1:"),
        ("{\"a\": 1}}", "1:"),
        ("{\"a\": \"unended", "1:"),
        ("\0", "1:"),
    ];
    for (text, place) in cases {
        for answer in [claude().install(text, &agtop), claude().uninstall(text)] {
            let error = answer.expect_err(text).to_string();
            assert!(error.starts_with(place), "{text}: {error}");
        }
    }
    let deep = "[".repeat(100_000);
    assert!(claude().install(&format!("{{\"a\":{deep}"), &agtop).is_err());
}

#[test]
fn settings_that_turn_hooks_off_are_reported() {
    let status = claude().status("{\"disableAllHooks\": true}", &command("/usr/bin/agtop"));
    assert_eq!(status, Ok(HookStatus::Hindered("the file turns all hooks off")));
}

#[test]
fn codex_notifies_agtop_unless_it_notifies_another() {
    let agtop = command("/usr/bin/agtop");
    let file = client_files("codex").remove(1);
    let taken = "# mine\nnotify = [\"notify-send\", \"done\"]\n\n[tui]\nx = 1 # odd\n";
    assert_eq!(file.install(taken, &agtop).unwrap(), taken);
    assert!(matches!(file.status(taken, &agtop), Ok(HookStatus::Hindered(_))));
    let free = "# mine\nmodel = \"gpt\"\n\n[tui]\nx = 1 # odd\n";
    let installed = file.install(free, &agtop).unwrap();
    assert!(installed.starts_with("# mine\nmodel = \"gpt\"\nnotify = [\"/usr/bin/agtop\", \"hook\""), "{installed}");
    assert!(file.is_install_of(free, &installed));
    assert_eq!(file.uninstall(&installed).unwrap(), free);
    let moved = file.install(&installed, &command("/new/agtop")).unwrap();
    assert!(moved.contains("/new/agtop") && !moved.contains("/usr/bin"), "{moved}");
    assert_eq!(file.install("a = = 1", &agtop).unwrap_err().line, 1);
}

#[test]
fn a_file_of_another_author_with_agtops_name_is_not_changed() {
    let agtop = command("/a b/agtop");
    for name in ["copilot", "opencode"] {
        let file = client_files(name).remove(0);
        assert!(file.install("export const Mine = 1\n", &agtop).is_err(), "{name}");
        let installed = file.install("", &agtop).unwrap();
        let changed = installed.clone() + " ";
        assert!(file.uninstall(&changed).is_err(), "{name}: changed by hand");
        let moved = file.install(&installed, &command("/new/agtop")).unwrap();
        assert_eq!(file.status(&moved, &command("/new/agtop")), Ok(HookStatus::Installed));
    }
    let text = client_files("copilot").remove(0).install("", &agtop).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
}

#[test]
fn every_settings_format_refuses_any_bytes_or_is_stable() {
    use proptest::prelude::*;
    let agtop = command("/usr/bin/agtop");
    proptest!(|(text in "[{}\\[\\]\",:a-z0-9 \n/*]{0,60}")| {
        for client in CLIENTS.iter().filter_map(|client| client.hooks()) {
            for file in client.files(&home(), HookScope::User) {
                if let Ok(once) = file.install(&text, &agtop) {
                    prop_assert_eq!(file.install(&once, &agtop).unwrap(), once);
                }
            }
        }
    });
}

fn decoded(client_name: &str, payload: &str) -> HookEvent {
    try_told(client_name, payload).unwrap_or_else(|error| panic!("{payload}: {error}"))
}

/// Decodes a payload, and checks that its minimal form gives the same result.
fn try_told(client_name: &str, payload: &str) -> Result<HookEvent, DecodeError> {
    let source = Provenance { file: FileId(3), place: SourcePosition::Entry(0) };
    let dialect = client(client_name).unwrap().hooks().unwrap();
    let decoded = dialect.decode(payload.as_bytes(), PayloadOrigin { at: NOW, source })?;
    let kept = dialect.decode(&minimal_payload(payload.as_bytes()), PayloadOrigin { at: NOW, source })?;
    // An over-long name is left out of the minimal form, and shortened here.
    if payload.len() < 10_000 {
        assert_eq!(format!("{kept:?}"), format!("{decoded:?}"));
    }
    Ok(decoded)
}

fn kinds(decoded: &HookEvent) -> Vec<String> {
    decoded.events.iter().map(|event| format!("{:?}", event.kind)).collect()
}

#[test]
fn tools_start_and_end_with_the_ids_that_transcripts_use() {
    let before = decoded(
        "claude",
        r#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"t1","tool_input":{"command":"secret"}}"#,
    );
    let expected = agtop_model::ToolKey::new(before.session.client, "t1");
    assert!(
        matches!(&before.events[0].kind, EventKind::ToolStarted { tool, name, target: None } if *tool == expected && &**name == "Bash")
    );
    assert_eq!(before.events[0].at, Some(NOW));
    assert!(!format!("{before:?}").contains("secret"));
    for (hook, ok) in [("PostToolUse", true), ("PostToolUseFailure", false), ("PermissionDenied", false)] {
        let after = decoded(
            "claude",
            &format!(r#"{{"session_id":"s","hook_event_name":"{hook}","tool_name":"Bash","tool_use_id":"t1"}}"#),
        );
        assert!(
            matches!(&after.events[0].kind, EventKind::ToolEnded { tool, outcome } if *tool == expected && outcome.is_ok() == ok)
        );
    }
}

/// Bug: a background sub-agent had ended as soon as it was launched, so that nothing was in flight.
#[test]
fn a_launched_sub_agent_has_not_answered() {
    let after = |answer: &str| {
        let payload = r#"{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"Agent","tool_use_id":"t1","tool_response":ANSWER}"#;
        decoded("claude", &payload.replace("ANSWER", answer)).events.len()
    };
    assert_eq!(after(r#"{"isAsync":true,"status":"async_launched","agentId":"a1"}"#), 0);
    for answer in [r#"{"status":"completed"}"#, r#"{"status":7}"#, r#""async_launched""#, "null", "[]"] {
        assert_eq!(after(answer), 1, "{answer}");
    }
}

/// Bug: a question of an MCP server, which the client calls an elicitation, was a request for a permission.
#[test]
fn every_event_of_claude_has_its_meaning() {
    let cases = [
        (r#""PermissionRequest","tool_name":"Bash""#, &["NeedsPermission"][..]),
        (r#""PermissionRequest","tool_name":"AskUserQuestion""#, &["NeedsInput"]),
        (r#""PermissionRequest","tool_name":"ExitPlanMode""#, &["NeedsInput"]),
        (r#""Elicitation""#, &["NeedsInput"]),
        (r#""Notification","notification_type":"permission_prompt","message":"m""#, &["NeedsPermission"]),
        (r#""Notification","notification_type":"elicitation_dialog""#, &["NeedsInput"]),
        (r#""Notification","notification_type":"idle_prompt""#, &["TurnEnded"]),
        (r#""Notification","notification_type":"auth_success""#, &[]),
        (r#""Notification","message":"no kind""#, &[]),
        (r#""UserPromptSubmit","prompt":"secret""#, &["Prompt { words: None }"]),
        (r#""UserPromptSubmit","prompt":"x","source":"user""#, &["Prompt { words: None }"]),
        (r#""UserPromptSubmit","prompt":"x","source":"loop_wakeup""#, &[]),
        (r#""SessionEnd","reason":"clear""#, &["Ended"]),
        (r#""Stop","stop_hook_active":false,"last_assistant_message":"secret""#, &["TurnEnded"]),
        (r#""StopFailure","error":"rate_limit","error_details":"secret""#, &["Error(\"rate_limit\")", "TurnEnded"]),
        (r#""StopFailure","error":"a whole secret sentence""#, &["Error(\"unknown\")", "TurnEnded"]),
        (r#""PreCompact","trigger":"auto""#, &[]),
        (r#""PostCompact","trigger":"auto","compact_summary":"secret""#, &["Compacted"]),
        (r#""ElicitationResult""#, &[]),
        (r#""Unheard""#, &[]),
    ];
    for (rest, expected) in cases {
        let decoded = decoded("claude", &format!(r#"{{"session_id":"s","hook_event_name":{rest}}}"#));
        assert_eq!(kinds(&decoded), expected, "{rest}");
        assert!(!format!("{decoded:?}").contains("secret"), "{rest}");
    }
}

#[test]
fn facts_come_with_a_session_and_with_a_new_directory() {
    let started = decoded("claude", r#"{"session_id":"s","hook_event_name":"SessionStart","cwd":"/w","model":"opus"}"#);
    let EventKind::Facts(facts) = &started.events[0].kind else { panic!("{started:?}") };
    assert_eq!((facts.cwd.as_deref(), facts.model.as_deref()), (Some(Path::new("/w")), Some("opus")));
    let moved = decoded("claude", r#"{"session_id":"s","hook_event_name":"CwdChanged","cwd":"/w","new_cwd":"/v"}"#);
    assert!(matches!(&moved.events[0].kind, EventKind::Facts(facts) if facts.cwd.as_deref() == Some(Path::new("/v"))));
}

#[test]
fn sub_agents_have_the_keys_that_transcripts_give_them() {
    let started = decoded(
        "claude",
        r#"{"session_id":"s","hook_event_name":"SubagentStart","agent_id":"a1","agent_type":"Explore"}"#,
    );
    assert_eq!(&*started.session.id, "s/a1");
    assert!(
        matches!(&started.events[0].kind, EventKind::Facts(facts) if facts.parent.as_ref().is_some_and(|parent| &*parent.id == "s"))
    );
    let ended = decoded("claude", r#"{"session_id":"s","hook_event_name":"SubagentStop","agent_id":"a1"}"#);
    assert_eq!((&*ended.session.id, kinds(&ended)), ("s/a1", vec!["TurnEnded".to_owned()]));
    let within = decoded(
        "claude",
        r#"{"session_id":"s","hook_event_name":"PermissionRequest","agent_id":"a1","tool_name":"Bash"}"#,
    );
    assert_eq!(&*within.session.id, "s/a1");
    let sent = decoded(
        "claude",
        r#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Task","tool_use_id":"t","tool_input":{"subagent_type":"Explore","prompt":"p"}}"#,
    );
    assert!(
        matches!(&sent.events[1].kind, EventKind::SubagentStarted { name, task: None, .. } if name.raw() == "Explore")
    );
    let thread = decoded("codex", r#"{"session_id":"s","hook_event_name":"SubagentStart","agent_id":"thread"}"#);
    assert_eq!(&*thread.session.id, "thread");
}

#[test]
fn other_clients_payloads_have_the_same_meanings() {
    let cases = [
        (
            "codex",
            r#"{"type":"agent-turn-complete","thread-id":"s","turn-id":"1","input-messages":["secret"]}"#,
            &["TurnEnded"][..],
        ),
        (
            "codex",
            r#"{"session_id":"s","hook_event_name":"PermissionRequest","transcript_path":null}"#,
            &["NeedsPermission"],
        ),
        (
            "gemini",
            r#"{"session_id":"s","hook_event_name":"Notification","notification_type":"ToolPermission","details":{}}"#,
            &["NeedsPermission"],
        ),
        (
            "gemini",
            r#"{"session_id":"s","hook_event_name":"Notification","notification_type":"ToolPermission","details":{"type":"ask_user","title":"secret"}}"#,
            &["NeedsInput"],
        ),
        ("gemini", r#"{"session_id":"s","hook_event_name":"BeforeTool","tool_name":"read_file"}"#, &[]),
        ("gemini", r#"{"session_id":"s","hook_event_name":"AfterAgent","prompt_response":"secret"}"#, &["TurnEnded"]),
        ("qwen", r#"{"session_id":"s","hook_event_name":"PostCompact"}"#, &["Compacted"]),
        (
            "copilot",
            r#"{"sessionId":"s","hook_event_name":"Notification","notification_type":"permission_prompt"}"#,
            &["NeedsPermission"],
        ),
        (
            "copilot",
            r#"{"session_id":"s","hook_event_name":"ErrorOccurred","error":{"message":"secret"}}"#,
            &["Error(\"unknown\")"],
        ),
        ("copilot", r#"{"session_id":"s","hook_event_name":"SubagentStop","agent_name":"task"}"#, &[]),
        ("opencode", r#"{"session_id":"s","hook_event_name":"permission.asked"}"#, &["NeedsPermission"]),
        ("opencode", r#"{"session_id":"s","hook_event_name":"question.asked"}"#, &["NeedsInput"]),
        ("opencode", r#"{"session_id":"s","hook_event_name":"session.idle"}"#, &["TurnEnded"]),
    ];
    for (client, payload, expected) in cases {
        let decoded = decoded(client, payload);
        assert_eq!(kinds(&decoded), expected, "{client} {payload}");
        assert_eq!(&*decoded.session.id, "s");
    }
    let before = decoded("gemini", r#"{"session_id":"s","hook_event_name":"BeforeTool","tool_name":"read_file"}"#);
    assert_eq!((before.meaning, before.tool.as_deref()), (HookMeaning::ToolStarts, Some("read_file")));
}

/// Bug: a turn that the user stopped in OpenCode was shown as a failed request until agtop was restarted; then the
/// database showed the same error name as a stop.
#[test]
fn a_turn_that_the_user_stops_ends_and_does_not_fail() {
    let failed = |client: &str, hook: &str, error: &str| {
        let payload = format!(r#"{{"session_id":"s","hook_event_name":"{hook}","error":"{error}"}}"#);
        let decoded = decoded(client, &payload);
        (decoded.meaning, kinds(&decoded))
    };
    for stop in ["MessageAbortedError", "aborted"] {
        assert_eq!(failed("opencode", "session.error", stop), (HookMeaning::TurnEnds, vec!["TurnEnded".to_owned()]));
    }
    let refused = (HookMeaning::Fails, vec!["Error(\"ProviderAuthError\")".to_owned()]);
    assert_eq!(failed("opencode", "session.error", "ProviderAuthError"), refused);
    let other = (HookMeaning::TurnFails, vec!["Error(\"aborted\")".to_owned(), "TurnEnded".to_owned()]);
    assert_eq!(failed("claude", "StopFailure", "aborted"), other, "another client's word");
}

#[test]
fn a_payloads_own_time_counts_unless_its_clock_is_wrong() {
    let at = |timestamp: &str| {
        decoded("gemini", &format!(r#"{{"session_id":"s","hook_event_name":"AfterAgent","timestamp":{timestamp}}}"#)).at
    };
    assert_eq!(at("1789999999000"), Timestamp::from_millis(1_789_999_999_000));
    for wrong in ["0", "-1", "1e300", "\"2999-01-01T00:00:00Z\"", "null", "\"soon\""] {
        assert_eq!(at(wrong), NOW, "{wrong}");
    }
}

#[test]
fn a_valid_tool_duration_is_emitted() {
    let took = |duration: &str| {
        let payload = format!(
            r#"{{"session_id":"s","hook_event_name":"PostToolUse","tool_use_id":"t","tool_name":"Bash","duration_ms":{duration}}}"#
        );
        decoded("claude", &payload).took.map(|took| took.as_millis())
    };
    assert_eq!(["2249", "74.0", "0"].map(took), [Some(2249), Some(74), Some(0)]);
    assert_eq!(["-1", "\"9\"", "1e300", "[]"].map(took), [None; 4]);
}

#[test]
fn how_full_a_context_is_comes_from_the_status_line() {
    let context = |window: &str| {
        let payload = format!(r#"{{"session_id":"s","hook_event_name":"Statusline","context_window":{window}}}"#);
        let decoded = decoded("claude", &payload);
        let [Event { kind: EventKind::Facts(facts), .. }] = &decoded.events[..] else { return None };
        Some((facts.context_limit, facts.context_used))
    };
    assert_eq!(context(r#"{"size":200000,"used":84000}"#), Some((Some(200_000), Some(84_000))));
    for odd in ["null", "[]", r#"{"size":-1,"used":1}"#, r#"{"size":1}"#] {
        assert_eq!(context(odd), None, "{odd}");
    }
}

#[test]
fn hostile_payloads_are_refused_without_being_quoted() {
    let long = format!(r#"{{"session_id":"{}","hook_event_name":"Stop"}}"#, "x".repeat(129));
    let deep = format!(r#"{{"session_id":"s","hook_event_name":"Stop","tool_input":{}}}"#, "[".repeat(200_000));
    for payload in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "secret",
        r#"{"session_id":"s"}"#,
        r#"{"session_id":7,"hook_event_name":"Stop"}"#,
        r#"{"hook_event_name":"Stop"}"#,
        r#"{"session_id":"","hook_event_name":"Stop"}"#,
        &long,
        &deep,
        "\0\0",
        "{\"session_id\":\"s\",\"session_id\":\"secret\",\"hook_event_name\":\"Stop\"}",
    ] {
        let error = try_told("claude", payload).expect_err(payload);
        assert!(!error.detail.contains("secret"), "{error}");
    }
    let odd = decoded(
        "claude",
        r#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":{"a":1},"tool_use_id":7,"tool_input":"x","cwd":[],"timestamp":{}}"#,
    );
    assert_eq!(odd.events.len(), 0);
    let huge = decoded(
        "claude",
        &format!(
            r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"t","tool_name":"{}"}}"#,
            "n".repeat(100_000)
        ),
    );
    assert_eq!(huge.tool.unwrap().len(), 120);
}

#[test]
fn files_are_found_where_each_client_looks_for_them() {
    let project = Path::new("/w");
    let path = |name: &str, scope| {
        let files = client(name).unwrap().hooks().unwrap().files(&home(), scope);
        files.first().map(|file| file.path.to_string_lossy().into_owned())
    };
    assert_eq!(path("claude", HookScope::User).as_deref(), Some("/home/u/.claude/settings.json"));
    assert_eq!(path("claude", HookScope::Project(project)).as_deref(), Some("/w/.claude/settings.json"));
    assert_eq!(path("claude", HookScope::Local(project)).as_deref(), Some("/w/.claude/settings.local.json"));
    assert_eq!(path("codex", HookScope::User).as_deref(), Some("/home/u/.codex/hooks.json"));
    assert_eq!(path("gemini", HookScope::Local(project)), None);
    assert_eq!(path("opencode", HookScope::User).as_deref(), Some("/home/u/.config/opencode/plugins/agtop.js"));
    assert_eq!(path("copilot", HookScope::Project(project)).as_deref(), Some("/w/.github/hooks/agtop.json"));
}
