use std::io;

use crate::app::App;
use crate::command::{Command, Reply};
use crate::message::{Message, ScreenChange};

/// The program around the screen.
pub trait Host {
    /// Waits for the next input.
    fn wait(&mut self) -> Input;

    /// Returns the next input if there is one, without waiting.
    fn ready(&mut self) -> Option<Input>;

    /// Runs a command. A long command replies later, with a message.
    fn carry_out(&mut self, command: Command) -> Option<Reply>;
}

/// Input to the loop.
#[derive(Clone, Debug)]
pub enum Input {
    /// A message for the screen.
    Message(Message),
    /// The program must end: it was asked to, or the terminal is gone.
    Stop,
}

/// The terminal that is drawn on.
pub trait Screen {
    /// Draws the state after this change.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn draw(&mut self, app: &App, change: ScreenChange) -> io::Result<()>;

    /// Clears the screen, so that everything is drawn again.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn clear(&mut self) -> io::Result<()>;

    /// Copies a text to the clipboard, if the terminal can.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Writes an escape sequence that draws nothing.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn ring(&mut self, sequence: &str) -> io::Result<()>;

    /// Takes the terminal.
    ///
    /// # Errors
    /// If it is not a terminal, or cannot be written to.
    fn enter(&mut self) -> io::Result<()>;

    /// Restores the terminal.
    ///
    /// # Errors
    /// If it cannot be written to.
    fn leave(&mut self) -> io::Result<()>;
}
