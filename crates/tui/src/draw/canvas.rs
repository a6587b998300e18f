use ratatui::Frame;
use ratatui::buffer::Buffer;

use super::screen::{draw_clock, draw_into};
use crate::app::App;
use crate::clock::ClockPrecision;
use crate::message::ScreenChange;

/// What is on the screen. While nothing happens, a frame differs from the last one only by the clock.
#[derive(Debug, Default)]
pub struct Canvas {
    /// The last frame, if the clock can be drawn into it.
    last: Option<Buffer>,
}

impl Canvas {
    /// Draws the state after this change.
    pub fn draw(&mut self, app: &App, change: ScreenChange, frame: &mut Frame<'_>) {
        let area = frame.area();
        if let Some(last) = self.last.as_mut().filter(|last| change == ScreenChange::Clock && last.area == area) {
            draw_clock(app, area, last);
            frame.buffer_mut().content.clone_from_slice(&last.content);
            return;
        }
        let cursor = draw_into(app, area, frame.buffer_mut());
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
        // A clock without seconds changes so rarely that a frame of its own is not worth keeping this one.
        if cursor.is_some() || app.is_covered() || app.options.clock == ClockPrecision::Minutes {
            self.last = None;
        } else if let Some(last) = self.last.as_mut().filter(|last| last.area == area) {
            last.content.clone_from_slice(&frame.buffer_mut().content);
        } else {
            self.last = Some(frame.buffer_mut().clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::keys::key;
    use crate::testing::snapshot_message;
    use crate::{Message, Options};
    use agtop_demo as demo;

    /// What the canvas shows, and what it would show if it drew everything.
    fn shown(canvas: &mut Canvas, app: &App, change: ScreenChange, size: (u16, u16)) -> [String; 2] {
        let frame = |canvas: &mut Canvas, change| {
            let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
            terminal.draw(|frame| canvas.draw(app, change, frame)).unwrap();
            format!("{:?}", terminal.backend().buffer())
        };
        [frame(canvas, change), frame(&mut Canvas::default(), ScreenChange::Everything)]
    }

    #[test]
    fn a_frame_for_the_clock_is_the_frame_that_everything_would_make() {
        let clock = ClockPrecision::Seconds;
        let mut app = App::new(Options { clock, ..Options::with_defaults("1.0.0", "linux") });
        let snapshot = demo::crowd(5, 9);
        let mut now = snapshot.now;
        app.update(snapshot_message(Arc::new(snapshot)));
        let mut canvas = Canvas::default();
        for keys in ["", "?", "Esc", "/", "x", "Esc", "2", "p", "d"] {
            if !keys.is_empty() {
                app.update(Message::Key(key(keys).unwrap()));
            }
            for size in [(140, 40), (60, 15), (8, 3)] {
                let [drawn, wanted] = shown(&mut canvas, &app, ScreenChange::Everything, size);
                assert_eq!(drawn, wanted);
                for _ in 0..2 {
                    now = now.plus(Duration::from_secs(31));
                    app.update(Message::Clock(now));
                    assert!(app.take_change() >= Some(ScreenChange::Clock));
                    let [drawn, wanted] = shown(&mut canvas, &app, ScreenChange::Clock, size);
                    assert_eq!(drawn, wanted, "after {keys:?} at {size:?}");
                }
            }
        }
    }
}
