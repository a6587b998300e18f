//! The time from a message to the drawn frame, with 1,000 agents and 20,000 sessions on a
//! screen of 200×50. The limit is 16 ms.

use std::sync::{Arc, OnceLock};

use agtop_alerts::{AlertEngine, AlertUpdate, Rules};
use agtop_demo as demo;
use agtop_model::Snapshot;
use agtop_tui::{App, Canvas, Message, Options, ScreenChange};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    divan::main();
}

fn snapshot() -> Arc<Snapshot> {
    static ONCE: OnceLock<Arc<Snapshot>> = OnceLock::new();
    Arc::clone(ONCE.get_or_init(|| Arc::new(demo::crowd(1_000, 20_000))))
}

fn snapshot_message() -> Message {
    static ALERTS: OnceLock<AlertUpdate> = OnceLock::new();
    let alerts = ALERTS.get_or_init(|| AlertEngine::new(Rules::default()).update(&snapshot()));
    Message::Snapshot(snapshot(), alerts.clone())
}

fn key(code: KeyCode) -> Message {
    Message::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// A screen after these keys.
fn screen(keys: &str) -> (App, Terminal<TestBackend>) {
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    app.update(Message::Resize(200, 50));
    app.update(snapshot_message());
    for letter in keys.chars() {
        app.update(key(KeyCode::Char(letter)));
    }
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).expect("a test terminal");
    frame(&app, &mut terminal);
    (app, terminal)
}

fn frame(app: &App, terminal: &mut Terminal<TestBackend>) {
    terminal.draw(|frame| Canvas::default().draw(app, ScreenChange::Everything, frame)).expect("a test terminal");
}

/// Keys that lead to each view.
const VIEWS: [&str; 8] = ["1", "1g", "1t", "1d", "2", "3", "4", "5"];

#[divan::bench]
fn a_second(bencher: Bencher<'_, '_>) {
    let (mut app, mut terminal) = screen("");
    let mut canvas = Canvas::default();
    terminal.draw(|frame| canvas.draw(&app, ScreenChange::Everything, frame)).expect("a test terminal");
    let mut now = snapshot().now;
    bencher.bench_local(|| {
        now = now.plus(std::time::Duration::from_secs(1));
        app.update(Message::Clock(now));
        terminal.draw(|frame| canvas.draw(&app, ScreenChange::Clock, frame)).expect("a test terminal");
    });
}

#[divan::bench(args = VIEWS)]
fn move_key(bencher: Bencher<'_, '_>, keys: &str) {
    let (mut app, mut terminal) = screen(keys);
    bencher.bench_local(|| {
        app.update(key(KeyCode::Down));
        frame(&app, &mut terminal);
    });
}

#[divan::bench(args = VIEWS)]
fn a_snapshot(bencher: Bencher<'_, '_>, keys: &str) {
    let (mut app, mut terminal) = screen(keys);
    bencher.bench_local(|| {
        app.update(snapshot_message());
        frame(&app, &mut terminal);
    });
}

#[divan::bench(args = ["1/", "2/"])]
fn filter_letter(bencher: Bencher<'_, '_>, keys: &str) {
    let (mut app, mut terminal) = screen(keys);
    bencher.bench_local(|| {
        app.update(key(KeyCode::Char('a')));
        frame(&app, &mut terminal);
        app.update(key(KeyCode::Backspace));
        frame(&app, &mut terminal);
    });
}

#[divan::bench(args = ["1", "2"])]
fn resort(bencher: Bencher<'_, '_>, keys: &str) {
    let (mut app, mut terminal) = screen(keys);
    bencher.bench_local(|| {
        app.update(key(KeyCode::Char('s')));
        frame(&app, &mut terminal);
    });
}
