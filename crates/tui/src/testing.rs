//! Screens as text, for tests.

use std::sync::Arc;

use agtop_alerts::{AlertEngine, Rules};
use agtop_model::Snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

use crate::keys::key;
use crate::{App, Canvas, Message, Options, ScreenChange};

/// A snapshot, with the alerts that the built-in rules find in it.
pub(crate) fn snapshot_message(snapshot: impl Into<Arc<Snapshot>>) -> Message {
    let snapshot = snapshot.into();
    let alerts = AlertEngine::new(Rules::default()).update(&snapshot);
    Message::Snapshot(snapshot, alerts)
}

/// A state of that size that has seen the snapshot.
pub(crate) fn app_at(size: (u16, u16), options: Options, snapshot: Snapshot) -> App {
    let mut app = App::new(options);
    app.update(Message::Resize(size.0, size.1));
    app.update(snapshot_message(Arc::new(snapshot)));
    app
}

/// Presses keys that are separated by blanks.
pub(crate) fn press(app: &mut App, keys: &str) {
    for name in keys.split(' ').filter(|name| !name.is_empty()) {
        app.update(Message::Key(key(name).unwrap()));
    }
}

/// The screen, drawn through the real terminal type.
pub(crate) fn buffer_of(app: &App, columns: u16, rows: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| Canvas::default().draw(app, ScreenChange::Everything, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen's characters, a line a row.
pub(crate) fn text_of(app: &App, columns: u16, rows: u16) -> String {
    let buffer = buffer_of(app, columns, rows);
    let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n";
    buffer.content.chunks(usize::from(columns)).map(line).collect()
}
