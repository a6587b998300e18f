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

/// A frame of a large screen in full colour is about this long: one write takes it to the terminal.
const FRAME_BYTES: usize = 256 * 1024;

/// The terminal that the program was started on. It is given back when this is dropped, and when the thread that took
/// it panics.
pub struct Tty {
    terminal: Terminal<Bounded<CrosstermBackend<BufWriter<Stdout>>>>,
    canvas: Canvas,
    mouse: MouseCapture,
    is_taken: bool,
}

/// Whose the mouse is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseCapture {
    /// agtop's: clicks choose, the wheel scrolls.
    #[default]
    Enabled,
    /// The terminal's: it selects text.
    Disabled,
}

impl Tty {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If standard output is none, or cannot be written to.
    pub fn take(mouse: MouseCapture) -> io::Result<Self> {
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(Bounded(CrosstermBackend::new(out)))?;
        let mut tty = Self { terminal, canvas: Canvas::default(), mouse, is_taken: false };
        give_back_on_panic();
        tty.enter()?;
        Ok(tty)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// If the terminal does not tell.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// What pictures are drawn on, if the terminal tells how large its cells are. It is asked through the system, not by
    /// a sequence that it might print.
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
        // `Terminal::clear` asks the terminal where its cursor is, and the answer would go to the thread that listens to
        // the keys. Setting the size does the same without asking.
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
        give_back(self.out())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if self.is_taken {
            // A terminal that is gone needs nothing back.
            drop(self.leave());
        }
    }
}

/// Reads what the person does, until the terminal is gone or nobody listens any more. `clock` tells how long the program
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

fn give_back(out: &mut impl Write) -> io::Result<()> {
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

/// A panic's message must land on a sane terminal. Other threads' panics are told by those that wait for them; they leave
/// the screen alone.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    let ours = std::thread::current().id();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ours {
                drop(give_back(&mut io::stdout()));
                before(panic);
            }
        }));
    });
}
