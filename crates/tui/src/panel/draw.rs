use std::time::Duration;

use agtop_format::{Content, money, units};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::tab::PanelTab;
use crate::column_config::ColumnConfig;
use crate::columns::ColumnChoice;
use crate::details::{DetailLine, RowDetails};
use crate::keys::KeyPreset;
use crate::logos::{LOGO_AND_GAP_COLUMNS, Logos, client_of};
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::views::ProjectGroup;
use crate::widgets::{Side, cols, draw_titles, heading, pairs, put, wrap};

/// Fewest columns of an area with two columns of facts.
const MIN_COLUMNS_FOR_TWO: u16 = 120;
/// The tabs whose facts follow those of the chosen tab in a high panel.
const FURTHER_TABS: &[PanelTab] = &[PanelTab::Info, PanelTab::Process, PanelTab::Cost, PanelTab::Files];
/// Columns of the names of facts.
const NAME_COLUMNS: u16 = 10;

pub(crate) fn titles() -> Vec<String> {
    PanelTab::ALL.iter().map(|tab| tab.title().to_owned()).collect()
}

/// The area below the titles.
pub(crate) fn inner(area: Rect) -> Rect {
    let height = area.height.saturating_sub(1);
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(3), height }
}

/// The panel and what it shows.
pub(crate) struct InfoPanel<'a> {
    pub(crate) render: RenderContext<'a>,
    pub(crate) tab: PanelTab,
    /// The chosen row, if there is one.
    pub(crate) details: Option<RowDetails<'a>>,
    /// The chosen group, if it is one.
    pub(crate) group: Option<&'a ProjectGroup>,
    pub(crate) columns: &'a [ColumnChoice],
    /// Set while the columns are chosen in the panel.
    pub(crate) column_config: Option<ColumnConfig<'a>>,
    pub(crate) keys: KeyPreset,
    /// Time between two snapshots.
    pub(crate) interval: Duration,
    pub(crate) logos: Option<&'a Logos>,
}

impl InfoPanel<'_> {
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        let look = self.render.look;
        let selected = PanelTab::ALL.iter().position(|tab| *tab == self.tab);
        draw_titles(look, &titles(), selected, Rect { height: 1, ..area }, buffer);
        self.draw_logo(area, buffer);
        let inner = inner(area);
        if let Some(config) = &self.column_config {
            config.draw_in_panel(inner, buffer);
            return;
        }
        let end = self.draw_facts(self.tab, inner, buffer);
        let rest = Rect { y: end, height: area.bottom().saturating_sub(end), ..area };
        self.draw_further_tabs(rest, buffer);
    }

    /// Draws other tabs below the chosen one where there is room for all of their facts.
    fn draw_further_tabs(&self, mut area: Rect, buffer: &mut Buffer) {
        for tab in FURTHER_TABS.iter().filter(|tab| **tab != self.tab && self.tab != PanelTab::Config) {
            let facts = self.facts(*tab);
            let rows = cols(wrapped(&facts, inner(area).width).len());
            if facts.is_empty() || rows + 2 > area.height {
                continue;
            }
            area = Rect { y: area.y + 1, height: area.height - 1, ..area };
            draw_heading(self.render.look, *tab, area, buffer);
            let end = draw_columns(self.render.look, inner(area), &facts, buffer);
            area = Rect { y: end, height: area.bottom().saturating_sub(end), ..area };
        }
    }

    /// Draws what the first panel does not show, without tabs.
    pub(crate) fn draw_second(&self, area: Rect, buffer: &mut Buffer) {
        let tab = if self.tab == PanelTab::Timeline { PanelTab::Info } else { PanelTab::Timeline };
        draw_heading(self.render.look, tab, area, buffer);
        self.draw_facts(tab, inner(area), buffer);
    }

    /// Returns the row below the facts.
    fn draw_facts(&self, tab: PanelTab, area: Rect, buffer: &mut Buffer) -> u16 {
        let look = self.render.look;
        let facts = self.facts(tab);
        if facts.is_empty() {
            let text = Line::from(look.span("nothing to show", Tone::Faint));
            put(buffer, Rect { height: 1.min(area.height), ..area }, &text, Side::Left);
        }
        draw_columns(look, area, &facts, buffer)
    }

    /// Draws the client and its logo at the right end of the titles.
    fn draw_logo(&self, area: Rect, buffer: &mut Buffer) {
        let (Some(logos), Some(row)) =
            (self.logos.filter(|_| self.tab == PanelTab::Info), self.details.map(|details| details.row))
        else {
            return;
        };
        let Some(client) = client_of(&row) else { return };
        let name = client.as_str();
        // A blank before the logo and one after the name separate them from the line.
        let room = LOGO_AND_GAP_COLUMNS + cols(agtop_format::text::width(name)) + 2;
        if area.width <= room + cols(titles().concat().len()) + 24 {
            return;
        }
        let place = Rect { x: area.right() - room - 2, width: room, height: 1, ..area };
        let blank = " ".repeat(usize::from(LOGO_AND_GAP_COLUMNS) + 1);
        put(buffer, place, &Line::from(self.render.look.span(format!("{blank}{name} "), Tone::Dim)), Side::Left);
        logos.draw(&[(client, Position::new(place.x + 1, place.y))], buffer);
    }

    fn facts(&self, tab: PanelTab) -> Vec<DetailLine> {
        if tab == PanelTab::Config {
            return self.config();
        }
        if let Some(group) = self.group {
            return of_group(self.render.look, group);
        }
        let Some(subject) = self.details else { return Vec::new() };
        match tab {
            PanelTab::Info => subject.info(),
            PanelTab::Process => subject.process(),
            PanelTab::Cost => subject.cost(),
            PanelTab::Files => subject.files(),
            PanelTab::Timeline => subject.timeline(),
            PanelTab::Config => Vec::new(),
        }
    }

    /// The settings of the screen, and the keys that change them.
    fn config(&self) -> Vec<DetailLine> {
        let look = self.render.look;
        let text = |text: String, how: &'static str| {
            Line::from(vec![look.span(text, Tone::Text), look.span(format!("   {how}"), Tone::Dim)])
        };
        let columns: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        let shown = if self.render.content == Content::Included { "shown" } else { "hidden" };
        vec![
            DetailLine { name: "columns", value: text(columns.join(" "), "c: choose, order, size") },
            DetailLine { name: "theme", value: text(look.theme.name.to_string(), "T: next, :theme NAME") },
            DetailLine { name: "keys", value: text(self.keys.as_str().to_owned(), ":keys agtop, htop or vim") },
            DetailLine { name: "interval", value: text(format!("{:?}", self.interval), ":interval SECONDS") },
            DetailLine {
                name: "messages",
                value: text(shown.to_owned(), ":private hides message text and tool targets"),
            },
        ]
    }
}

