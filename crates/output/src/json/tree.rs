use std::io::{Result, Write};

use agtop_model::Snapshot;
use agtop_query::select;
use serde::Serialize;

use crate::json::process::{AgentSummaryJson, CommandLines, MachineJson, ProcessJson, roots};
use crate::json::wire;
use crate::snapshot_format::{SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::view::View;

/// `--json=tree`: agentop's schema 1, every field present. It never contains message text, whatever the view says.
pub(crate) struct JsonTree;

#[derive(Serialize)]
struct Document {
    schema_version: u32,
    generated_at: String,
    agentop_version: &'static str,
    agtop_version: &'static str,
    system: MachineJson,
    agent_summary: AgentSummaryJson,
    processes: Vec<ProcessJson>,
}

static INFO: SnapshotFormatInfo =
    SnapshotFormatInfo { id: "json-tree", flag: SnapshotFlag::JsonShape("tree"), series: SeriesForm::Lines };

impl SnapshotFormat for JsonTree {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::agents(snapshot, &view.selection);
        let processes = roots(select::top(&rows, &view.selection), snapshot, CommandLines::Redacted);
        let document = Document {
            schema_version: wire::SCHEMA_VERSION,
            generated_at: wire::generated_at(snapshot.now),
            agentop_version: view.version,
            agtop_version: view.version,
            system: MachineJson::of(snapshot.system.as_deref()),
            agent_summary: AgentSummaryJson::of(&processes),
            processes,
        };
        super::write(&document, view, out)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_demo::sample as testing;
    use agtop_format::Content;
    use agtop_model::{Evidence, Status};
    use agtop_query::Filter;

    use super::*;
    use crate::testing::{json_of, text_of, view};

    #[test]
    fn the_tree_of_a_rich_snapshot() {
        let view = View { layout: crate::JsonLayout::Pretty, ..view() };
        insta::assert_snapshot!("tree", text_of(&JsonTree, &testing::rich(), &view));
    }

    #[test]
    fn an_agent_below_another_is_its_child_and_keeps_its_telemetry() {
        let tree = json_of(&JsonTree, &testing::nested(), &view());
        let roots = tree["processes"].as_array().unwrap();
        assert_eq!(roots.len(), 2);
        let shell = &roots[0]["children"][0];
        assert_eq!((shell["kind"].as_str(), shell["parent_pid"].as_u64()), (None, Some(testing::CLAUDE_PID.into())));
        assert_eq!(shell["children"][0]["kind"], "codex");
        assert!(shell["children"][0]["activity_state"].is_null());
        assert_eq!(shell["children"][0]["telemetry"]["provider"], "codex");
        assert_eq!(tree["agent_summary"]["codex_count"], 0);
    }

    #[test]
    fn a_matching_agent_is_a_root_if_the_filter_excludes_its_parent() {
        let view = View {
            selection: agtop_query::Selection {
                filter: Some(Filter::new("codex")),
                ..agtop_query::Selection::default()
            },
            ..view()
        };
        let tree = json_of(&JsonTree, &testing::nested(), &view);
        assert_eq!(tree["processes"][0]["kind"], "codex");
        assert!(tree["processes"][0]["parent_pid"].is_null());
    }

    #[test]
    fn processes_that_name_each_other_as_parent_are_shown_once() {
        let mut snapshot = testing::rich();
        let ring = [testing::process(70, 71, "a"), testing::process(71, 70, "b"), testing::process(72, 72, "c")];
        let on_claude = testing::process(73, testing::CLAUDE_PID, "d");
        snapshot.processes = ring.into_iter().chain([on_claude]).map(Arc::new).collect();
        let shown = text_of(&JsonTree, &snapshot, &view());
        assert_eq!(shown.matches("\"pid\":73,").count(), 1);
        assert_eq!(shown.matches("\"pid\":70,").count(), 0);
    }

    #[test]
    fn a_chain_of_ten_thousand_processes_is_cut() {
        let mut snapshot = testing::rich();
        let chain = (0..10_000)
            .map(|n| testing::process(100_000 + n, if n == 0 { testing::CLAUDE_PID } else { 99_999 + n }, "sh"));
        snapshot.processes = chain.map(Arc::new).collect();
        assert_eq!(text_of(&JsonTree, &snapshot, &view()).matches("\"name\":\"sh\"").count(), 48);
    }

    /// An agent without a known session and processor use was `idle`, and the seconds of an active agent were null.
    #[test]
    fn every_root_has_an_activity_and_a_number_of_seconds() {
        let mut snapshot = testing::rich();
        let mut agents = snapshot.cloned_agents();
        for agent in &mut agents {
            agent.status_since = snapshot.now.minus(std::time::Duration::from_secs(42));
        }
        let nobody_knows = (Status::Idle, Evidence::Presence);
        (agents[0].status, agents[0].evidence) = nobody_knows;
        (agents[1].status, agents[1].evidence) = (Status::Idle, Evidence::Cpu);
        snapshot = snapshot.with_agents(agents);
        let tree = json_of(&JsonTree, &snapshot, &view());
        let roots = tree["processes"].as_array().unwrap();
        assert!(roots.len() > 2 && roots.iter().all(|root| root["activity_state_seconds"] == 42), "{roots:?}");
        let state = |agent: &agtop_model::Agent| {
            roots.iter().find(|root| root["pid"] == agent.process.id.pid).unwrap()["activity_state"].clone()
        };
        assert_eq!((state(&snapshot.agents[0]), state(&snapshot.agents[1])), ("unknown".into(), "idle".into()));
    }

    /// A build below an old shell had used 0.01 percent of the shell's life, and 44 percent of the last seconds.
    #[test]
    fn what_runs_below_an_agent_shows_what_it_uses_now() {
        let mut snapshot = testing::rich();
        let build = snapshot.processes.iter().find(|process| process.name.raw() == "cargo").unwrap().id;
        snapshot.cpu_percents = Arc::new([(build, 44.0)].into());
        let tree = json_of(&JsonTree, &snapshot, &view());
        let roots = tree["processes"].as_array().unwrap();
        let claude = roots.iter().find(|root| root["pid"] == testing::CLAUDE_PID).unwrap();
        assert_eq!(claude["children"][0]["children"][0]["cpu_percent"], 44.0);
        let before =
            json_of(&JsonTree, &testing::rich(), &view())["agent_summary"]["total_cpu_percent"].as_f64().unwrap();
        let gained = tree["agent_summary"]["total_cpu_percent"].as_f64().unwrap() - before;
        assert!((40.0..=44.0).contains(&gained), "{gained}");
    }

    #[test]
    fn no_message_text_even_if_asked_for_and_no_secret() {
        let shown = text_of(&JsonTree, &testing::rich(), &View { content: Content::Included, ..view() });
        assert!(!shown.contains(testing::SECRET_TEXT) && !shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("--api-key"));
    }
}
