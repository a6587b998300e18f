use agtop_alerts::Alert;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::alerts::{about, head, ink};
use crate::app::{App, Identity};
use crate::columns::Side;
use crate::look::{Ink, Look};
use crate::widgets::{cols, put};

/// Blanks between two alerts.
const GAP: u16 = 3;

/// Rows of the strip: none where nothing is wrong, two at most.
pub(crate) fn rows(app: &App, area: Rect) -> u16 {
    let most = if area.height >= 24 { 2 } else { 1 };
    cols(packed(app, area.width, most).0.len())
}

/// An alert with its place: row, column and width.
struct Placed<'a> {
    alert: &'a Alert,
    x: u16,
    width: u16,
}

/// Puts alerts next to each other, in so many rows at most; how many found no room comes back, too.
fn packed(app: &App, width: u16, most: usize) -> (Vec<Vec<Placed<'_>>>, usize) {
    let room = width.saturating_sub(2);
    let mut rows: Vec<Vec<Placed<'_>>> = Vec::new();
    let mut x = 0;
    for (at, alert) in app.alerts.iter().enumerate() {
        let width = cols(line(&app.look, alert).width()).min(room);
        // Where it may be the last row, there must be room for the number of those left out.
        let spare = if rows.len() == most && at + 1 < app.alerts.len() { 9 } else { 0 };
        let fits = rows.last().is_some() && x + width + spare <= room;
        if !fits {
            if rows.len() == most {
                return (rows, app.alerts.len() - at);
            }
            rows.push(Vec::new());
            x = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(Placed { alert, x, width });
        }
        x += width + GAP;
    }
    (rows, 0)
}

fn line(look: &Look, alert: &Alert) -> Line<'static> {
    let ink = ink(alert);
    let style = match alert.status {
        Some(status) => look.status(status),
        None if ink == Ink::Dim => look.style(Ink::Dim),
        None => look.loud(ink),
    };
    let text_ink = if ink == Ink::Dim { Ink::Dim } else { Ink::Text };
    Line::from(vec![Span::styled(head(alert), style), Span::raw(" "), look.span(alert.text(), text_ink)])
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let (rows, left_out) = packed(app, area.width, usize::from(area.height));
    for (row, y) in rows.iter().zip(area.top()..area.bottom()) {
        for placed in row {
            let place = Rect { x: area.x + 1 + placed.x, y, width: placed.width, height: 1 };
            put(buffer, place, &line(&app.look, placed.alert), Side::Left);
        }
    }
    if left_out > 0 {
        let place = Rect { y: area.bottom().saturating_sub(1), width: area.width.saturating_sub(1), height: 1, ..area };
        put(buffer, place, &Line::from(app.look.span(format!("+{left_out} more"), Ink::Dim)), Side::Right);
    }
}

/// What the alert at that position is about.
pub(crate) fn alert_at(app: &App, area: Rect, position: Position) -> Option<Identity> {
    let (rows, _) = packed(app, area.width, usize::from(area.height));
    let row = rows.get(usize::from(position.y.checked_sub(area.y)?))?;
    let x = position.x.checked_sub(area.x + 1)?;
    about(row.iter().find(|placed| (placed.x..placed.x + placed.width).contains(&x))?.alert)
}
