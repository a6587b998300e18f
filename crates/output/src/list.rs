use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{Snapshot, SnapshotRow};
use agtop_query::{Filter, select};

use crate::cell::{Cell, write_parts};
use crate::notes::{Sum, number, write_footer};
use crate::table::Column;
use crate::tone::Tone;
use crate::{Surface, View, table};

/// The sessions as a table.
pub(crate) struct List;

const COLUMNS: &[Column] = &[
    Column { field: "status", least: 10, rank: 0 },
    Column { field: "client", least: 7, rank: 0 },
    Column { field: "pid", least: 0, rank: 0 },
    Column { field: "session", least: 10, rank: 3 },
    Column { field: "project", least: 8, rank: 0 },
    Column { field: "model", least: 10, rank: 4 },
    Column { field: "tokens", least: 0, rank: 0 },
    Column { field: "cost", least: 0, rank: 0 },
    Column { field: "context", least: 0, rank: 2 },
    Column { field: "active", least: 0, rank: 1 },
    Column { field: "cpu", least: 0, rank: 5 },
    Column { field: "mem", least: 0, rank: 6 },
    Column { field: "turns", least: 0, rank: 7 },
    Column { field: "branch", least: 6, rank: 8 },
    Column { field: "title", least: 12, rank: 9 },
    Column { field: "read_rate", least: 0, rank: 10 },
    Column { field: "write_rate", least: 0, rank: 10 },
];

impl Surface for List {
    fn id(&self) -> &'static str {
        "list"
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::sessions(snapshot, &view.selection);
        let shown = select::top(&rows, &view.selection);
        let sum = Sum::of(shown, view);
        table::write(shown, COLUMNS, view, out)?;
        write_parts(&totals(shown, snapshot, &sum), view, out)?;
        if let Some(doubt) = view.selection.filter.as_ref().and_then(Filter::doubt).filter(|_| rows.is_empty()) {
            write_parts(&[Cell::new(format!("No session matches the filter: {doubt}."), Tone::Text)], view, out)?;
        }
        write_footer(snapshot, &sum, view, out)
    }
}

/// What the rows shown come to.
fn totals(shown: &[SnapshotRow<'_>], snapshot: &Snapshot, sum: &Sum) -> Vec<Cell> {
    let all = snapshot.sessions.len();
    let sessions = if shown.len() == all {
        number(all, "session")
    } else {
        format!("{} of {}", shown.len(), number(all, "session"))
    };
    let mut parts = vec![Cell::new(format!("total: {sessions}"), Tone::Strong)];
    parts.extend(sum.parts());
    let buckets = [
        ("input", sum.usage.input),
        ("cache read", sum.usage.cache_read),
        ("cache write", sum.usage.cache_write()),
        ("output", sum.usage.output),
    ];
    parts.extend(buckets.map(|(name, n)| Cell::new(format!("{name} {}", units::count(n)), Tone::Text)));
    parts
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_format::Content;
    use agtop_query::fields;

    use super::*;
    use crate::Colour;
    use crate::testing::{text_of, view};

    #[test]
    fn columns_name_fields() {
        assert!(COLUMNS.iter().all(|column| agtop_model::field(column.field).is_some()));
    }

    #[test]
    fn a_mistyped_field_is_named_where_no_session_matches() {
        let view = View {
            selection: agtop_query::Selection {
                filter: Filter::parse("projct:proj").unwrap(),
                ..agtop_query::Selection::default()
            },
            ..view()
        };
        let shown = text_of(&List, &testing::rich(), &view);
        let wanted =
            "\nNo session matches the filter: 'projct' is not a field, so 'projct:proj' was searched as text.\n";
        assert!(shown.contains(wanted), "{shown}");
    }

    #[test]
    fn the_sessions_of_a_rich_snapshot() {
        let snapshot = testing::rich();
        for (name, width) in [("full", None), ("80", Some(80)), ("60", Some(60))] {
            insta::assert_snapshot!(format!("list_{name}"), text_of(&List, &snapshot, &View { width, ..view() }));
            let coloured = View { width, colour: Colour::Always, ..view() };
            insta::assert_snapshot!(format!("list_{name}_colour"), text_of(&List, &snapshot, &coloured));
        }
        insta::assert_snapshot!("list_empty", text_of(&List, &testing::empty(), &view()));
    }

    #[test]
    fn tokens_that_nobody_wrote_down_are_a_dash_and_not_zero() {
        let view = View { fields: Some(fields("session,tokens,input,cost").unwrap()), ..view() };
        let shown = text_of(&List, &testing::untold(), &view);
        assert_eq!(shown.lines().nth(1).unwrap().split_whitespace().skip(1).collect::<Vec<_>>(), ["-", "-", "-"]);
    }

    #[test]
    fn totals_are_those_of_the_rows_shown() {
        let shown = text_of(
            &List,
            &testing::rich(),
            &View { selection: agtop_query::Selection { top: Some(1), ..agtop_query::Selection::default() }, ..view() },
        );
        assert!(shown.contains("total: 1 of 4 sessions"), "{shown}");
    }

    #[test]
    fn files_of_sub_agents_are_counted_behind_the_session() {
        let shown = text_of(&List, &testing::rich(), &view());
        assert!(shown.contains(&format!("{}+2", testing::CLAUDE_SESSION)), "{shown}");
    }

    #[test]
    fn a_name_that_is_message_text_is_there_only_if_asked_for() {
        for surface in [&List as &dyn Surface, &crate::csv::Csv] {
            let shown = |content| text_of(surface, &testing::rich(), &View { content, ..view() });
            assert!(!shown(Content::Hidden).contains(testing::SECRET_WORDS));
            assert!(shown(Content::Included).contains(testing::SECRET_WORDS));
        }
    }

    #[test]
    fn the_fields_asked_for_are_the_columns() {
        let view = View { fields: Some(fields("cost,session").unwrap()), ..view() };
        let shown = text_of(&List, &testing::rich(), &view);
        assert_eq!(shown.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), ["COST", "SESSION"]);
    }
}
