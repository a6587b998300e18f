//! Lines that are no agent and no session: the heading of a group, and a helper's process. A text runs over the columns of
//! names, and numbers stand below their headings.

use agtop_format::{money, units};
use agtop_model::Process;
use agtop_output::status_word;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::item::{GroupState, ListItem, ProjectGroup};
use super::twig::TreePlace;
use crate::columns::PlacedColumn;
use crate::look::{Look, Tone};
use crate::widgets::{Side, cols, put};

/// A line of a table with values in some columns.
pub(super) struct SumRow {
    /// What runs over the first columns that have no value.
    text: Line<'static>,
    /// Values by the ids of their columns.
    values: Vec<(&'static str, Span<'static>)>,
}

impl SumRow {
    /// The line of a group or a helper.
    pub(super) fn of(look: &Look, item: &ListItem) -> Option<Self> {
        match item {
            ListItem::Group(group) => Some(Self::of_group(look, group)),
            ListItem::Helper { process, place } => Some(Self::of_helper(look, process, *place)),
            ListItem::Row { .. } => None,
        }
    }

    /// The heading of a group, with the sums of its members.
    fn of_group(look: &Look, group: &ProjectGroup) -> Self {
        let sign = if group.state == GroupState::Expanded { "▾" } else { "▸" };
        let noun = if group.members == 1 { "agent" } else { "agents" };
        let text = Line::from(vec![
            look.span(format!("{sign} "), Tone::Accent),
            look.span(group.name.clone(), Tone::Strong),
            look.span(format!("  {} {noun}", group.members), Tone::Dim),
        ]);
        let status = format!("{} {}", group.status.glyph(), status_word(group.status));
        let values = vec![
            ("status", Span::styled(status, look.style(Tone::of(group.status)))),
            ("cpu", look.span(units::percent(group.cpu_percent), Tone::Strong)),
            ("mem", look.span(units::bytes(group.memory), Tone::Strong)),
            ("tokens", look.span(units::count(group.tokens), Tone::Strong)),
            ("cost", look.span(money::whole(&group.spend), Tone::Strong)),
        ];
        Self { text, values }
    }

    /// A helper's process.
    fn of_helper(look: &Look, process: &Process, place: TreePlace) -> Self {
        let text = Line::from(vec![
            look.span(place.twig(), Tone::Faint),
            look.span(process.name.for_terminal().into_owned(), Tone::Dim),
            look.span("  helper", Tone::Faint),
        ]);
        let memory = process.rss.map_or_else(|_| String::new(), units::bytes);
        let values = vec![
            ("status", Span::default()),
            ("pid", look.span(process.id.pid.to_string(), Tone::Faint)),
            ("mem", look.span(memory, Tone::Dim)),
        ];
        Self { text, values }
    }

    /// How wide the value in a column is, if there is one.
    pub(super) fn width_in(&self, column: &str) -> Option<u16> {
        self.values.iter().find(|(id, _)| *id == column).map(|(_, value)| cols(value.width()))
    }

    pub(super) fn draw(&self, area: Rect, placed: &[PlacedColumn], buffer: &mut Buffer) {
        let value_of = |column: &PlacedColumn| self.values.iter().find(|(id, _)| *id == column.column.id);
        for column in placed {
            if let Some((_, value)) = value_of(column) {
                let cell = Rect { x: area.x + column.x, width: column.width, ..area };
                put(buffer, cell, &Line::from(value.clone()), column.column.side);
            }
        }
        let mut text = placed.iter().skip_while(|column| value_of(column).is_some());
        let Some(first) = text.next() else { return };
        let end = text.take_while(|column| value_of(column).is_none()).last().unwrap_or(first);
        let width = end.x + end.width - first.x;
        put(buffer, Rect { x: area.x + first.x, width, ..area }, &self.text, Side::Left);
    }
}
