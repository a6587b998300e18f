//! What lies over the view: details, help, questions, texts.

mod configure;
mod help;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

pub(crate) use configure::{column_at, configurable, draw_in_panel};

use crate::app::{App, Overlay, project};
use crate::columns::{Side, standing};
use crate::facts::{Fact, Subject};
use crate::look::Ink;
use crate::widgets::{cols, harmless, put};

/// Most popups are no wider, so that lines can be read.
const WIDEST: u16 = 116;
/// Columns of the names of facts.
const NAMES: u16 = 10;

/// A title, and lines below it.
struct Text {
    title: Line<'static>,
    lines: Vec<Line<'static>>,
    scroll: usize,
    /// How wide the popup is where lines are longer than all its usual sizes.
    widest: u16,
}

/// Draws what lies over the view, if anything does.
pub(crate) fn draw(app: &App, screen: Rect, buffer: &mut Buffer) {
    if app.configures_in_panel().is_some() {
        // The panel draws it.
    } else if let Some(Overlay::Configure { index }) = app.overlay {
        configure::draw(app, index, screen, buffer);
    } else if let Some(text) = text(app) {
        draw_text(app, &text, screen, buffer);
    }
}

fn text(app: &App) -> Option<Text> {
    match app.overlay.as_ref()? {
        Overlay::Detail { scroll, find } => {
            let lines = facts(app, find).into_iter().map(|fact| line(app, fact)).collect();
            Some(Text { title: detail_title(app), lines, scroll: *scroll, widest: WIDEST })
        }
        Overlay::Help { scroll } => {
            let title = Line::from(Span::styled("Help", app.look.loud(Ink::Accent)));
            Some(Text { title, lines: help::lines(app), scroll: *scroll, widest: WIDEST })
        }
        Overlay::Pager { title, lines, scroll } => {
            let harmless = |text: &String| agtop_model::Untrusted::from(&**text).for_terminal().into_owned();
            let lines = lines.iter().map(|text| Line::from(app.look.span(harmless(text), Ink::Text))).collect();
            let title = Line::from(Span::styled(harmless(title), app.look.loud(Ink::Accent)));
            Some(Text { title, lines, scroll: *scroll, widest: u16::MAX })
        }
        Overlay::Confirm(suspect) => {
            let title = Line::from(Span::styled("Send a signal?", app.look.loud(Ink::Warn)));
            Some(Text { title, lines: question(app, suspect), scroll: 0, widest: WIDEST })
        }
        Overlay::Configure { .. } => None,
    }
}

fn question(app: &App, suspect: &crate::app::Suspect) -> Vec<Line<'static>> {
    let look = &app.look;
    let choice = |key: &'static str, what: &'static str| {
        Line::from(vec![look.span(format!("  {key:<4}"), Ink::Accent), look.span(what, Ink::Text)])
    };
    vec![
        Line::from(vec![
            look.span(suspect.name.clone(), Ink::Strong),
            look.span(format!("   pid {}", suspect.process.pid), Ink::Dim),
        ]),
        Line::default(),
        choice("y", "end it in good order (SIGTERM)"),
        choice("k", "end it at once (SIGKILL)"),
        choice("s", "stop it (SIGSTOP)"),
        choice("c", "let it go on (SIGCONT)"),
        choice("Esc", "leave it alone"),
    ]
}

fn detail_title(app: &App) -> Line<'static> {
    let Some(row) = app.chosen() else { return Line::default() };
    let look = &app.look;
    let label = match (row.agent, row.session) {
        (Some(agent), _) => agent.label.for_terminal().into_owned(),
        (None, Some(session)) => session.client().as_str().to_owned(),
        (None, None) => String::new(),
    };
    let mut spans = vec![standing(look, &row), Span::raw("   "), look.span(label, Ink::Strong)];
    spans.extend(row.agent.map(|agent| look.span(format!("   pid {}", agent.process.id.pid), Ink::Dim)));
    let by_session = || Some(row.session?.project.as_ref()?.for_terminal().into_owned());
    let name = row.agent.map(project).or_else(by_session);
    spans.extend(name.map(|name| look.span(format!("   {name}"), Ink::Text)));
    Line::from(spans)
}

