use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::Snapshot;
use agtop_query::select;

use crate::cell::Cell;
use crate::parts::write_parts;
use crate::snapshot_format::{SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::summary::{RowTotals, count_of, overview};
use crate::tone::Tone;
use crate::view::View;

/// One line for each snapshot, for logs and pipes.
pub(crate) struct WatchLine;

static INFO: SnapshotFormatInfo =
    SnapshotFormatInfo { id: "watch", flag: SnapshotFlag::Watch, series: SeriesForm::Lines };

impl SnapshotFormat for WatchLine {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::agents(snapshot, &view.selection);
        let mut parts = vec![
            Cell::new(units::second(snapshot.now, &view.zone), Tone::Dim),
            Cell::new(count_of(rows.len(), "agent"), Tone::Strong),
        ];
        parts.extend(overview(&rows, &RowTotals::of(&rows, view), &View { width: None, ..view.clone() }));
        write_parts(&parts, &View { width: None, ..view.clone() }, out)
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;
    use crate::testing::{text_of, view};

    #[test]
    fn a_snapshot_is_one_line_however_narrow_the_terminal() {
        let view = View { width: Some(20), ..view() };
        for snapshot in [testing::rich(), testing::empty(), testing::hostile()] {
            let text = text_of(&WatchLine, &snapshot, &view);
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            assert!(text.ends_with('\n') && !text.trim_end().is_empty());
        }
    }
}
