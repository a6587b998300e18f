use std::time::Duration;

use agtop_alerts::Alert;
use agtop_model::{ProcId, SessionKey};

use crate::columns::ColumnChoice;

/// What the person asked for and the screen cannot do itself: the program around it carries it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// End.
    Quit,
    /// Look again now.
    Refresh,
    /// Look this often.
    SetInterval(Duration),
    /// Send a signal to this very process, if it is still there.
    Signal {
        /// The process.
        process: ProcId,
        /// What to tell it.
        signal: Signal,
    },
    /// Bring the terminal in which an agent runs to the front.
    GoTo(Whereabouts),
    /// Tell where the figures of a session come from.
    Explain(SessionKey),
    /// Write a file.
    Export(Export),
    /// Put a text on the clipboard.
    Copy(String),
    /// Have the terminal ring, or show a notification, by this text, which changes nothing on the screen.
    Ring(String),
    /// Do what the rule of this alert asks for outside the terminal.
    Act(Box<Alert>),
    /// Remember how the screen was set up.
    Save(Choices),
    /// Go to the background until the shell brings it back.
    Suspend,
    /// Draw everything anew, whatever is on the screen.
    Redraw,
}

/// What a process can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// To end in good order.
    Terminate,
    /// To end at once.
    Kill,
    /// To stop until it is told to go on.
    Stop,
    /// To go on.
    Continue,
}

/// What tells a terminal multiplexer where an agent runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The agent's process.
    pub process: ProcId,
    /// The processes above it, nearest first.
    pub ancestors: Vec<u32>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name, without a directory.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How the screen was set up, as the configuration keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The theme.
    pub theme: String,
    /// The columns of the agents view, in their order.
    pub columns: Vec<ColumnChoice>,
    /// The columns of the sessions view, in their order.
    pub session_columns: Vec<ColumnChoice>,
}

/// How a command came out, for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done; this is worth saying.
    Done(String),
    /// It could not be done, for this reason.
    Failed(String),
    /// It is a text to read.
    Text {
        /// What it is about.
        title: String,
        /// Its lines.
        lines: Vec<String>,
    },
}
