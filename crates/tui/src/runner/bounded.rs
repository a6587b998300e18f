use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use crate::layout::{MAX_COLUMNS, MAX_ROWS};

/// A terminal with a bounded size. The other end of a connection may claim any size, and a buffer
/// of 65,535 × 65,535 cells does not fit in memory.
#[derive(Debug)]
pub(super) struct Bounded<B>(pub(super) B);

impl<B: Backend> Backend for Bounded<B> {
    type Error = B::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), B::Error> {
        self.0.draw(content)
    }

    fn append_lines(&mut self, lines: u16) -> Result<(), B::Error> {
        self.0.append_lines(lines)
    }

    fn hide_cursor(&mut self) -> Result<(), B::Error> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), B::Error> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, B::Error> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), B::Error> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), B::Error> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), B::Error> {
        self.0.clear_region(region)
    }

    fn size(&self) -> Result<Size, B::Error> {
        self.0.size().map(bounded)
    }

    fn window_size(&mut self) -> Result<WindowSize, B::Error> {
        self.0.window_size().map(|size| WindowSize { columns_rows: bounded(size.columns_rows), ..size })
    }

    fn flush(&mut self) -> Result<(), B::Error> {
        self.0.flush()
    }
}

fn bounded(size: Size) -> Size {
    Size { width: size.width.min(MAX_COLUMNS), height: size.height.min(MAX_ROWS) }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::{App, Canvas, Message, Options, ScreenChange};

    /// A terminal that claimed 65,535 columns and rows aborted agtop and left the mouse captured.
    #[test]
    fn a_terminal_of_any_size_is_drawn_up_to_the_bound() {
        for (claimed, used) in [((65_535, 1), (1000, 1)), ((1, 65_535), (1, 400)), ((80, 24), (80, 24))] {
            let mut terminal = Terminal::new(Bounded(TestBackend::new(claimed.0, claimed.1))).unwrap();
            let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
            app.update(Message::Resize(claimed.0, claimed.1));
            let mut canvas = Canvas::default();
            let frame = terminal.draw(|frame| canvas.draw(&app, ScreenChange::Everything, frame)).unwrap();
            assert_eq!((frame.area.width, frame.area.height), used);
            assert_eq!((app.layout.size.columns, app.layout.size.rows), used);
        }
    }

    #[test]
    fn the_largest_size_is_bounded() {
        assert_eq!(bounded(Size::new(u16::MAX, u16::MAX)), Size::new(MAX_COLUMNS, MAX_ROWS));
    }
}
