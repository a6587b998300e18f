//! The panel below the list: what is known of the chosen line, in tabs.

use agtop_format::{money, units};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::Line;

use crate::app::{App, Group, Item, Tab};
use crate::columns::Side;
use crate::draw::{blanks_around, tab_places};
use crate::facts::{Fact, Subject};
use crate::logos::client_of;
use crate::look::Ink;
use crate::popup::draw_in_panel;
use crate::widgets::{cols, pairs, put};

/// Columns of the names of facts.
const NAMES: u16 = 10;

pub(crate) fn titles() -> Vec<String> {
    Tab::ALL.iter().map(|tab| tab.title().to_owned()).collect()
}

/// The room below the titles.
pub(crate) fn inner(area: Rect) -> Rect {
    let height = area.height.saturating_sub(1);
    Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(3), height }
}

pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    draw_titles(app, Rect { height: 1, ..area }, buffer);
    draw_logo(app, area, buffer);
    let inner = inner(area);
    if let Some(index) = app.configures_in_panel() {
        draw_in_panel(app, index, inner, buffer);
        return;
    }
    let facts = facts(app);
    if facts.is_empty() {
        put(buffer, Rect { height: 1, ..inner }, &Line::from(app.look.span("nothing to show", Ink::Faint)), Side::Left);
    }
    let lines: Vec<(String, Line<'_>)> = facts.into_iter().map(|fact| (fact.name.to_owned(), fact.value)).collect();
    columns_of(app, inner, &lines, buffer);
}

/// More lines than rows go on in a second column, where the screen is wide enough for it.
fn columns_of(app: &App, area: Rect, lines: &[(String, Line<'_>)], buffer: &mut Buffer) {
    let rows = usize::from(area.height);
    let (first, rest) = lines.split_at(rows.min(lines.len()));
    if rest.is_empty() || area.width < 120 {
        pairs(buffer, area, &app.look, NAMES, first);
        return;
    }
    let half = area.width / 2;
    pairs(buffer, Rect { width: half.saturating_sub(2), ..area }, &app.look, NAMES, first);
    pairs(buffer, Rect { x: area.x + half, width: area.width - half, ..area }, &app.look, NAMES, rest);
}

fn draw_titles(app: &App, area: Rect, buffer: &mut Buffer) {
    let rule = "─".repeat(usize::from(area.width));
    put(buffer, area, &Line::from(app.look.span(rule, Ink::Faint)), Side::Left);
    let titles = titles();
    for ((place, title), tab) in tab_places(area, &titles).into_iter().zip(&titles).zip(Tab::ALL) {
        let style = if tab == app.tab {
            app.look.loud(Ink::Accent).add_modifier(Modifier::UNDERLINED)
        } else {
            app.look.style(Ink::Dim)
        };
        if place.end < area.right() {
            blanks_around(buffer, area, &place, &app.look);
            buffer.set_stringn(place.start, area.y, title, usize::from(area.width), style);
        }
    }
}

/// Whose agent it is, at the right end of the titles.
fn draw_logo(app: &App, area: Rect, buffer: &mut Buffer) {
    let (Some(logos), Some(row)) = (app.logos().filter(|_| app.tab == Tab::Info), app.chosen()) else { return };
    let Some(client) = client_of(&row) else { return };
    let name = client.as_str();
    // A blank before the logo, and one behind the name, before the last bit of the rule.
    let room = app.logo_room() + cols(agtop_format::text::width(name)) + 2;
    if area.width <= room + cols(titles().concat().len()) + 24 {
        return;
    }
    let place = Rect { x: area.right() - room - 2, width: room, height: 1, ..area };
    let blank = " ".repeat(usize::from(app.logo_room()) + 1);
    put(buffer, place, &Line::from(app.look.span(format!("{blank}{name} "), Ink::Dim)), Side::Left);
    logos.draw(&[(client, Position::new(place.x + 1, place.y))], buffer);
}

fn facts(app: &App) -> Vec<Fact> {
    if app.tab == Tab::Config {
        return config(app);
    }
    if let Some(Item::Group(group)) = app.list().and_then(|list| list.chosen()) {
        return of_group(app, group);
    }
    let Some(subject) = Subject::of(app) else { return Vec::new() };
    match app.tab {
        Tab::Info => subject.info(),
        Tab::Process => subject.process(),
        Tab::Cost => subject.cost(),
        Tab::Files => subject.files(),
        Tab::Timeline => subject.timeline(),
        Tab::Config => Vec::new(),
    }
}

/// What the members of a group come to.
fn of_group(app: &App, group: &Group) -> Vec<Fact> {
    let text = |text: String| Line::from(app.look.span(text, Ink::Text));
    let use_of_machine = format!("cpu {}   mem {}", units::percent(group.cpu_percent), units::bytes(group.memory));
    vec![
        Fact { name: "project", value: text(group.name.clone()) },
        Fact { name: "agents", value: text(group.members.to_string()) },
        Fact { name: "machine", value: text(use_of_machine) },
        Fact { name: "tokens", value: text(units::count(group.tokens)) },
        Fact { name: "cost", value: text(money::whole(&group.spend)) },
    ]
}

/// How the screen is set up, and the key that changes it.
fn config(app: &App) -> Vec<Fact> {
    let look = &app.look;
    let text = |text: String, how: &'static str| {
        Line::from(vec![look.span(text, Ink::Text), look.span(format!("   {how}"), Ink::Dim)])
    };
    let columns: Vec<String> = app.columns().iter().map(ToString::to_string).collect();
    let shown = if app.options.content == agtop_format::Content::Included { "shown" } else { "hidden" };
    vec![
        Fact { name: "columns", value: text(columns.join(" "), "c: choose, order, size") },
        Fact { name: "theme", value: text(look.theme.name.to_string(), "T: next, :theme NAME") },
        Fact { name: "keys", value: text(app.options.keys.as_str().to_owned(), ":keys agtop, htop or vim") },
        Fact { name: "interval", value: text(format!("{:?}", app.options.interval), ":interval SECONDS") },
        Fact { name: "messages", value: text(shown.to_owned(), ":private hides what was said and worked on") },
    ]
}
