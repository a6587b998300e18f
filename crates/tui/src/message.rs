//! What the screen is told, and what it answers about its redraws.

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Snapshot, Timestamp};
use crossterm::event::{KeyEvent, MouseEvent};

use crate::command::Reply;
use crate::logos::Logos;

/// What happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// There is a newer snapshot.
    Snapshot(Arc<Snapshot>),
    /// The first scan has come so far.
    Progress(Progress),
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something; the span is since the program started.
    Mouse(MouseEvent, Duration),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// It is that late.
    Clock(Timestamp),
    /// What agtop itself uses.
    SelfStats(SelfStats),
    /// How a command came out.
    Reply(Reply),
    /// Logos are there.
    Logos(Arc<Logos>),
    /// The shell wants the terminal back for a while.
    Suspend,
}

/// How far the scan of files has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes to read in all.
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
    /// Perhaps everything.
    Everything,
}
