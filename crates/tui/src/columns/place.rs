use std::ops::RangeInclusive;

use super::choice::ColumnChoice;
use super::column::Column;
use super::content::CellContent;

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
/// Fewest columns of a table with wide gaps.
const MIN_WIDE_TABLE: u16 = 120;
/// A line of text, such as what an agent is doing, has at least this share of the room.
const MIN_LINE_SHARE: u16 = 7;
/// A line of text has this width before less important columns are shown. About half of all lines need more than 30.
const COMFORTABLE_LINE: u16 = 40;
/// Columns of these ranks are shown only where no name is cut and lines of text are comfortable, and are dropped before all
/// others: those with higher ranks are shown only if the user has chosen them.
const RANKS_OF_WIDE_SCREENS: RangeInclusive<u8> = 13..=19;
/// Columns up to this rank are shown even if their cells are blank.
const LAST_FIXED_RANK: u8 = 5;

/// The column with logos.
pub(crate) const LOGO_COLUMN: &str = "client";

/// A column while its width is being found.
#[derive(Clone, Copy)]
struct Candidate {
    column: Column,
    content: CellContent,
    /// The smallest width, the usual one, and the one that holds the widest cell.
    least: u16,
    usual: u16,
    wanted: u16,
}

impl Candidate {
    fn new(choice: &ColumnChoice, room: u16, content: &dyn Fn(&Column) -> CellContent) -> Option<Self> {
        let column = Column::find(&choice.id)?;
        let content = content(&column);
        let (least, usual) = column.width;
        if let Some(width) = choice.width {
            let width = width.clamp(3, 200);
            return Some(Self { column, content, least: width, usual: width, wanted: width });
        }
        if column.fills_the_row() {
            return Some(Self { column, content, least: least.max(room / MIN_LINE_SHARE), usual, wanted: u16::MAX });
        }
        if !column.is_measured() {
            return Some(Self { column, content, least, usual: usual.max(least), wanted: usual });
        }
        let title = u16::try_from(column.title.len()).unwrap_or(u16::MAX);
        let wanted = content.width().clamp(title.min(column.max_width), column.max_width);
        Some(Self { column, content, least: least.min(wanted), usual: usual.min(wanted), wanted })
    }

    fn is_line(&self) -> bool {
        self.wanted == u16::MAX
    }

    fn is_for_wide_screens(&self) -> bool {
        RANKS_OF_WIDE_SCREENS.contains(&self.column.rank)
    }

    /// Whether the column may be left out for others.
    fn is_needless(&self) -> bool {
        self.content == CellContent::Blank && self.column.rank > LAST_FIXED_RANK
    }
}

/// Places the columns next to each other, each as wide as its visible cells need if there is room.
///
/// Without room for all, those with the highest ranks are dropped, and so are those without a value in any visible row
/// while another one is cut. Lines of text take what the others leave. `logo` columns are reserved before the name of an
/// agent.
pub(crate) fn place(
    choices: &[ColumnChoice],
    (room, logo): (u16, u16),
    content: &dyn Fn(&Column) -> CellContent,
) -> Vec<PlacedColumn> {
    let gap = if room >= MIN_WIDE_TABLE { WIDE_COLUMN_GAP } else { COLUMN_GAP };
    let all = choices.iter().filter_map(|choice| Candidate::new(choice, room, content));
    let mut columns: Vec<Candidate> = all.map(|candidate| with_logo(candidate, logo)).collect();
    drop_while(&mut columns, |columns| comfortable(columns, gap) > room, Candidate::is_for_wide_screens);
    drop_while(&mut columns, |columns| needed(columns, gap) > room, |_| true);
    loop {
        let placed = spread(&columns, room, gap);
        let is_cut = |(candidate, placed): (&Candidate, &PlacedColumn)| placed.width < candidate.content.width();
        let needless = last_of(&columns, Candidate::is_needless);
        match needless.filter(|_| columns.iter().zip(&placed).any(is_cut)) {
            Some(needless) => drop(columns.remove(needless)),
            None => return placed,
        }
    }
}

