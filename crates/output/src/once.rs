use std::io::{Result, Write};

use agtop_model::{Snapshot, SnapshotRow};
use agtop_query::{Filter, select};

use crate::cell::{Cell, write_parts};
use crate::notes::{Sum, number, overview, write_footer};
use crate::table::Column;
use crate::tone::Tone;
use crate::{Surface, View, table};

/// The live agents as a table, like `top -b -n 1`.
pub(crate) struct Once;

const COLUMNS: &[Column] = &[
    Column { field: "status", least: 10, rank: 0 },
    Column { field: "client", least: 7, rank: 0 },
    Column { field: "pid", least: 0, rank: 0 },
    Column { field: "project", least: 8, rank: 0 },
    Column { field: "model", least: 10, rank: 4 },
    Column { field: "tool", least: 5, rank: 6 },
    Column { field: "tokens", least: 0, rank: 0 },
    Column { field: "cost", least: 0, rank: 0 },
    Column { field: "context", least: 0, rank: 2 },
    Column { field: "cpu", least: 0, rank: 1 },
    Column { field: "mem", least: 0, rank: 3 },
    Column { field: "uptime", least: 0, rank: 5 },
    Column { field: "active", least: 0, rank: 7 },
    Column { field: "branch", least: 6, rank: 8 },
];

impl Surface for Once {
    fn id(&self) -> &'static str {
        "once"
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::agents(snapshot, &view.selection);
        let sum = Sum::of(&rows, view);
        write_parts(&header(&rows, &sum, view), view, out)?;
        if rows.is_empty() {
            write_parts(&[Cell::new(nothing(snapshot, view), Tone::Text)], view, out)?;
        } else {
            table::write(select::top(&rows, &view.selection), COLUMNS, view, out)?;
        }
        write_footer(snapshot, &sum, view, out)
    }
}

fn header(rows: &[SnapshotRow<'_>], sum: &Sum, view: &View) -> Vec<Cell> {
    let mut parts = vec![Cell::new(format!("agtop {}: {}", view.version, number(rows.len(), "agent")), Tone::Strong)];
    parts.extend(overview(rows, sum));
    parts
}

/// What is said instead of a table without rows.
fn nothing(snapshot: &Snapshot, view: &View) -> String {
    match (snapshot.agents.len(), snapshot.sessions.len()) {
        (0, 0) => "No agent is running, and none has left a session here.".to_owned(),
        (0, sessions) => format!("No agent is running; {} on this machine: agtop --list", number(sessions, "session")),
        (agents, _) => {
            let doubt = view
                .selection
                .filter
                .as_ref()
                .and_then(Filter::doubt)
                .map(|doubt| format!(": {doubt}"))
                .unwrap_or_default();
            format!("None of {} matches the filter{doubt}.", number(agents, "running agent"))
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

    /// BRANCH was `-` where JSON has `git_branch`: the agent's transcript does not tell a branch, its directory does.
    #[test]
    fn the_branch_is_that_of_the_directory_where_the_transcript_tells_none() {
        let rich = testing::rich();
        let git = |agent: &Agent| agent.git.as_ref().ok().map(|git| git.branch.raw().to_owned());
        let agents: Vec<Agent> = rich.agents.iter().filter(|agent| git(agent).is_some()).take(1).cloned().collect();
        let branch = git(&agents[0]).unwrap();
        let without = |session: &Arc<Session>| Arc::new(Session { branch: None, ..Session::clone(session) });
        let agents = agents.iter().map(|agent| Agent { session: agent.session.as_ref().map(without), ..agent.clone() });
        let snapshot = Snapshot { agents: agents.collect(), ..rich };
        let view = View { fields: Some(agtop_query::fields("branch").unwrap()), ..view() };
        let shown = text_of(&Once, &snapshot, &view);
        assert!(shown.lines().any(|line| line.trim() == branch), "{branch}: {shown}");
    }

    #[test]
    fn columns_name_fields() {
        assert!(COLUMNS.iter().all(|column| agtop_model::field(column.field).is_some()));
    }

    #[test]
    fn the_agents_of_a_rich_snapshot() {
        let snapshot = testing::rich();
        for (name, width) in [("full", None), ("80", Some(80)), ("60", Some(60))] {
            insta::assert_snapshot!(format!("once_{name}"), text_of(&Once, &snapshot, &View { width, ..view() }));
            let coloured = View { width, colour: Colour::Always, ..view() };
            insta::assert_snapshot!(format!("once_{name}_colour"), text_of(&Once, &snapshot, &coloured));
        }
        insta::assert_snapshot!("once_empty", text_of(&Once, &testing::empty(), &view()));
    }

    #[test]
    fn sixty_columns_hold_what_matters_most() {
        let shown = text_of(&Once, &testing::rich(), &View { width: Some(60), ..view() });
        let heading = shown.lines().find(|line| line.starts_with("STATUS")).unwrap();
        for title in ["STATUS", "AGENT", "PID", "PROJECT", "TOKENS", "COST"] {
            assert!(heading.contains(title), "{title} in {heading}");
        }
        assert!(shown.lines().all(|line| text::width(line) <= 60), "{shown}");
    }

    #[test]
    fn without_an_agent_the_sessions_are_named() {
        let shown = text_of(&Once, &testing::without_agents(), &view());
        assert!(shown.contains("No agent is running; 4 sessions on this machine: agtop --list"), "{shown}");
    }

    #[test]
    fn a_filter_that_nothing_matches_is_not_said_to_be_no_agent() {
        let view = View {
            selection: agtop_query::Selection {
                filter: Some(Filter::new("no such thing")),
                ..agtop_query::Selection::default()
            },
            ..view()
        };
        let shown = text_of(&Once, &testing::rich(), &view);
        assert!(shown.contains("None of 3 running agents matches the filter."), "{shown}");
    }

    /// `-f projct:proj` matched nothing and gave no reason: a mistyped field is searched as a text.
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
            text_of(&Once, &testing::rich(), &view)
        };
        let wanted = "None of 3 running agents matches the filter: 'projct' is not a field, so 'projct:proj' was searched as \
                      text.";
        assert!(shown("cpu>0 projct:proj").contains(wanted), "{}", shown("cpu>0 projct:proj"));
        for text in ["project:nowhere", "\"projct:proj\"", ":nothing"] {
            assert!(shown(text).contains("None of 3 running agents matches the filter.\n"), "{}", shown(text));
        }
    }

    #[test]
    fn an_agent_that_may_do_anything_is_marked_without_colour() {
        assert!(text_of(&Once, &testing::rich(), &view()).contains("⚠ claude"));
    }
}
