//! Screens as text, for tests.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::{App, Message, draw};

/// The screen, drawn through the real terminal type.
pub(crate) fn buffer_of(app: &App, columns: u16, rows: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen's characters, a line a row.
pub(crate) fn screen(app: &App, columns: u16, rows: u16) -> String {
    let buffer = buffer_of(app, columns, rows);
    let rows = buffer.content.chunks(usize::from(columns));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

/// The same, of a state that is told the size, too.
pub(crate) fn text_of(app: &App, columns: u16, rows: u16) -> String {
    screen(app, columns, rows)
}

/// Tells the state the size first, as the real loop does.
pub(crate) fn at_size(app: &mut App, columns: u16, rows: u16) -> String {
    app.update(Message::Resize(columns, rows));
    screen(app, columns, rows)
}
