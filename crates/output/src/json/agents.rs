use std::io::{Result, Write};

use agtop_format::Content;
use agtop_model::Snapshot;
use agtop_query::select;
use serde::Serialize;

use crate::json::lately::{Coming, History, Rates};
use crate::json::process::{Commands, Machine, Summary};
use crate::json::rollup::{Aggregates, Directory};
use crate::json::timings::Timings;
use crate::json::{agent, process, rollup, wire};
use crate::{Surface, View};

/// Bare `--json`: agtop 2.3's keys, each as it was, and more beside them.
pub(crate) struct Agents;

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
    aggregates: Aggregates,
    agents: Vec<agent::Entry>,
    projects: Vec<Directory>,
    sessions: rollup::Sessions,
    history: History,
    activity: Vec<Coming>,
    system: Machine,
    agent_summary: Summary,
    processes: Vec<process::Entry>,
    rates: Rates,
    timings: Timings,
}

impl Surface for Agents {
    fn id(&self) -> &'static str {
        "json-agents"
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
        let projects = rollup::projects(&rows);
        let sessions = rollup::Sessions::of(snapshot, view);
        let commands = if view.content == Content::Included { Commands::Redacted } else { Commands::Hidden };
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
            aggregates: Aggregates::of(&rows, &projects, &sessions),
            agents: shown
                .iter()
                .filter_map(|row| row.agent)
                .map(|a| agent::Entry::new(a, snapshot.now, view))
                .collect(),
            projects,
            sessions,
            history: History::of(snapshot),
            activity: snapshot.lifecycle_events.iter().map(Coming::from).collect(),
            system: Machine::of(system),
            agent_summary: Summary::of(&processes),
            processes,
            rates: Rates::from(&*snapshot.rates),
            timings: Timings::from(&*snapshot.timings),
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;
    use crate::testing::{json_of, text_of, view};

    fn agent(view: &View, pid: u32) -> serde_json::Value {
        let document = json_of(&Agents, &testing::rich(), view);
        document["agents"].as_array().unwrap().iter().find(|agent| agent["pid"] == pid).unwrap().clone()
    }

    #[test]
    fn the_agents_of_a_rich_snapshot() {
        let view = View { layout: crate::Layout::Pretty, ..view() };
        insta::assert_snapshot!("agents", text_of(&Agents, &testing::rich(), &view));
    }

    #[test]
    fn input_holds_both_caches_as_it_did_in_agtop_2() {
        let claude = agent(&view(), testing::CLAUDE_PID);
        let count = |key: &str| claude[key].as_u64().unwrap();
        assert_eq!(count("tokens_input"), 46_200 + 5_712_304 + 89_008);
        assert_eq!(count("tokens_total"), count("tokens_input") + count("tokens_output"));
    }

    #[test]
    fn message_text_is_there_only_if_asked_for() {
        let hidden = text_of(&Agents, &testing::rich(), &view());
        assert!(!hidden.contains(testing::SECRET_WORDS) && !hidden.contains("--api-key"), "{hidden}");
        let claude = agent(&view(), testing::CLAUDE_PID);
        assert!(claude["current_task"].is_null() && claude["cmdline"].is_null());
        assert_eq!(claude["in_flight_subagents"].as_array().unwrap().len(), 0);
        assert_eq!((claude["subagents"].as_u64(), claude["current_tool"].as_str()), (Some(1), Some("Bash")));

        let included = View { content: Content::Included, ..view() };
        let claude = agent(&included, testing::CLAUDE_PID);
        assert_eq!(claude["current_task"], format!("echo {}", testing::SECRET_WORDS));
        assert_eq!(claude["in_flight_subagents"][0], format!("code-reviewer: review {}", testing::SECRET_WORDS));
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
    fn the_parents_pid_and_name_are_of_one_process() {
        let mut snapshot = testing::rich();
        let mut agents = snapshot.agents.to_vec();
        agents[0].parent_name = Some("node".into());
        let pid = agents[0].process.id.pid;
        snapshot.agents = agents.into();
        let document = json_of(&Agents, &snapshot, &view());
        let agent = document["agents"].as_array().unwrap().iter().find(|agent| agent["pid"] == pid).unwrap();
        assert_eq!((agent["ppid_name"].as_str(), agent["launcher"].as_str()), (Some("node"), Some("zsh")));
    }

    #[test]
    fn top_cuts_rows_and_not_sums() {
        let document = json_of(
            &Agents,
            &testing::rich(),
            &View { selection: agtop_query::Selection { top: Some(1), ..agtop_query::Selection::default() }, ..view() },
        );
        assert_eq!(document["agents"].as_array().unwrap().len(), 1);
        assert_eq!(document["aggregates"]["active"], 3);
    }
}
