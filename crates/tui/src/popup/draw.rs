use agtop_format::{project, text};
use agtop_model::Untrusted;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::{Line, Span};

use super::help::Help;
use super::menu::{Menu, MenuItem};
use super::overlay::Overlay;
use crate::column_config::{self, ColumnConfig};
use crate::columns::status_span;
use crate::details::{DetailLine, RowDetails};
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::widgets::{Side, centred, cols, put, window};

/// Most columns of popups with text, so that lines stay readable.
const MAX_POPUP_COLUMNS: u16 = 116;
/// Most columns of the help, which has two columns of text.
const MAX_HELP_COLUMNS: u16 = 134;
/// Columns of the names of facts.
const NAME_COLUMNS: u16 = 10;

/// A title, and lines below it.
struct PopupText {
    title: Line<'static>,
    lines: Vec<Line<'static>>,
    scroll: usize,
    /// Columns of the popup if its lines are longer than all its usual widths.
    widest: u16,
}

/// What popups are made of.
pub(crate) struct Popup<'a> {
    pub(crate) render: RenderContext<'a>,
    pub(crate) overlay: Option<&'a Overlay>,
    /// The chosen row, if there is one.
    pub(crate) details: Option<RowDetails<'a>>,
    pub(crate) help: Help<'a>,
    /// Set while the columns are chosen in a window of their own.
    pub(crate) column_window: Option<ColumnConfig<'a>>,
}

impl Popup<'_> {
    /// Draws the popup, if there is one.
    pub(crate) fn draw(&self, screen: Rect, buffer: &mut Buffer) {
        if let Some(config) = &self.column_window {
            dim(self.render.look, buffer);
            config.draw(screen, buffer);
        } else if let Some(text) = self.text(screen) {
            dim(self.render.look, buffer);
            self.draw_text(&text, screen, buffer);
        }
    }

    fn text(&self, screen: Rect) -> Option<PopupText> {
        let look = self.render.look;
        match self.overlay? {
            Overlay::Detail { scroll, find } => {
                let lines = self.facts(find).into_iter().map(|fact| line(look, fact)).collect();
                Some(PopupText { title: self.detail_title(), lines, scroll: *scroll, widest: MAX_POPUP_COLUMNS })
            }
            Overlay::Help { scroll } => {
                let title = Line::from(Span::styled("Help", look.bold(Tone::Accent)));
                Some(PopupText {
                    title,
                    lines: self.help.lines(look, screen.width.min(MAX_HELP_COLUMNS).saturating_sub(6)),
                    scroll: *scroll,
                    widest: MAX_HELP_COLUMNS,
                })
            }
            Overlay::Pager { title, lines, scroll } => {
                let harmless = |text: &String| Untrusted::from(&**text).for_terminal().into_owned();
                let lines = lines.iter().map(|text| Line::from(look.span(harmless(text), Tone::Text))).collect();
                let title = Line::from(Span::styled(harmless(title), look.bold(Tone::Accent)));
                Some(PopupText { title, lines, scroll: *scroll, widest: u16::MAX })
            }
            Overlay::Menu(menu) => {
                let title = Line::from(Span::styled(menu.title, look.bold(Tone::Accent)));
                Some(PopupText { title, lines: menu_lines(look, menu), scroll: 0, widest: MAX_POPUP_COLUMNS })
            }
            Overlay::Configure { .. } => None,
        }
    }

    fn detail_title(&self) -> Line<'static> {
        let Some(row) = self.details.map(|details| details.row) else { return Line::default() };
        let look = self.render.look;
        let label = match (row.agent, row.session) {
            (Some(agent), _) => agent.label.for_terminal().into_owned(),
            (None, Some(session)) => session.client().as_str().to_owned(),
            (None, None) => String::new(),
        };
        let mut spans = vec![status_span(look, &row), Span::raw("   "), look.span(label, Tone::Strong)];
        spans.extend(row.agent.map(|agent| look.span(format!("   pid {}", agent.process.id.pid), Tone::Dim)));
        let by_session = || Some(row.session?.project.as_ref()?.for_terminal().into_owned());
        let name = row.agent.map(project).or_else(by_session);
        spans.extend(name.map(|name| look.span(format!("   {name}"), Tone::Text)));
        Line::from(spans)
    }

    fn facts(&self, find: &str) -> Vec<DetailLine> {
        let facts = self.details.map_or_else(Vec::new, |subject| subject.all());
        let find = find.to_lowercase();
        let holds = |fact: &DetailLine| format!("{} {}", fact.name, fact.value).to_lowercase().contains(&find);
        facts.into_iter().filter(|fact| find.is_empty() || holds(fact)).collect()
    }

    /// The value of the first visible line of the details, for copying.
    pub(crate) fn first_value(&self) -> Option<String> {
        let Some(Overlay::Detail { scroll, find }) = self.overlay else { return None };
        if *scroll == 0 && find.is_empty() {
            return None;
        }
        let fact = self.facts(find).into_iter().nth(*scroll)?;
        fact.value.spans.iter().find(|span| !span.content.trim().is_empty()).map(|span| span.content.trim().to_owned())
    }

    /// Where the popup is; empty if there is none.
    pub(crate) fn area(&self, screen: Rect) -> Rect {
        match (&self.column_window, self.text(screen)) {
            (Some(_), _) => column_config::area(screen),
            (None, Some(text)) => place(screen, &text),
            (None, None) => Rect::default(),
        }
    }

    /// How many lines of the details have the text that is searched for, and how many there are.
    pub(crate) fn found(&self) -> Option<(usize, usize)> {
        let Some(Overlay::Detail { find, .. }) = self.overlay else { return None };
        Some((self.facts(find).len(), self.facts("").len()))
    }

    /// The last line at which the popup can begin.
    pub(crate) fn last_scroll(&self, screen: Rect) -> usize {
        self.text(screen).map_or(0, |text| {
            let rows = usize::from(place(screen, &text).height.saturating_sub(2));
            text.lines.len().saturating_sub(rows)
        })
    }

    fn draw_text(&self, text: &PopupText, screen: Rect, buffer: &mut Buffer) {
        let area = place(screen, text);
        let inner = window(self.render.look, area, text.title.clone(), buffer);
        let scroll = text.scroll.min(text.lines.len().saturating_sub(usize::from(inner.height)));
        for (row, line) in inner.rows().zip(text.lines.iter().skip(scroll)) {
            put(buffer, row, line, Side::Left);
        }
        let hidden = text.lines.len().saturating_sub(scroll + usize::from(inner.height));
        if hidden > 0 {
            let below =
                Rect { y: area.bottom().saturating_sub(1), width: area.width.saturating_sub(2), height: 1, ..area };
            put(
                buffer,
                below,
                &Line::from(self.render.look.span(format!(" {hidden} more ▼ "), Tone::Dim)),
                Side::Right,
            );
        }
    }
}

