//! The message of a panic is printed on a restored terminal.
//!
//! This test is its own program: run by itself, it opens a terminal (a tmux server of its own) and runs itself in there
//! once more, to take the terminal and panic. Without tmux, the test passes.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test on a real terminal has to wait for it")]
#![expect(clippy::print_stderr, reason = "the test has no harness that reports a skipped test")]

use std::io::Result;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use agtop_tui::{App, MouseCapture, Options, Screen, ScreenChange, Tty};

const SCREEN_TIMEOUT: Duration = Duration::from_secs(20);

fn main() -> Result<ExitCode> {
    if std::env::args().any(|argument| argument == "--panic-on-the-terminal") {
        panic_on_the_terminal()?;
    }
    let Some((screen, modes)) = screen_of_a_panic()? else {
        eprintln!("there is no tmux here: not tested");
        return Ok(ExitCode::SUCCESS);
    };
    let is_reported = screen.contains("nobody is there");
    let is_edited_and_echoed = screen.lines().any(|line| line == "3");
    // No alternate screen, no mouse, a cursor.
    if is_reported && is_edited_and_echoed && modes.trim() == "001" {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("the terminal is not sane; modes {modes}, screen\n{screen}");
    Ok(ExitCode::FAILURE)
}

#[expect(clippy::panic, reason = "the test needs a panic")]
fn panic_on_the_terminal() -> Result<()> {
    let mut tty = Tty::take(MouseCapture::Enabled)?;
    tty.draw(&App::new(Options::with_defaults("0", "any")), ScreenChange::Everything)?;
    panic!("nobody is there");
}

/// What the screen shows after the panic, and the terminal's modes; `None` without tmux.
fn screen_of_a_panic() -> Result<Option<(String, String)>> {
    let program = std::env::current_exe()?;
    let socket = format!("agtop-panic-{}", std::process::id());
    let line = format!(
        "{} --panic-on-the-terminal; stty -a | tr ' ' '\\n' | grep -cx -e icanon -e echo -e isig; echo modes; cat",
        program.display()
    );
    if tmux(&socket, &["new-session", "-d", "-x", "120", "-y", "30", "-s", "s", &line]).is_none() {
        return Ok(None);
    }
    let started = Instant::now();
    let screen = loop {
        let screen = tmux(&socket, &["capture-pane", "-p", "-t", "s"]).unwrap_or_default();
        if screen.contains("modes") || started.elapsed() > SCREEN_TIMEOUT {
            break screen;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let modes = tmux(&socket, &["display", "-p", "-t", "s", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}"]);
    tmux(&socket, &["kill-server"]);
    Ok(Some((screen, modes.unwrap_or_default())))
}

fn tmux(socket: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("tmux").args(["-L", socket, "-f", "/dev/null"]).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
