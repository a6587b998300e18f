use std::io;

use agtop_format::sink::plain;

use super::host::{Host, Input, Screen};
use crate::app::App;
use crate::command::Command;
use crate::message::{Message, ScreenChange};

/// Runs the screen until the user quits or the host stops it.
///
/// # Errors
/// If the terminal cannot be written to.
pub fn run(screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<()> {
    while let Some(mut change) = next_change(screen, app, host)? {
        // All input that is ready is handled before a frame is drawn, so that many resizes or snapshots are one frame.
        while let Some(input) = host.ready() {
            if !handle(input, screen, app, host)? {
                return Ok(());
            }
        }
        change = app.take_change().map_or(change, |also| also.max(change));
        screen.draw(app, change)?;
    }
    Ok(())
}

/// Waits until there is something to draw; `None` at the end of the program.
fn next_change(screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<Option<ScreenChange>> {
    loop {
        if let Some(change) = app.take_change() {
            return Ok(Some(change));
        }
        let input = host.wait();
        if !handle(input, screen, app, host)? {
            return Ok(None);
        }
    }
}

/// Handles one input; returns whether the loop continues.
fn handle(input: Input, screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<bool> {
    let Input::Message(message) = input else { return Ok(false) };
    for command in app.update(message) {
        match command {
            Command::Quit => return Ok(false),
            Command::Redraw => screen.clear()?,
            Command::Copy(text) => screen.copy(&plain(&text))?,
            Command::Ring(sequence) => screen.ring(&sequence)?,
            Command::Suspend => {
                screen.leave()?;
                drop(host.carry_out(Command::Suspend));
                screen.enter()?;
                screen.clear()?;
            }
            command => {
                if let Some(reply) = host.carry_out(command) {
                    // A reply causes no further commands.
                    drop(app.update(Message::Reply(reply)));
                }
            }
        }
    }
    Ok(true)
}