/// Dims what a popup covers, so that the eye stays with the popup.
fn dim(look: &Look, buffer: &mut Buffer) {
    let style = look.style(Tone::Faint).remove_modifier(Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED);
    let ground = look.background().bg.unwrap_or(Color::Reset);
    for cell in &mut buffer.content {
        cell.set_style(style.bg(ground));
    }
}

fn menu_lines(look: &Look, menu: &Menu) -> Vec<Line<'static>> {
    let widest =
        |text: fn(&MenuItem) -> &String| menu.items.iter().map(|item| text::width(text(item))).max().unwrap_or(0);
    let (names, notes) = (widest(|item| &item.name), widest(|item| &item.note));
    let item = |(at, item): (usize, &MenuItem)| {
        let letter = item.letter.map_or(' ', |letter| letter);
        let mut line = Line::from(vec![
            look.span(if at == menu.index { "▸ " } else { "  " }, Tone::Accent),
            look.span(format!("{letter}  "), Tone::Accent),
            look.span(text::left(&item.name, names + 2), Tone::Text),
            look.span(text::left(&item.note, notes), Tone::Dim),
        ]);
        if at == menu.index {
            line = line.style(look.selected());
        }
        line
    };
    let about =
        (!menu.about.is_empty()).then(|| [Line::from(look.span(menu.about.clone(), Tone::Strong)), Line::default()]);
    about.into_iter().flatten().chain(menu.items.iter().enumerate().map(item)).collect()
}

fn line(look: &Look, fact: DetailLine) -> Line<'static> {
    let mut spans = vec![look.span(format!("{:<1$}  ", fact.name, usize::from(NAME_COLUMNS)), Tone::Dim)];
    spans.extend(fact.value.spans);
    Line::from(spans)
}

fn place(screen: Rect, text: &PopupText) -> Rect {
    let widest = text.lines.iter().map(Line::width).max().unwrap_or(0).max(text.title.width() + 2);
    // A popup as wide as its longest line would change with each new line, so it has a few widths only.
    let width = [56, 84, MAX_POPUP_COLUMNS, MAX_HELP_COLUMNS]
        .into_iter()
        .find(|width| usize::from(*width) >= widest + 4)
        .unwrap_or(text.widest);
    centred(screen, width, cols(text.lines.len()).saturating_add(2))
}