fn with_logo(candidate: Candidate, logo: u16) -> Candidate {
    let more = if candidate.column.id == LOGO_COLUMN { logo } else { 0 };
    let [least, usual, wanted] =
        [candidate.least, candidate.usual, candidate.wanted].map(|width| width.saturating_add(more));
    Candidate { least, usual, wanted, ..candidate }
}

/// Drops columns with the highest ranks while `is_crowded`, of those that `may_go`.
fn drop_while(
    columns: &mut Vec<Candidate>,
    is_crowded: impl Fn(&[Candidate]) -> bool,
    may_go: impl Fn(&Candidate) -> bool,
) {
    while is_crowded(columns) {
        let Some(last) = last_of(columns, &may_go) else { break };
        columns.remove(last);
    }
}

/// The index of the least important one of some columns.
fn last_of(columns: &[Candidate], may_go: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let some = columns.iter().enumerate().filter(|(_, candidate)| may_go(candidate));
    some.max_by_key(|(_, candidate)| candidate.column.rank).map(|(at, _)| at)
}

/// The room that columns need at least.
fn needed(columns: &[Candidate], gap: u16) -> u16 {
    total(columns, gap, |candidate| candidate.least)
}

/// The room in which no name is cut and lines of text are comfortable.
fn comfortable(columns: &[Candidate], gap: u16) -> u16 {
    let width = |candidate: &Candidate| {
        if candidate.is_line() { candidate.least.max(COMFORTABLE_LINE) } else { candidate.wanted }
    };
    total(columns, gap, width)
}

fn total(columns: &[Candidate], gap: u16, width: impl Fn(&Candidate) -> u16) -> u16 {
    let widths: u16 = columns.iter().map(width).fold(0, u16::saturating_add);
    widths.saturating_add(gap.saturating_mul(u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX)))
}

/// Grows names up to their contents, and lines of text with the rest.
fn spread(columns: &[Candidate], room: u16, gap: u16) -> Vec<PlacedColumn> {
    let mut left = room.saturating_sub(needed(columns, gap));
    let mut widths: Vec<u16> = columns.iter().map(|candidate| candidate.least).collect();
    let name = |width: fn(&Candidate) -> u16| {
        move |candidate: &Candidate| if candidate.is_line() { candidate.least } else { width(candidate) }
    };
    grow(columns, (&mut widths, &mut left), name(|candidate| candidate.usual));
    grow(columns, (&mut widths, &mut left), name(|candidate| candidate.wanted));
    grow(columns, (&mut widths, &mut left), |candidate| candidate.usual);
    grow(columns, (&mut widths, &mut left), |candidate| candidate.wanted);
    let mut x = 0;
    let mut placed = Vec::with_capacity(columns.len());
    for (candidate, width) in columns.iter().zip(widths) {
        placed.push(PlacedColumn { column: candidate.column, x, width });
        x += width + gap;
    }
    placed
}

