//! Where panels are: a pure function of their number and the room.

use ratatui::layout::{Constraint, Layout, Rect};

/// Fewest columns of a panel.
const MIN_PANEL_COLUMNS: u16 = 38;
/// Fewest rows of a panel, its frame included.
const MIN_PANEL_ROWS: u16 = 5;
/// Most rows of a panel: higher ones say no more.
const MAX_PANEL_ROWS: u16 = 16;
/// Most panels next to each other.
const MAX_PANELS_IN_ROW: usize = 5;

/// The rows in which so many panels are best read, at least and at most.
pub(crate) fn grid_rows(panels: usize, columns: u16) -> (u16, u16) {
    let rows = u16::try_from(panels.div_ceil(in_row(panels, columns))).unwrap_or(u16::MAX);
    (rows.saturating_mul(MIN_PANEL_ROWS), rows.saturating_mul(MAX_PANEL_ROWS))
}

/// How many panels are next to each other: as many as are readable, but not so many that the last row is emptier than it
/// has to be.
fn in_row(panels: usize, columns: u16) -> usize {
    let most = usize::from(columns / MIN_PANEL_COLUMNS).clamp(1, MAX_PANELS_IN_ROW).min(panels.max(1));
    let rows = panels.max(1).div_ceil(most);
    panels.max(1).div_ceil(rows)
}

/// The places of panels, as many as there is room for. The panels of the last row are wider if they are fewer.
pub(super) fn grid(area: Rect, panels: usize) -> Vec<Rect> {
    let in_row = in_row(panels, area.width);
    let rows = panels.div_ceil(in_row).min(usize::from(area.height / MIN_PANEL_ROWS));
    let panels = panels.min(rows * in_row);
    let rows_of = share(area, rows, Layout::vertical);
    let mut left = panels;
    let places = rows_of.into_iter().flat_map(|row| {
        let count = in_row.min(left);
        left -= count;
        share(row, count, Layout::horizontal)
    });
    places.collect()
}

fn share(area: Rect, parts: usize, layout: fn(Vec<Constraint>) -> Layout) -> Vec<Rect> {
    let of = u32::try_from(parts).unwrap_or(1);
    layout(vec![Constraint::Ratio(1, of.max(1)); parts]).split(area).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_share_the_area_without_gaps_or_overlaps() {
        for (panels, width, height) in [(9, 140, 26), (4, 80, 12), (9, 300, 60), (1, 60, 9), (7, 220, 15), (9, 60, 12)]
        {
            let area = Rect::new(0, 3, width, height);
            let places = grid(area, panels);
            let covered: u32 = places.iter().map(|place| place.area()).sum();
            assert_eq!(covered, area.area(), "{panels} in {width}x{height}");
            assert!(places.iter().all(|place| place.height >= MIN_PANEL_ROWS && place.width >= MIN_PANEL_COLUMNS));
            for (at, place) in places.iter().enumerate() {
                assert!(places[..at].iter().all(|other| !other.intersects(*place)));
            }
        }
    }

    #[test]
    fn without_room_for_all_the_first_panels_are_shown() {
        assert_eq!(grid(Rect::new(0, 0, 80, 11), 9).len(), 4);
        assert_eq!(grid(Rect::new(0, 0, 80, 4), 9).len(), 0);
    }

    #[test]
    fn rows_are_filled() {
        let in_rows = |panels, columns| in_row(panels, columns);
        assert_eq!((in_rows(9, 140), in_rows(9, 220), in_rows(4, 140), in_rows(1, 140)), (3, 5, 2, 1));
    }
}
