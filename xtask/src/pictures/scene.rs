//! What each picture shows.

use std::sync::Arc;
use std::time::Duration;

use agtop_alerts::{AlertEngine, Rules};
use agtop_demo::{DEMO_START, Demo};
use agtop_tui::{App, Canvas, Charset, ColorDepth, Message, Options, Rgb, ScreenChange, SelfStats, theme};
use anyhow::{Context, Result};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// A picture.
pub(super) struct Scene {
    pub(super) name: &'static str,
    /// Columns and rows.
    size: (u16, u16),
    theme: &'static str,
    colours: Colours,
    /// Keys that are pressed before the picture is taken, separated by blanks.
    keys: &'static str,
}

/// What the terminal of a picture can show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    All,
    /// No colours.
    None,
    /// No colours, and only ASCII.
    Ascii,
}

const fn dark(name: &'static str, size: (u16, u16), keys: &'static str) -> Scene {
    Scene { name, size, theme: "dark", colours: Colours::All, keys }
}

const WIDE: (u16, u16) = (140, 40);

pub(super) static SCENES: &[Scene] = &[
    dark("agents", WIDE, ""),
    dark("dashboard", WIDE, "d"),
    dark("sessions", WIDE, "2"),
    dark("rates", WIDE, "3"),
    dark("usage", WIDE, "4"),
    dark("quota", WIDE, "5"),
    dark("groups", WIDE, "g"),
    dark("tree", WIDE, "t"),
    dark("details", WIDE, "Enter"),
    dark("filter", WIDE, "/ c o s t > 2"),
    dark("sort", WIDE, "s"),
    dark("signal", WIDE, "K"),
    dark("columns", WIDE, "c j j j"),
    dark("help", WIDE, "?"),
    dark("agents-80x24", (80, 24), ""),
    dark("dashboard-80x24", (80, 24), "d"),
    dark("agents-60x15", (60, 15), ""),
    dark("agents-220x60", (220, 60), ""),
    dark("dashboard-220x60", (220, 60), "d"),
    dark("agents-300x100", (300, 100), ""),
    Scene { name: "agents-light", size: WIDE, theme: "light", colours: Colours::All, keys: "" },
    Scene { name: "dashboard-light", size: WIDE, theme: "light", colours: Colours::All, keys: "d" },
    Scene { name: "agents-mono", size: WIDE, theme: "dark", colours: Colours::None, keys: "" },
    Scene { name: "dashboard-mono", size: WIDE, theme: "dark", colours: Colours::None, keys: "d" },
    Scene { name: "agents-ascii", size: (80, 24), theme: "dark", colours: Colours::Ascii, keys: "" },
];

/// How long the demo has run in a picture.
const ELAPSED: Duration = Duration::from_secs(90);

impl Scene {
    /// The colour behind everything: that of the theme, or of a dark terminal.
    pub(super) fn ground(&self) -> Rgb {
        theme(self.theme).ok().and_then(|theme| theme.ground).unwrap_or(super::svg::DARK_GROUND)
    }

    pub(super) fn draw(&self) -> Result<Buffer> {
        let mut demo = DemoScreen::new(self.options()?, self.size);
        demo.show(ELAPSED);
        demo.press(self.keys)?;
        demo.draw()
    }

    fn options(&self) -> Result<Options> {
        let depth = if self.colours == Colours::All { ColorDepth::True } else { ColorDepth::None };
        let charset = if self.colours == Colours::Ascii { Charset::Ascii } else { Charset::Unicode };
        Ok(Options {
            theme: theme(self.theme)?,
            depth,
            charset,
            ..Options::with_defaults(env!("CARGO_PKG_VERSION"), "linux")
        })
    }
}

/// The screen of the demo.
pub(super) struct DemoScreen {
    app: App,
    demo: Demo,
    alerts: AlertEngine,
    size: (u16, u16),
}

impl DemoScreen {
    pub(super) fn new(options: Options, size: (u16, u16)) -> Self {
        let mut app = App::new(options);
        app.update(Message::Resize(size.0, size.1));
        app.update(Message::SelfStats(SelfStats { cpu_percent: Some(0.2), memory: Some(31_000_000) }));
        let demo = Demo::usual(DEMO_START, TimeZone::UTC);
        Self { app, demo, alerts: AlertEngine::new(Rules::default()), size }
    }

    /// Shows the snapshot of that moment.
    pub(super) fn show(&mut self, elapsed: Duration) {
        let snapshot = self.demo.snapshot(elapsed);
        let alerts = self.alerts.update(&snapshot);
        self.app.update(Message::Snapshot(Arc::new(snapshot), alerts));
    }

    /// Presses keys that are separated by blanks.
    pub(super) fn press(&mut self, keys: &str) -> Result<()> {
        for name in keys.split_whitespace() {
            let code = match name {
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Down" => KeyCode::Down,
                letter => KeyCode::Char(letter.chars().next().context("a key has a name")?),
            };
            self.app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        Ok(())
    }

    pub(super) fn draw(&self) -> Result<Buffer> {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1))?;
        terminal.draw(|frame| Canvas::default().draw(&self.app, ScreenChange::Everything, frame))?;
        Ok(terminal.backend().buffer().clone())
    }
}
