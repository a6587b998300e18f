use std::time::Duration;

use agtop_alerts::Alert;
use agtop_model::{ProcId, SessionKey};

use crate::columns::ColumnChoice;

/// What the screen asks the program around it to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Quit.
    Quit,
    /// Take a snapshot now.
    Refresh,
    /// Take snapshots at this interval.
    SetInterval(Duration),
    /// Send a signal to this process, if it still runs.
    Signal {
        /// The process.
        process: ProcId,
        /// The signal.
        signal: Signal,
    },
    /// Bring the terminal of an agent to the front.
    GoTo(TerminalTarget),
    /// Explain the figures of a session.
    Explain(SessionKey),
    /// Write a file.
    Export(Export),
    /// Copy a text to the clipboard.
    Copy(String),
    /// Write this escape sequence, which rings the bell or shows a notification and draws nothing.
    Ring(String),
    /// Run the actions of this alert's rule that need more than the terminal.
    RunAlertActions(Box<Alert>),
    /// Save the settings that the user has chosen.
    Save(SavedChoices),
    /// Suspend the program until the shell resumes it.
    Suspend,
    /// Clear the terminal and draw everything.
    Redraw,
}

/// A signal to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
}

/// The agent whose terminal is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalTarget {
    /// The agent's process.
    pub process: ProcId,
    /// The processes above it, nearest first.
    pub ancestors: Vec<u32>,
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name, without a directory.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The settings that the configuration keeps. `None` leaves the configuration as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedChoices {
    /// The theme.
    pub theme: Option<String>,
    /// The columns of the agents view, in their order.
    pub columns: Option<Vec<ColumnChoice>>,
    /// The columns of the sessions view, in their order.
    pub session_columns: Option<Vec<ColumnChoice>>,
}

/// The result of a command, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It succeeded, with this message.
    Done(String),
    /// It failed, for this reason.
    Failed(String),
    /// It returned a text.
    Text {
        /// Its title.
        title: String,
        /// Its lines.
        lines: Vec<String>,
    },
}
