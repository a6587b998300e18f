//! What was used: by day, project, model and so on, in five-hour blocks, and what other models would have cost.
//!
//! [`Report::build`] folds a [`UsageTable`] into lines and totals. Nothing
//! here knows where the table comes from.

mod block;
mod blocks;
mod budget;
mod calendar;
mod grouped;
mod key;
mod options;
mod order;
mod project;
mod sums;
mod tools;

use agtop_model::{Timestamp, UsageTable};
use jiff::tz::TimeZone;

pub use block::{Block, BlockState, Burn, Outlook};
pub use budget::Passed;
pub use calendar::{day_of, monday_of, zone_name};
pub use key::{Key, Period, Project, Unit};
pub use options::{Detail, Dimension, Kind, Options, Order, TokenLimit, Which};
pub use sums::Sums;

/// Usage, folded as [`Options`] ask.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the lines are.
    pub kind: Kind,
    /// What each of a line's keys is.
    pub dimensions: Vec<Dimension>,
    /// The lines, in the order in which they are shown.
    pub lines: Vec<Line>,
    /// The lines that a limit left out, together.
    pub rest: Option<Rest>,
    /// What all lines come to, those left out included; each session counts once.
    pub totals: Sums,
    /// Tokens that a block may have.
    pub token_limit: Option<u64>,
    /// Only usage from this moment on.
    pub since: Option<Timestamp>,
    /// Only usage before this moment.
    pub until: Option<Timestamp>,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// When the report was made.
    pub now: Timestamp,
    /// What the present day, week, month or block has come to, whatever the limit; `None` where nothing was used in it
    /// or the report has no such thing.
    pub current: Option<Line>,
}

/// One line of a report.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is of: one key a dimension.
    pub keys: Vec<Key>,
    /// What was used.
    pub sums: Sums,
    /// The same by model, dearest first, where that was asked for.
    pub parts: Vec<Line>,
}

/// Lines that are not shown.
#[derive(Clone, Debug)]
pub struct Rest {
    /// How many.
    pub lines: usize,
    /// What they come to.
    pub sums: Sums,
}

impl Report {
    /// Folds the table.
    pub fn build(table: &UsageTable, options: &Options) -> Self {
        match options.kind {
            Kind::Blocks => blocks::build(table, options),
            Kind::Tool => tools::build(table, options),
            _ => grouped::build(table, options),
        }
    }

    /// The line of the five-hour block that is open at the options' moment; `None` where none is.
    pub fn active_block(table: &UsageTable, options: &Options) -> Option<Line> {
        blocks::active(table, options)
    }

    /// Whether lines are broken down by model.
    pub fn detail(&self) -> Detail {
        if self.lines.iter().any(|line| !line.parts.is_empty()) { Detail::ByModel } else { Detail::Whole }
    }
}

impl Line {
    /// Whether it is a time in which nothing was used.
    pub fn is_gap(&self) -> bool {
        matches!(self.keys.first(), Some(Key::Block(block)) if block.is_gap())
    }

    /// How its block goes on, if the block is not over.
    pub fn outlook(&self) -> Option<&Outlook> {
        match self.keys.first() {
            Some(Key::Block(block)) => block.outlook(),
            _ => None,
        }
    }
}
