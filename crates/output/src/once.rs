use std::io::{Result, Write};

use agtop_model::{Snapshot, SnapshotRow};
use agtop_query::{Filter, select};

use crate::cell::Cell;
use crate::parts::{write_parts, write_sentence};
use crate::snapshot_format::{JsonPairing, SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::summary::{RowTotals, count_of, overview, write_footer};
use crate::table::DefaultColumns;
use crate::tone::Tone;
use crate::{View, empty, table};

/// The live agents as a table, like `top -b -n 1`.
pub(crate) struct AgentTable;

/// The columns of the table unless the user names others.
const AGENT_TABLE_COLUMNS: DefaultColumns = DefaultColumns {
    ids: &[
        "status", "client", "pid", "project", "model", "tool", "tokens", "cost", "context", "cpu", "mem", "uptime",
        "active", "branch",
    ],
    rank: |column| column.agents_rank,
};

static INFO: SnapshotFormatInfo = SnapshotFormatInfo {
    id: "once",
    flag: SnapshotFlag::Switch {
        short: Some('1'),
        help: "Print the live agents and exit",
        json: JsonPairing::DefaultShape,
    },
    series: SeriesForm::Pages,
};

impl SnapshotFormat for AgentTable {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::agents(snapshot, &view.selection);
        let sum = RowTotals::of(&rows, view);
        write_parts(&header(&rows, &sum, view), view, out)?;
        if rows.is_empty() {
            write_sentence(&Cell::new(no_rows_message(snapshot, view), Tone::Text), view, out)?;
            if snapshot.agents.is_empty() && snapshot.sessions.is_empty() {
                empty::write_hint(&snapshot.health, view, out)?;
            }
        } else {
            table::write(select::top(&rows, &view.selection), &AGENT_TABLE_COLUMNS, view, out)?;
        }
        write_footer(snapshot, &sum, view, out)
    }
}

fn header(rows: &[SnapshotRow<'_>], sum: &RowTotals, view: &View) -> Vec<Cell> {
    let mut parts = vec![Cell::new(format!("agtop {}: {}", view.version, count_of(rows.len(), "agent")), Tone::Strong)];
    parts.extend(overview(rows, sum, view));
    parts
}

/// The message in place of a table without rows.
fn no_rows_message(snapshot: &Snapshot, view: &View) -> String {
    match (snapshot.agents.len(), snapshot.sessions.len()) {
        (0, 0) => "No agent is running, and none has left a session here.".to_owned(),
        (0, sessions) => {
            format!("No agent is running; {} on this machine: agtop --list", count_of(sessions, "session"))
        }
        (agents, _) => {
            let doubt = view
                .selection
                .filter
                .as_ref()
                .and_then(Filter::doubt)
                .map(|doubt| format!(": {doubt}"))
                .unwrap_or_default();
            format!("None of {} matches the filter{doubt}.", count_of(agents, "running agent"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_demo::sample as testing;
    use agtop_format::text;
    use agtop_model::{Agent, Session};

    use super::*;
    use crate::Colour;
    use crate::testing::{text_of, view};

    /// BRANCH was `-` although JSON had `git_branch`: the transcript records no branch, but the directory has one.
    #[test]
    fn a_branch_that_the_transcript_lacks_is_that_of_the_directory() {
        let rich = testing::rich();
        let git = |agent: &Agent| agent.git.as_ref().ok().map(|git| git.branch.raw().to_owned());
        let agents: Vec<_> = rich.agents.iter().filter(|agent| git(agent).is_some()).take(1).cloned().collect();
        let branch = git(&agents[0]).unwrap();
        let without = |session: &Arc<Session>| Arc::new(Session { branch: None, ..Session::clone(session) });
        let agents =
            agents.iter().map(|agent| Agent { session: agent.session.as_ref().map(without), ..(**agent).clone() });
        let snapshot = rich.with_agents(agents.collect::<Vec<_>>());
        let view = View { fields: Some(agtop_query::fields("branch").unwrap()), ..view() };
        let shown = text_of(&AgentTable, &snapshot, &view);
        assert!(shown.lines().any(|line| line.trim() == branch), "{branch}: {shown}");
    }

    #[test]
    fn every_default_column_is_a_field() {
        assert!(AGENT_TABLE_COLUMNS.ids.iter().all(|id| agtop_model::field(id).is_some()));
    }

    #[test]
    fn the_agents_of_a_rich_snapshot() {
        let snapshot = testing::rich();
        for (name, width) in [("full", None), ("80", Some(80)), ("60", Some(60))] {
            insta::assert_snapshot!(format!("once_{name}"), text_of(&AgentTable, &snapshot, &View { width, ..view() }));
            let coloured = View { width, colour: Colour::Always, ..view() };
            insta::assert_snapshot!(format!("once_{name}_colour"), text_of(&AgentTable, &snapshot, &coloured));
        }
        insta::assert_snapshot!("once_empty", text_of(&AgentTable, &testing::empty(), &view()));
    }

    #[test]
    fn sixty_columns_show_the_most_important_fields() {
        let shown = text_of(&AgentTable, &testing::rich(), &View { width: Some(60), ..view() });
        let heading = shown.lines().find(|line| line.starts_with("STATUS")).unwrap();
        for title in ["STATUS", "AGENT", "PID", "PROJECT", "TOKENS", "COST"] {
            assert!(heading.contains(title), "{title} in {heading}");
        }
        assert!(shown.lines().all(|line| text::width(line) <= 60), "{shown}");
    }

    #[test]
    fn without_an_agent_the_number_of_sessions_is_shown() {
        let shown = text_of(&AgentTable, &testing::without_agents(), &view());
        assert!(shown.contains("No agent is running; 4 sessions on this machine: agtop --list"), "{shown}");
    }

    #[test]
    fn a_filter_without_a_match_is_not_reported_as_no_agent() {
        let view = View {
            selection: agtop_query::Selection {
                filter: Some(Filter::new("no such thing")),
                ..agtop_query::Selection::default()
            },
            ..view()
        };
        let shown = text_of(&AgentTable, &testing::rich(), &view);
        assert!(shown.contains("None of 3 running agents matches the filter."), "{shown}");
    }

    /// `-f projct:proj` matched nothing and gave no reason: a mistyped field is searched as text.
    #[test]
    fn a_mistyped_field_is_named_where_nothing_matches() {
        let shown = |text: &str| {
            let view = View {
                selection: agtop_query::Selection {
                    filter: Filter::parse(text).unwrap(),
                    ..agtop_query::Selection::default()
                },
                ..view()
            };
            text_of(&AgentTable, &testing::rich(), &view)
        };
        let wanted = "None of 3 running agents matches the filter: 'projct' is not a field, so 'projct:proj' was searched as \
                      text.";
        assert!(shown("cpu>0 projct:proj").contains(wanted), "{}", shown("cpu>0 projct:proj"));
        for text in ["project:nowhere", "\"projct:proj\"", ":nothing"] {
            assert!(shown(text).contains("None of 3 running agents matches the filter.\n"), "{}", shown(text));
        }
    }

    #[test]
    fn an_agent_without_permission_checks_is_marked_without_colour() {
        assert!(text_of(&AgentTable, &testing::rich(), &view()).contains("⚠ claude"));
    }
}