fn draw_heading(look: &Look, tab: PanelTab, area: Rect, buffer: &mut Buffer) {
    let place = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    heading(buffer, place, look, tab.title(), "");
}

/// Draws facts, the long ones over several rows. On a wide screen, those that exceed the rows continue in a second column.
/// Returns the row below them.
fn draw_columns(look: &Look, area: Rect, facts: &[DetailLine], buffer: &mut Buffer) -> u16 {
    let rows = usize::from(area.height);
    let lines = wrapped(facts, area.width);
    if lines.len() <= rows || area.width < MIN_COLUMNS_FOR_TWO {
        draw_lines(look, area, &lines, buffer);
        return area.y + cols(lines.len().clamp(1, rows.max(1)));
    }
    let half = area.width / 2;
    let lines = wrapped(facts, half.saturating_sub(2));
    let (first, rest) = lines.split_at(rows.min(lines.len()));
    pairs(buffer, Rect { width: half.saturating_sub(2), ..area }, look, NAME_COLUMNS, first);
    draw_lines(look, Rect { x: area.x + half, width: area.width - half, ..area }, rest, buffer);
    area.bottom()
}

/// Facts as names and values. The name of a fact that takes several rows is in the first of them.
fn wrapped(facts: &[DetailLine], columns: u16) -> Vec<(String, Line<'static>)> {
    let room = usize::from(columns.saturating_sub(NAME_COLUMNS + 1));
    let rows_of = |fact: &DetailLine| {
        let names = std::iter::once(fact.name.to_owned()).chain(std::iter::repeat(String::new()));
        names.zip(wrap(&fact.value, room)).collect::<Vec<_>>()
    };
    facts.iter().flat_map(rows_of).collect()
}

/// Draws as many lines as there are rows, the last of which says how many more there are.
fn draw_lines(look: &Look, area: Rect, lines: &[(String, Line<'_>)], buffer: &mut Buffer) {
    let rows = usize::from(area.height);
    if lines.len() <= rows {
        pairs(buffer, area, look, NAME_COLUMNS, lines);
        return;
    }
    let (shown, hidden) = lines.split_at(rows.saturating_sub(1));
    pairs(buffer, area, look, NAME_COLUMNS, shown);
    let note = Line::from(look.span(format!("+{} more lines: Enter shows all", hidden.len()), Tone::Faint));
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    put(buffer, last, &note, Side::Left);
}

/// The totals of a group.
fn of_group(look: &Look, group: &ProjectGroup) -> Vec<DetailLine> {
    let text = |text: String| Line::from(look.span(text, Tone::Text));
    let use_of_machine = format!("cpu {}   mem {}", units::percent(group.cpu_percent), units::bytes(group.memory));
    vec![
        DetailLine { name: "project", value: text(group.name.clone()) },
        DetailLine { name: "agents", value: text(group.members.to_string()) },
        DetailLine { name: "machine", value: text(use_of_machine) },
        DetailLine { name: "tokens", value: text(units::count(group.tokens)) },
        DetailLine { name: "cost", value: text(money::whole(&group.spend)) },
    ]
}
