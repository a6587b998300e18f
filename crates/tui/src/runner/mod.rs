//! Brings state, drawing and the world together: waits, takes notice of everything that has happened, and draws once.

mod bounded;
mod tty;

use std::io;

use agtop_format::sink::plain;

pub use tty::{Mouse, Tty, listen};

use crate::{App, Change, Command, Message, Reply};

/// The world outside the screen.
pub trait Host {
    /// Waits for what happens next.
    fn wait(&mut self) -> Input;

    /// What has happened already, if anything has: it does not wait.
    fn ready(&mut self) -> Option<Input>;

    /// Carries a command out. What takes long answers later, with a message.
    fn carry_out(&mut self, command: Command) -> Option<Reply>;
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum Input {
    /// Something the screen takes notice of.
    Message(Message),
    /// The program is to end: it was told to, or the terminal is gone.
    Stop,
}

/// What is drawn on.
pub trait Screen {
    /// Draws the state, after that much of it has changed.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn draw(&mut self, app: &App, change: Change) -> io::Result<()>;

    /// Forgets what is on the screen, so that everything is drawn anew.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn clear(&mut self) -> io::Result<()>;

    /// Puts a text on the clipboard, if the terminal can.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Writes a text to the terminal that changes nothing on the screen.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn ring(&mut self, sequence: &str) -> io::Result<()>;

    /// Takes the terminal.
    ///
    /// # Errors
    /// If it is none, or cannot be written to.
    fn enter(&mut self) -> io::Result<()>;

    /// Gives the terminal back as it was.
    ///
    /// # Errors
    /// If it cannot be written to.
    fn leave(&mut self) -> io::Result<()>;
}

/// Shows the screen until the person has had enough or the world ends it.
///
/// # Errors
/// If the terminal cannot be written to.
pub fn run(screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<()> {
    while let Some(mut change) = next_change(screen, app, host)? {
        // What came meanwhile is taken notice of before anything is drawn: a storm of sizes or snapshots is one frame.
        while let Some(input) = host.ready() {
            if !take(input, screen, app, host)? {
                return Ok(());
            }
        }
        change = app.take_change().map_or(change, |also| also.max(change));
        screen.draw(app, change)?;
    }
    Ok(())
}

/// Waits until there is something to draw; `None` if it is over.
fn next_change(screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<Option<Change>> {
    loop {
        if let Some(change) = app.take_change() {
            return Ok(Some(change));
        }
        let input = host.wait();
        if !take(input, screen, app, host)? {
            return Ok(None);
        }
    }
}

/// Takes notice of one thing; whether to go on.
fn take(input: Input, screen: &mut impl Screen, app: &mut App, host: &mut impl Host) -> io::Result<bool> {
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
                    // An answer asks for nothing more.
                    drop(app.update(Message::Reply(reply)));
                }
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
