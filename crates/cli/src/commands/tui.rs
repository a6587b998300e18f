//! The screen: connects the terminal, the state of the screen and the threads behind it.

use std::io::ErrorKind;
use std::process::ExitCode;

use agtop_tui::{App, Background, Message, Options, Screen as _, Tty};
use anyhow::{Context, Result};

use crate::plan::{ScreenPlan, ThemeChoice};
use crate::runtime::TuiHost;

/// The options of the plan, with the theme for the terminal's background if none was chosen. The terminal is asked before
/// anything else reads from it.
fn options_for_the_terminal(plan: &ScreenPlan) -> Result<Options> {
    let mut options = plan.options.clone();
    if let ThemeChoice::ByBackground { environment } = plan.theme
        && let Some(background) = environment.or_else(Background::of_terminal)
    {
        options.theme = agtop_tui::theme(background.theme())?;
    }
    Ok(options)
}

/// Shows the screen until the user quits.
pub(super) fn run(plan: ScreenPlan) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    let options = options_for_the_terminal(&plan)?;
    let mut tty = Tty::take(plan.mouse).context("the terminal cannot be used")?;
    let mut app = App::new(options);
    let (columns, rows) = tty.size()?;
    app.update(Message::Resize(columns, rows));
    let graphics = plan.graphics.and_then(|graphics| tty.graphics(graphics));
    let mut host = TuiHost::start(plan, book);
    if let Some(graphics) = graphics {
        host.load_logos(graphics);
    }
    let result = agtop_tui::run(&mut tty, &mut app, &mut host);
    // The terminal is given back last: until then, keys are not for the shell.
    let finished = host.finish();
    let left = tty.leave();
    if [&result, &left].into_iter().any(|result| result.as_ref().is_err_and(is_terminal_gone)) {
        // Dropping it would print a message about the cursor.
        std::mem::forget(tty);
        return finished.map(|()| ExitCode::SUCCESS);
    }
    result?;
    left?;
    finished?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the terminal has been closed, as by closing its window. That is one way to quit.
fn is_terminal_gone(error: &std::io::Error) -> bool {
    /// What reading and writing return then, on all Unix systems.
    const EIO: i32 = 5;
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::NotConnected)
        || (cfg!(unix) && error.raw_os_error() == Some(EIO))
}
