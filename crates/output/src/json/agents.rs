use std::io::{Result, Write};

use agtop_format::Content;
use agtop_model::Snapshot;
use agtop_query::select;
use serde::Serialize;

use crate::json::activity::{HistoryJson, LifecycleJson, RatesJson};
use crate::json::aggregates::{AggregatesJson, ProjectJson};
use crate::json::process::{AgentSummaryJson, CommandLines, MachineJson};
use crate::json::timings::TimingsJson;
use crate::json::{agent, aggregates, process, wire};
use crate::snapshot_format::{SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::view::View;

/// Bare `--json`: the keys of agtop 2.3 unchanged, and newer ones.
pub(crate) struct JsonAgents;

#[derive(Serialize)]
struct Document {
    schema_version: u32,
    generated_at: String,
    agtop_version: &'static str,
    now: i64,
    platform: &'static str,
    note: Option<String>,
    interval_seconds: f64,
    sys_cpus: u32,
    mem_total: u64,
    mem_available: u64,
    aggregates: AggregatesJson,
    agents: Vec<agent::AgentJson>,
    projects: Vec<ProjectJson>,
    sessions: aggregates::SessionCountsJson,
    history: HistoryJson,
    activity: Vec<LifecycleJson>,
    system: MachineJson,
    agent_summary: AgentSummaryJson,
    processes: Vec<process::ProcessJson>,
    rates: RatesJson,
    timings: TimingsJson,
}

static INFO: SnapshotFormatInfo =
    SnapshotFormatInfo { id: "json-agents", flag: SnapshotFlag::JsonShape("agents"), series: SeriesForm::Lines };

impl SnapshotFormat for JsonAgents {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        super::write(&Document::new(snapshot, view), view, out)
    }
}

impl Document {
    fn new(snapshot: &Snapshot, view: &View) -> Self {
        let rows = select::agents(snapshot, &view.selection);
        let shown = select::top(&rows, &view.selection);
        let system = snapshot.system.as_deref();
        let projects = aggregates::projects(&rows);
        let sessions = aggregates::SessionCountsJson::of(snapshot, view);
        let commands = if view.content == Content::Included { CommandLines::Redacted } else { CommandLines::Hidden };
        let processes = process::roots(shown, snapshot, commands);
        Self {
            schema_version: wire::SCHEMA_VERSION,
            generated_at: wire::generated_at(snapshot.now),
            agtop_version: view.version,
            now: snapshot.now.as_millis(),
            platform: view.platform,
            note: None,
            interval_seconds: view.interval.as_secs_f64(),
            sys_cpus: system.map_or(0, |system| system.cpus),
            mem_total: system.and_then(|system| system.memory_total.ok()).unwrap_or(0),
            mem_available: system.and_then(|system| system.memory_available.ok()).unwrap_or(0),
            aggregates: AggregatesJson::of(&rows, &projects, &sessions),
            agents: shown
                .iter()
                .filter_map(|row| row.agent)
                .map(|a| agent::AgentJson::new(a, snapshot.now, view))
                .collect(),
            projects,
            sessions,
            history: HistoryJson::of(snapshot),
            activity: snapshot.lifecycle_events.iter().map(LifecycleJson::from).collect(),
            system: MachineJson::of(system),
            agent_summary: AgentSummaryJson::of(&processes),
            processes,
            rates: RatesJson::from(&*snapshot.rates),
            timings: TimingsJson::from(&*snapshot.timings),
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;
    use crate::testing::{json_of, text_of, view};

    fn agent(view: &View, pid: u32) -> serde_json::Value {
        let document = json_of(&JsonAgents, &testing::rich(), view);
        document["agents"].as_array().unwrap().iter().find(|agent| agent["pid"] == pid).unwrap().clone()
    }

    #[test]
    fn the_agents_of_a_rich_snapshot() {
        let view = View { layout: crate::JsonLayout::Pretty, ..view() };
        insta::assert_snapshot!("agents", text_of(&JsonAgents, &testing::rich(), &view));
    }

    #[test]
    fn input_includes_both_caches_as_in_agtop_2() {
        let claude = agent(&view(), testing::CLAUDE_PID);
        let count = |key: &str| claude[key].as_u64().unwrap();
        assert_eq!(count("tokens_input"), 46_200 + 5_712_304 + 89_008);
        assert_eq!(count("tokens_total"), count("tokens_input") + count("tokens_output"));
    }

    #[test]
    fn message_text_is_written_only_on_request() {
        let hidden = text_of(&JsonAgents, &testing::rich(), &view());
        assert!(!hidden.contains(testing::SECRET_TEXT) && !hidden.contains("--api-key"), "{hidden}");
        let claude = agent(&view(), testing::CLAUDE_PID);
        assert!(claude["current_task"].is_null() && claude["cmdline"].is_null());
        assert_eq!(claude["in_flight_subagents"].as_array().unwrap().len(), 0);
        assert_eq!((claude["subagents"].as_u64(), claude["current_tool"].as_str()), (Some(1), Some("Bash")));

        let included = View { content: Content::Included, ..view() };
        let claude = agent(&included, testing::CLAUDE_PID);
        assert_eq!(claude["current_task"], format!("echo {}", testing::SECRET_TEXT));
        assert_eq!(claude["in_flight_subagents"][0], format!("code-reviewer: review {}", testing::SECRET_TEXT));
        assert!(claude["cmdline"].as_str().unwrap().ends_with("--api-key ***"), "{claude}");
    }

    #[test]
    fn a_missing_value_is_zero_with_its_reason() {
        let gemini = agent(&view(), testing::GEMINI_PID);
        assert_eq!((gemini["cpu"].as_f64(), gemini["gaps"]["cpu"].as_str()), (Some(0.0), Some("not_reported")));
        assert_eq!((gemini["read_bytes"].as_u64(), gemini["gaps"]["read_bytes"].as_str()), (Some(0), Some("denied")));
        assert_eq!(
            (gemini["cost_known"].as_bool(), gemini["gaps"]["cost_usd"].as_str()),
            (Some(false), Some("not_reported"))
        );
    }

    /// Under a wrapper `ppid_name` was the name of another process than `ppid`.
    #[test]
    fn the_pid_and_name_of_the_parent_are_of_one_process() {
        let mut snapshot = testing::rich();
        let mut agents = snapshot.cloned_agents();
        agents[0].parent_name = Some("node".into());
        let pid = agents[0].process.id.pid;
        snapshot = snapshot.with_agents(agents);
        let document = json_of(&JsonAgents, &snapshot, &view());
        let agent = document["agents"].as_array().unwrap().iter().find(|agent| agent["pid"] == pid).unwrap();
        assert_eq!((agent["ppid_name"].as_str(), agent["launcher"].as_str()), (Some("node"), Some("zsh")));
    }

    #[test]
    fn top_limits_rows_but_not_sums() {
        let document = json_of(
            &JsonAgents,
            &testing::rich(),
            &View { selection: agtop_query::Selection { top: Some(1), ..agtop_query::Selection::default() }, ..view() },
        );
        assert_eq!(document["agents"].as_array().unwrap().len(), 1);
        assert_eq!(document["aggregates"]["active"], 3);
    }
}
