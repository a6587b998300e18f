use super::choice::ColumnChoice;
use super::column::Column;

/// A column with its position.
#[derive(Clone, Copy)]
pub(crate) struct PlacedColumn {
    pub(crate) column: Column,
    /// Columns of the terminal from the left of the table.
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// Blanks between two columns.
const COLUMN_GAP: u16 = 1;
const WIDE_COLUMN_GAP: u16 = 2;
/// A column that may be wider than this holds a line of text.
const MIN_TEXT_COLUMN: u16 = 60;

/// The column with logos.
pub(crate) const LOGO_COLUMN: &str = "client";

/// Places the columns next to each other and gives the remaining room to those that can use it. Without room for all,
/// those with the highest ranks are dropped. `logo` columns are reserved before the name of an agent.
pub(crate) fn place(choices: &[ColumnChoice], room: u16, logo: u16) -> Vec<PlacedColumn> {
    let gap = if room >= 120 { WIDE_COLUMN_GAP } else { COLUMN_GAP };
    let mut columns: Vec<Column> = choices
        .iter()
        .filter_map(|choice| {
            let column = Column::find(&choice.id)?;
            let fixed = choice.width.map(|width| (width.clamp(3, 200), width.clamp(3, 200)));
            let width = fixed.unwrap_or_else(|| comfortable(&column, room));
            let more = if column.id == LOGO_COLUMN { logo } else { 0 };
            let spare = if choice.width.is_some() { width.1 } else { column.spare };
            let width = (width.0.saturating_add(more), width.1.saturating_add(more));
            Some(Column { width, spare: spare.max(width.1), ..column })
        })
        .collect();
    while needed(&columns, gap) > room {
        let Some(least) = columns.iter().enumerate().max_by_key(|(_, column)| column.rank).map(|(at, _)| at) else {
            break;
        };
        columns.remove(least);
    }
    spread(&columns, room, gap)
}

/// The width of a column; a line of text has at least a sixth of the room.
fn comfortable(column: &Column, room: u16) -> (u16, u16) {
    let (least, most) = column.width;
    if most > MIN_TEXT_COLUMN { (least.max(room / 6), most) } else { (least, most) }
}

fn needed(columns: &[Column], gap: u16) -> u16 {
    let widths: u16 = columns.iter().map(|column| column.width.0).fold(0, u16::saturating_add);
    widths.saturating_add(gap.saturating_mul(u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX)))
}

/// Grows columns evenly up to a modest width first, and the widest ones with the rest.
fn spread(columns: &[Column], room: u16, gap: u16) -> Vec<PlacedColumn> {
    let mut left = room.saturating_sub(needed(columns, gap));
    let mut widths: Vec<u16> = columns.iter().map(|column| column.width.0).collect();
    grow(columns, &mut widths, &mut left, |column| column.width.1);
    grow(columns, &mut widths, &mut left, |column| column.spare);
    let mut x = 0;
    let mut placed = Vec::with_capacity(columns.len());
    for (column, width) in columns.iter().zip(widths) {
        placed.push(PlacedColumn { column: *column, x, width });
        x += width + gap;
    }
    placed
}

/// Grows columns up to their maximum while room is left.
fn grow(columns: &[Column], widths: &mut [u16], left: &mut u16, most: fn(&Column) -> u16) {
    while *left > 0 {
        let before = *left;
        for (width, column) in widths.iter_mut().zip(columns) {
            // A column with a line of text grows three times as fast as one with a name.
            let step = if column.width.1 > MIN_TEXT_COLUMN { 3 } else { 1 };
            let step = step.min(*left).min(most(column).saturating_sub(*width));
            *width += step;
            *left -= step;
        }
        if *left == before {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{default_agent_columns, default_session_columns};

    fn ids(placed: &[PlacedColumn]) -> Vec<&str> {
        placed.iter().map(|placed| placed.column.id).collect()
    }

    #[test]
    fn columns_never_take_more_than_their_room() {
        for choices in [default_agent_columns(), default_session_columns()] {
            for room in 0..400 {
                let placed = place(&choices, room, 0);
                let end = placed.last().map_or(0, |last| last.x + last.width);
                assert!(end <= room, "{end} > {room}: {:?}", ids(&placed));
            }
        }
    }

    #[test]
    fn important_columns_stay_on_a_small_screen_and_more_room_never_shows_fewer() {
        let small = place(&default_agent_columns(), 58, 0);
        for id in ["status", "client", "project", "cost", "context"] {
            assert!(ids(&small).contains(&id), "{id}: {:?}", ids(&small));
        }
        let mut before = 0;
        for room in 0..119 {
            let now = place(&default_agent_columns(), room, 0).len();
            assert!(now >= before, "{room}");
            before = now;
        }
        assert_eq!(place(&default_agent_columns(), 190, 0).len(), default_agent_columns().len());
    }

    #[test]
    fn a_logo_takes_columns_from_others() {
        for room in 0..200 {
            let placed = place(&default_agent_columns(), room, 3);
            assert!(placed.last().is_none_or(|last| last.x + last.width <= room));
        }
        let width = |logo| {
            place(&default_agent_columns(), 100, logo).iter().find(|p| p.column.id == LOGO_COLUMN).unwrap().width
        };
        assert!(width(3) >= width(0) + 3 || width(3) >= 8 + 3);
    }

    #[test]
    fn a_configured_width_is_kept() {
        let choices = [ColumnChoice { id: "title".into(), width: Some(30) }];
        assert_eq!(place(&choices, 200, 0)[0].width, 30);
    }
}