/// Grows columns evenly up to their maximum while room is left.
fn grow(columns: &[Candidate], (widths, left): (&mut [u16], &mut u16), most: impl Fn(&Candidate) -> u16) {
    while *left > 0 {
        let mut growing: Vec<(&mut u16, u16)> = widths
            .iter_mut()
            .zip(columns)
            .filter_map(|(width, candidate)| {
                let most = most(candidate);
                (*width < most).then_some((width, most))
            })
            .collect();
        let Ok(count) = u16::try_from(growing.len()) else { return };
        if count == 0 {
            return;
        }
        let share = (*left / count).max(1);
        for (width, most) in &mut growing {
            let step = share.min(*left).min(*most - **width);
            **width += step;
            *left -= step;
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

    /// Places columns whose cells are all so wide.
    fn placed(choices: &[ColumnChoice], room: u16, content: u16) -> Vec<PlacedColumn> {
        place(choices, (room, 0), &|_| CellContent::Width(content))
    }

    fn end(placed: &[PlacedColumn]) -> u16 {
        placed.last().map_or(0, |last| last.x + last.width)
    }

    #[test]
    fn columns_never_take_more_than_their_room_and_fill_it() {
        for choices in [default_agent_columns(), default_session_columns()] {
            for (room, content) in (0..400).flat_map(|room| [0, 9, 30, 300].map(|content| (room, content))) {
                let placed = placed(&choices, room, content);
                assert!(end(&placed) <= room, "{room}: {:?}", ids(&placed));
                assert!(room < 80 || end(&placed) == room, "{room}, {content}: {:?}", ids(&placed));
            }
        }
    }

    #[test]
    fn important_columns_stay_on_a_small_screen_and_more_room_never_shows_fewer() {
        let small = placed(&default_agent_columns(), 58, 12);
        for id in ["status", "client", "project", "cost", "context"] {
            assert!(ids(&small).contains(&id), "{id}: {:?}", ids(&small));
        }
        let mut before = 0;
        for room in 0..119 {
            let now = placed(&default_agent_columns(), room, 12).len();
            assert!(now >= before, "{room}");
            before = now;
        }
        assert_eq!(placed(&default_agent_columns(), 290, 12).len(), default_agent_columns().len());
    }

    #[test]
    fn a_pid_is_shown_from_80_columns_and_a_model_from_100() {
        // The margins of the table take three columns.
        for (columns, id) in [(80, "pid"), (100, "model"), (80, "doing"), (120, "mem")] {
            let placed = placed(&default_agent_columns(), columns - 3, 12);
            assert!(ids(&placed).contains(&id), "{id} at {columns}: {:?}", ids(&placed));
        }
    }

    #[test]
    fn names_are_whole_before_a_line_of_text_grows() {
        for room in 177..300 {
            let placed = placed(&default_agent_columns(), room, 17);
            for name in placed.iter().filter(|placed| ["project", "model", "client"].contains(&placed.column.id)) {
                assert_eq!(name.width, 17, "{} at {room}", name.column.id);
            }
        }
    }

    #[test]
    fn no_column_is_blank_while_another_is_cut() {
        let columns = [default_agent_columns(), default_session_columns()].concat();
        for (blank, room) in columns.iter().flat_map(|blank| (0..300).step_by(7).map(move |room| (blank, room))) {
            let content =
                |column: &Column| if column.id == blank.id { CellContent::Blank } else { CellContent::Width(50) };
            for choices in [default_agent_columns(), default_session_columns()] {
                let placed = place(&choices, (room, 0), &content);
                let is_cut = placed
                    .iter()
                    .any(|placed| placed.column.is_measured() && placed.width < 50.min(placed.column.max_width));
                let shown = placed.iter().find(|placed| placed.column.id == blank.id);
                let is_needless = shown.is_some_and(|shown| shown.column.rank > LAST_FIXED_RANK);
                assert!(!(is_cut && is_needless), "{} at {room}", blank.id);
            }
        }
    }

    #[test]
    fn a_logo_takes_columns_from_others() {
        let with_logo = |room, logo| place(&default_agent_columns(), (room, logo), &|_| CellContent::Width(8));
        for room in 0..200 {
            assert!(end(&with_logo(room, 3)) <= room);
        }
        let width = |logo| with_logo(100, logo).iter().find(|p| p.column.id == LOGO_COLUMN).unwrap().width;
        assert_eq!((width(0), width(3)), (8, 11));
    }

    #[test]
    fn a_configured_width_is_kept() {
        let choices = [ColumnChoice { id: "title".into(), width: Some(30) }];
        assert_eq!(placed(&choices, 200, 90)[0].width, 30);
    }
}