fn facts(app: &App, find: &str) -> Vec<Fact> {
    let facts = Subject::of(app).map_or_else(Vec::new, |subject| subject.all());
    let find = find.to_lowercase();
    let holds = |fact: &Fact| format!("{} {}", fact.name, fact.value).to_lowercase().contains(&find);
    facts.into_iter().filter(|fact| find.is_empty() || holds(fact)).collect()
}

fn line(app: &App, fact: Fact) -> Line<'static> {
    let mut spans = vec![app.look.span(format!("{:<1$}  ", fact.name, usize::from(NAMES)), Ink::Dim)];
    spans.extend(fact.value.spans);
    Line::from(spans)
}

/// What is copied from the details: the value of the first line that is shown.
pub(crate) fn first_value(app: &App) -> Option<String> {
    let Some(Overlay::Detail { scroll, find }) = &app.overlay else { return None };
    if *scroll == 0 && find.is_empty() {
        return None;
    }
    let fact = facts(app, find).into_iter().nth(*scroll)?;
    fact.value.spans.iter().find(|span| !span.content.trim().is_empty()).map(|span| span.content.trim().to_owned())
}

/// Where the popup is.
pub(crate) fn area(app: &App) -> Rect {
    let screen = app.size.area();
    match (&app.overlay, text(app)) {
        (Some(Overlay::Configure { .. }), _) => {
            let panel = crate::layout::zones(app, screen).panel.filter(|_| app.configures_in_panel().is_some());
            panel.unwrap_or_else(|| configure::area(screen))
        }
        (_, Some(text)) => place(screen, &text),
        (_, None) => Rect::default(),
    }
}

/// The last line at which the popup can begin.
pub(crate) fn last_scroll(app: &App) -> usize {
    text(app).map_or(0, |text| {
        let rows = usize::from(place(app.size.area(), &text).height.saturating_sub(2));
        text.lines.len().saturating_sub(rows)
    })
}

fn place(screen: Rect, text: &Text) -> Rect {
    let widest = text.lines.iter().map(Line::width).max().unwrap_or(0).max(text.title.width() + 2);
    // A popup that is about as wide as the widest would jump with each new line: it has a few sizes only.
    let width = [56, 84, WIDEST].into_iter().find(|width| usize::from(*width) >= widest + 4).unwrap_or(text.widest);
    centred(screen, width, cols(text.lines.len()).saturating_add(2))
}

fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(screen.width.saturating_sub(2));
    let height = height.min(screen.height.saturating_sub(2));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}

/// An empty window with a title; the room inside comes back.
fn window(app: &App, area: Rect, title: Line<'static>, buffer: &mut Buffer) -> Rect {
    Clear.render(area, buffer);
    buffer.set_style(area, app.look.ground());
    let mut spans = vec![Span::raw(" ")];
    spans.extend(title.spans);
    spans.push(Span::raw(" "));
    let title = Line::from(spans);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(app.look.style(Ink::Faint))
        .title(harmless(&title).into_owned());
    let inner = block.inner(area);
    block.render(area, buffer);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

fn draw_text(app: &App, text: &Text, screen: Rect, buffer: &mut Buffer) {
    let area = place(screen, text);
    let inner = window(app, area, text.title.clone(), buffer);
    let scroll = text.scroll.min(text.lines.len().saturating_sub(usize::from(inner.height)));
    for (row, line) in inner.rows().zip(text.lines.iter().skip(scroll)) {
        put(buffer, row, line, Side::Left);
    }
    let hidden = text.lines.len().saturating_sub(scroll + usize::from(inner.height));
    if hidden > 0 {
        let below = Rect { y: area.bottom().saturating_sub(1), width: area.width.saturating_sub(2), height: 1, ..area };
        put(buffer, below, &Line::from(app.look.span(format!(" {hidden} more ▼ "), Ink::Dim)), Side::Right);
    }
}
