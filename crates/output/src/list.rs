use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{Snapshot, SnapshotRow};
use agtop_query::{Filter, select};

use crate::cell::Cell;
use crate::parts::{write_parts, write_sentence};
use crate::snapshot_format::{JsonPairing, SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::summary::{RowTotals, count_of, write_footer};
use crate::table::DefaultColumns;
use crate::tone::Tone;
use crate::{View, empty, table};

/// The sessions as a table.
pub(crate) struct SessionTable;

/// The columns of the table unless the user names others.
const SESSION_TABLE_COLUMNS: DefaultColumns = DefaultColumns {
    ids: &[
        "status",
        "client",
        "pid",
        "session",
        "project",
        "model",
        "tokens",
        "cost",
        "context",
        "active",
        "cpu",
        "mem",
        "turns",
        "branch",
        "read_rate",
        "write_rate",
        "title",
    ],
    rank: |column| column.sessions_rank,
};

static INFO: SnapshotFormatInfo = SnapshotFormatInfo {
    id: "list",
    flag: SnapshotFlag::Switch {
        short: None,
        help: "Print all sessions, live and past",
        json: JsonPairing::Shape("sessions"),
    },
    series: SeriesForm::Pages,
};

impl SnapshotFormat for SessionTable {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::sessions(snapshot, &view.selection);
        let shown = select::top(&rows, &view.selection);
        let sum = RowTotals::of(shown, view);
        if snapshot.sessions.is_empty() {
            write_sentence(&Cell::new("No agent has left a session here.", Tone::Text), view, out)?;
            empty::write_hint(&snapshot.health, view, out)?;
            return write_footer(snapshot, &sum, view, out);
        }
        table::write(shown, &SESSION_TABLE_COLUMNS, view, out)?;
        write_parts(&totals(shown, snapshot, &sum), view, out)?;
        if let Some(doubt) = view.selection.filter.as_ref().and_then(Filter::doubt).filter(|_| rows.is_empty()) {
            write_sentence(&Cell::new(format!("No session matches the filter: {doubt}."), Tone::Text), view, out)?;
        }
        write_footer(snapshot, &sum, view, out)
    }
}

/// The total of the shown rows.
fn totals(shown: &[SnapshotRow<'_>], snapshot: &Snapshot, sum: &RowTotals) -> Vec<Cell> {
    let all = snapshot.sessions.len();
    let sessions = if shown.len() == all {
        count_of(all, "session")
    } else {
        format!("{} of {}", shown.len(), count_of(all, "session"))
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
    fn every_default_column_is_a_field() {
        assert!(SESSION_TABLE_COLUMNS.ids.iter().all(|id| agtop_model::field(id).is_some()));
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
        let shown = text_of(&SessionTable, &testing::rich(), &view);
        let wanted =
            "\nNo session matches the filter: 'projct' is not a field, so 'projct:proj' was searched as text.\n";
        assert!(shown.contains(wanted), "{shown}");
    }

    #[test]
    fn the_sessions_of_a_rich_snapshot() {
        let snapshot = testing::rich();
        for (name, width) in [("full", None), ("80", Some(80)), ("60", Some(60))] {
            insta::assert_snapshot!(
                format!("list_{name}"),
                text_of(&SessionTable, &snapshot, &View { width, ..view() })
            );
            let coloured = View { width, colour: Colour::Always, ..view() };
            insta::assert_snapshot!(format!("list_{name}_colour"), text_of(&SessionTable, &snapshot, &coloured));
        }
        insta::assert_snapshot!("list_empty", text_of(&SessionTable, &testing::empty(), &view()));
    }

    #[test]
    fn missing_tokens_are_a_dash_and_not_zero() {
        let view = View { fields: Some(fields("session,tokens,input,cost").unwrap()), ..view() };
        let shown = text_of(&SessionTable, &testing::without_usage(), &view);
        assert_eq!(shown.lines().nth(1).unwrap().split_whitespace().skip(1).collect::<Vec<_>>(), ["-", "-", "-"]);
    }

    #[test]
    fn totals_are_those_of_the_rows_shown() {
        let shown = text_of(
            &SessionTable,
            &testing::rich(),
            &View { selection: agtop_query::Selection { top: Some(1), ..agtop_query::Selection::default() }, ..view() },
        );
        assert!(shown.contains("total: 1 of 4 sessions"), "{shown}");
    }

    #[test]
    fn files_of_subagents_are_counted_after_the_session_id() {
        let shown = text_of(&SessionTable, &testing::rich(), &view());
        assert!(shown.contains(&format!("{}+2", testing::CLAUDE_SESSION)), "{shown}");
    }

    #[test]
    fn a_title_that_is_message_text_is_written_only_on_request() {
        for format in [&SessionTable as &dyn SnapshotFormat, &crate::csv::SessionCsv] {
            let shown = |content| text_of(format, &testing::rich(), &View { content, ..view() });
            assert!(!shown(Content::Hidden).contains(testing::SECRET_TEXT));
            assert!(shown(Content::Included).contains(testing::SECRET_TEXT));
        }
    }

    #[test]
    fn the_requested_fields_are_the_columns() {
        let view = View { fields: Some(fields("cost,session").unwrap()), ..view() };
        let shown = text_of(&SessionTable, &testing::rich(), &view);
        assert_eq!(shown.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), ["COST", "SESSION"]);
    }
}
