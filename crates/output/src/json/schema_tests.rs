use agtop_demo::sample as testing;
use agtop_format::Content;
use serde_json::{Value, json};

use crate::testing::{assert_every_key_is_described, json_of, strict_validator, text_of, view};
use crate::{JsonLayout, SNAPSHOT_FORMATS, View, snapshot_format};

const AGENTS: &str = include_str!("../../../../schema/agents.schema.json");
const SESSIONS: &str = include_str!("../../../../schema/sessions.schema.json");
const TREE: &str = include_str!("../../../../schema/tree.schema.json");

const SHAPES: [(&str, &str); 3] = [("json-agents", AGENTS), ("json-sessions", SESSIONS), ("json-tree", TREE)];

#[test]
fn every_document_matches_its_schema() {
    let snapshots = [
        testing::rich(),
        testing::empty(),
        testing::nested(),
        testing::without_agents(),
        testing::hostile(),
        testing::without_usage(),
    ];
    for (id, schema) in SHAPES {
        let validator = strict_validator(schema);
        for (n, snapshot) in snapshots.iter().enumerate() {
            for content in [Content::Hidden, Content::Included] {
                let document = json_of(snapshot_format(id).unwrap(), snapshot, &View { content, ..view() });
                let errors: Vec<String> =
                    validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path)).collect();
                assert!(errors.is_empty(), "{id} of snapshot {n}: {errors:#?}");
            }
        }
    }
}

#[test]
fn a_schema_describes_and_requires_every_key() {
    for (id, schema) in SHAPES {
        assert_every_key_is_described(&serde_json::from_str(schema).unwrap(), id);
    }
}

fn keys(of: &Value) -> Vec<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_keys(of: &Value, expected: &str) {
    let present = keys(of);
    for key in expected.split_whitespace() {
        assert!(present.contains(&key), "{key} is missing from {present:?}");
    }
}

#[test]
fn every_key_of_agtop_2_is_present() {
    let document = json_of(snapshot_format("json-agents").unwrap(), &testing::rich(), &view());
    assert_keys(
        &document,
        "now platform note sys_cpus mem_total mem_available aggregates agents projects sessions history activity
         schema_version generated_at agtop_version system agent_summary processes rates",
    );
    assert_keys(
        &document["aggregates"],
        "cpu mem_bytes active busy waiting completed subagents project_count tokens_total tokens_input tokens_output
         cost_usd",
    );
    assert_keys(
        &document["agents"][0],
        "pid label status project model current_tool current_task subagents in_flight_subagents tokens_total
         tokens_input tokens_output tokens_cache_read tokens_cache_write cost_usd cost_basis context_used context_limit
         loaded_skills tool_counts dangerous dangerous_flag cpu rss ppid ppid_name read_bytes write_bytes writing_files
         writing_dirs reading_files children net_established uptime_sec session_started_ms recent_activity",
    );
    assert_keys(&document["sessions"], "active busy waiting completed recent_tasks");
    assert_keys(&document["history"], "cpu mem tokens_rate fresh_tokens_rate total active busy");
    for window in ["1m", "5m", "15m", "since_start"] {
        assert_eq!(keys(&document["rates"][window]).len(), 15);
    }
}

#[test]
fn every_key_of_agentop_is_present() {
    let document = json_of(snapshot_format("json-tree").unwrap(), &testing::rich(), &view());
    assert_keys(&document, "schema_version generated_at agentop_version system agent_summary processes");
    assert_keys(
        &document["system"],
        "cpu_usage_percent total_memory_bytes used_memory_bytes total_swap_bytes used_swap_bytes cpu_count",
    );
    assert_keys(&document["agent_summary"], "claude_count codex_count total_cpu_percent total_memory_bytes");
    let process = "pid parent_pid kind name display_name cmd exe_path cwd cpu_percent memory_bytes status
                   start_time_unix uptime_seconds activity_state activity_state_seconds telemetry children";
    let root = &document["processes"][1];
    assert_keys(root, process);
    assert_keys(&root["children"][0], process);
    assert_keys(
        &root["telemetry"],
        "provider session_id model status input_tokens output_tokens cache_write_tokens cache_read_tokens context_tokens
         context_window context_fill_percent cost_usd cost_is_estimated pending_tool decay_score subagent_count
         last_event_timestamp",
    );
}

#[test]
fn unrecorded_tokens_are_null_and_not_zero() {
    let of = |id| json_of(snapshot_format(id).unwrap(), &testing::without_usage(), &view());
    let session = &of("json-sessions")["sessions"][0];
    for tokens in [&session["tokens"], &session["own"]["tokens"], &session["subagents"][0]["tokens"]] {
        assert_eq!(*tokens, Value::Null);
    }
    assert_eq!(session["cost"]["usd"], Value::Null);
    let agent = &of("json-agents")["agents"][0];
    assert_eq!(agent["session"]["tokens"], Value::Null);
    for key in ["tokens_total", "tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write", "cost_usd"]
    {
        assert_eq!(agent["gaps"][key], json!("not_reported"), "{key}");
    }
    assert_eq!(of("json-tree")["processes"][0]["telemetry"]["input_tokens"], Value::Null);
    let recorded = json_of(snapshot_format("json-sessions").unwrap(), &testing::rich(), &view());
    assert!(recorded["sessions"].as_array().unwrap().iter().all(|session| session["tokens"]["total"].is_u64()));
}

#[test]
fn json_is_one_line_or_indented_by_four() {
    for (id, _) in SHAPES {
        let line = text_of(snapshot_format(id).unwrap(), &testing::rich(), &view());
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{id}");
        let pretty = View { layout: JsonLayout::Pretty, ..view() };
        let pretty = text_of(snapshot_format(id).unwrap(), &testing::rich(), &pretty);
        assert!(pretty.starts_with("{\n    \"schema_version\": 1,\n") && pretty.ends_with("}\n"), "{id}");
    }
}

#[test]
fn no_output_writes_control_characters() {
    let snapshot = testing::hostile();
    for format in SNAPSHOT_FORMATS {
        for width in [None, Some(80), Some(1), Some(0)] {
            let shown = text_of(*format, &snapshot, &View { width, ..view() });
            let bad: Vec<char> = shown
                .chars()
                .filter(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
                .collect();
            let is_json = format.id().starts_with("json");
            assert!(bad.iter().all(|c| is_json && !c.is_ascii_control()), "{}: {bad:?}", format.id());
        }
    }
}

#[test]
fn every_output_has_its_own_name() {
    for format in SNAPSHOT_FORMATS {
        assert_eq!(SNAPSHOT_FORMATS.iter().filter(|other| other.id() == format.id()).count(), 1);
    }
}
