use std::io;

use crate::app::App;
use crate::command::{Command, Reply};
use crate::message::{Message, ScreenChange};

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
    fn draw(&mut self, app: &App, change: ScreenChange) -> io::Result<()>;

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
