use agtop_alerts::{Alert, AlertSubject, Severity};
use agtop_model::Status;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::look::{Look, Tone};
use crate::views::RowIdentity;
use crate::widgets::{Side, cols, put};

/// Blanks between two alerts.
const ALERT_GAP: u16 = 3;

/// Most rows of alerts.
pub(crate) const MAX_ALERT_ROWS: u16 = 2;

/// Rows that alerts take: none without alerts, two at most.
pub(crate) fn rows(alerts: &[Alert], area: Rect) -> u16 {
    let most = if area.height >= 24 { MAX_ALERT_ROWS } else { 1 };
    cols(pack(alerts, area.width, usize::from(most)).0.len())
}

/// An alert with its column and width.
struct PlacedAlert<'a> {
    alert: &'a Alert,
    x: u16,
    width: u16,
}

/// Places alerts next to each other in `most` rows; also returns how many did not fit.
fn pack(alerts: &[Alert], width: u16, most: usize) -> (Vec<Vec<PlacedAlert<'_>>>, usize) {
    let room = width.saturating_sub(2);
    let mut rows: Vec<Vec<PlacedAlert<'_>>> = Vec::new();
    let mut x = 0;
    for (at, alert) in alerts.iter().enumerate() {
        let width = cols(agtop_format::text::width(&text(alert))).min(room);
        // The last row keeps room for the number of alerts that do not fit.
        let spare = if rows.len() == most && at + 1 < alerts.len() { 9 } else { 0 };
        let fits = rows.last().is_some() && x + width + spare <= room;
        if !fits {
            if rows.len() == most {
                return (rows, alerts.len() - at);
            }
            rows.push(Vec::new());
            x = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(PlacedAlert { alert, x, width });
        }
        x += width + ALERT_GAP;
    }
    (rows, 0)
}

/// What an alert says, without styles.
fn text(alert: &Alert) -> String {
    format!("{} {}", label(alert), alert.text())
}

fn line(look: &Look, alert: &Alert) -> Line<'static> {
    let tone = tone(alert);
    let style = match alert.status {
        Some(status) => look.status(status),
        None if tone == Tone::Dim => look.style(Tone::Dim),
        None => look.bold(tone),
    };
    let text_tone = if tone == Tone::Dim { Tone::Dim } else { Tone::Text };
    Line::from(vec![Span::styled(label(alert), style), Span::raw(" "), look.span(alert.text(), text_tone)])
}

pub(crate) fn draw(look: &Look, alerts: &[Alert], area: Rect, buffer: &mut Buffer) {
    let (rows, left_out) = pack(alerts, area.width, usize::from(area.height));
    for (row, y) in rows.iter().zip(area.top()..area.bottom()) {
        for placed in row {
            let place = Rect { x: area.x + 1 + placed.x, y, width: placed.width, height: 1 };
            put(buffer, place, &line(look, placed.alert), Side::Left);
        }
    }
    if left_out > 0 {
        let place = Rect { y: area.bottom().saturating_sub(1), width: area.width.saturating_sub(1), height: 1, ..area };
        put(buffer, place, &Line::from(look.span(format!("+{left_out} more"), Tone::Dim)), Side::Right);
    }
}

/// The row of the alert at a position.
pub(crate) fn alert_at(alerts: &[Alert], area: Rect, position: Position) -> Option<RowIdentity> {
    let (rows, _) = pack(alerts, area.width, usize::from(area.height));
    let row = rows.get(usize::from(position.y.checked_sub(area.y)?))?;
    let x = position.x.checked_sub(area.x + 1)?;
    row_of(row.iter().find(|placed| (placed.x..placed.x + placed.width).contains(&x))?.alert)
}

/// The tone of an alert: that of its status if it has one, else that of its severity.
fn tone(alert: &Alert) -> Tone {
    match (alert.status, alert.severity) {
        (Some(status), _) => Tone::of(status),
        (None, Severity::Note) => Tone::Dim,
        (None, Severity::Warn) => Tone::Warn,
        (None, Severity::Bad) => Tone::Bad,
    }
}

/// The mark and the label of an alert.
fn label(alert: &Alert) -> String {
    format!("{} {}", alert.status.map_or("▲", Status::glyph), alert.label)
}

/// The row that an alert is about.
fn row_of(alert: &Alert) -> Option<RowIdentity> {
    match &alert.subject {
        AlertSubject::Agent(process, session) => Some(RowIdentity::Agent(*process, session.clone())),
        AlertSubject::Fleet | AlertSubject::Quota(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use agtop_alerts::Rules;
    use agtop_demo as demo;

    use super::*;

    #[test]
    fn alerts_of_agents_that_wait_for_the_user_come_first() {
        let alerts = Rules::default().evaluate(&demo::crowd(14, 14));
        let heads: Vec<String> = alerts.iter().map(label).collect();
        assert_eq!(heads[0], "! permission");
        let rank = |head: &str| heads.iter().position(|other| other.contains(head)).unwrap();
        assert!(rank("your turn") < rank("stalled") && rank("stalled") < rank("rate limited"));
    }

    #[test]
    fn an_alert_has_the_tone_of_its_status_or_else_of_its_severity() {
        let mut alert = Rules::default().evaluate(&demo::crowd(14, 14)).remove(0);
        assert_eq!((tone(&alert), label(&alert)), (Tone::Warn, "! permission".to_owned()));
        alert.status = None;
        for (severity, expected) in
            [(Severity::Note, Tone::Dim), (Severity::Warn, Tone::Warn), (Severity::Bad, Tone::Bad)]
        {
            alert.severity = severity;
            assert_eq!((tone(&alert), label(&alert)), (expected, "▲ permission".to_owned()));
        }
    }
}
