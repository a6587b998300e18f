//! Messages to the screen, and how much of it they change.

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Snapshot, Timestamp};
use crossterm::event::{KeyEvent, MouseEvent};

use crate::command::Reply;
use crate::logos::Logos;

/// A message to the screen.
#[derive(Clone, Debug)]
pub enum Message {
    /// There is a newer snapshot.
    Snapshot(Arc<Snapshot>),
    /// The first scan has made progress.
    Progress(Progress),
    /// A key was pressed.
    Key(KeyEvent),
    /// A mouse event, with the time since the program started.
    Mouse(MouseEvent, Duration),
    /// Text was pasted.
    Paste(String),
    /// The terminal was resized: columns and rows.
    Resize(u16, u16),
    /// The time of day.
    Clock(Timestamp),
    /// What agtop itself uses.
    SelfStats(SelfStats),
    /// The result of a command.
    Reply(Reply),
    /// Logos have been loaded.
    Logos(Arc<Logos>),
    /// The program must suspend.
    Suspend,
}

/// Progress of the scan of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// All bytes to read.
    pub total: u64,
}

/// What agtop itself uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SelfStats {
    /// Processor use in percent of one processor.
    pub cpu_percent: Option<f64>,
    /// Resident memory in bytes.
    pub memory: Option<u64>,
}

/// How much of the screen has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScreenChange {
    /// The time of day.
    Clock,
    /// Possibly everything.
    Everything,
}
