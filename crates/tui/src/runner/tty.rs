use std::io::{self, BufWriter, Stdout, Write};
use std::ops::ControlFlow;
use std::sync::Once;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, MouseEventKind,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, WindowSize,
    disable_raw_mode, enable_raw_mode, window_size,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::bounded::Bounded;
use super::host::{Input, Screen};
use crate::app::App;
use crate::draw::Canvas;
use crate::logos::{GraphicsProtocol, TerminalGraphics};
use crate::message::{Message, ScreenChange};

/// Buffer for a frame: one of a large screen in full colour has about this size and is written at once.
const FRAME_BYTES: usize = 256 * 1024;

/// The terminal that the program was started on. It is restored when this is dropped, and when the thread that took
/// it panics.
pub struct Tty {
    terminal: Terminal<Bounded<CrosstermBackend<BufWriter<Stdout>>>>,
    canvas: Canvas,
    mouse: MouseCapture,
    is_taken: bool,
}

/// Who handles the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseCapture {
    /// agtop: clicks choose, the wheel scrolls.
    #[default]
    Enabled,
    /// The terminal: it selects text.
    Disabled,
}

impl Tty {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If standard output is not a terminal, or cannot be written to.
    pub fn take(mouse: MouseCapture) -> io::Result<Self> {
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(Bounded(CrosstermBackend::new(out)))?;
        let mut tty = Self { terminal, canvas: Canvas::default(), mouse, is_taken: false };
        restore_on_panic();
        tty.enter()?;
        Ok(tty)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// If the terminal does not report its size.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// How images are drawn, if the terminal reports the size of its cells. The size is requested from the system, not
    /// by an escape sequence that the terminal might print.
    pub fn graphics(&self, graphics: GraphicsProtocol) -> Option<TerminalGraphics> {
        let WindowSize { columns, rows, width, height } = window_size().ok()?;
        TerminalGraphics::new(graphics, (columns, rows), (width, height))
    }

    fn out(&mut self) -> &mut CrosstermBackend<BufWriter<Stdout>> {
        &mut self.terminal.backend_mut().0
    }
}

impl Screen for Tty {
    fn draw(&mut self, app: &App, change: ScreenChange) -> io::Result<()> {
        queue!(self.out(), BeginSynchronizedUpdate)?;
        let Self { terminal, canvas, .. } = self;
        terminal.draw(|frame| canvas.draw(app, change, frame))?;
        queue!(self.out(), EndSynchronizedUpdate)?;
        Write::flush(self.out())
    }

    fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` requests the cursor position, and the thread that reads
        // keys would receive the reply. Setting the size clears without a request.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.out(), CopyToClipboard::to_clipboard_from(text))
    }

    fn ring(&mut self, sequence: &str) -> io::Result<()> {
        self.out().write_all(sequence.as_bytes())?;
        Write::flush(self.out())
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.is_taken = true;
        execute!(self.out(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        if self.mouse == MouseCapture::Enabled {
            execute!(self.out(), EnableMouseCapture)?;
        }
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        self.is_taken = false;
        restore(self.out())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if self.is_taken {
            // An error means that the terminal is gone.
            drop(self.leave());
        }
    }
}

/// Reads keys, mouse and sizes until the terminal is gone or `send` breaks. `clock` returns how long the program
/// has run.
pub fn listen(clock: impl Fn() -> Duration, mut send: impl FnMut(Input) -> ControlFlow<()>) {
    loop {
        let input = match event::read() {
            Ok(Event::Key(key)) => Input::Message(Message::Key(key)),
            Ok(Event::Mouse(mouse)) if mouse.kind == MouseEventKind::Moved => continue,
            Ok(Event::Mouse(mouse)) => Input::Message(Message::Mouse(mouse, clock())),
            Ok(Event::Paste(text)) => Input::Message(Message::Paste(text)),
            Ok(Event::Resize(columns, rows)) => Input::Message(Message::Resize(columns, rows)),
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(_) => Input::Stop,
        };
        let is_end = matches!(input, Input::Stop);
        if send(input).is_break() || is_end {
            return;
        }
    }
}

fn restore(out: &mut impl Write) -> io::Result<()> {
    execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    )?;
    disable_raw_mode()
}

/// Restores the terminal before the message of a panic is printed. Panics of other threads are reported by the threads
/// that join them and leave the screen alone.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    let ours = std::thread::current().id();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ours {
                drop(restore(&mut io::stdout()));
                before(panic);
            }
        }));
    });
}
