//! What was used: by day, project, model and so on, in five-hour blocks, and what other models would have cost.
//!
//! [`Report::build`] folds a [`UsageTable`] into lines and totals; each [`Format`] is a file that writes them. Nothing
//! here knows where the table comes from.

mod block;
mod blocks;
mod budget;
mod calendar;
mod columns;
pub mod compare;
mod csv;
mod graph;
mod grouped;
mod json;
mod key;
mod markdown;
mod options;
mod order;
mod project;
pub mod statusline;
mod sums;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tools;

use std::io::{Result, Write};

use agtop_model::{SourceHealth, Timestamp, UsageTable};
use jiff::tz::TimeZone;

use crate::View;

pub use block::{Block, BlockState, Burn, Outlook};
pub use budget::Passed;
pub use calendar::zone_name;
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
}

/// A way to write reports.
pub trait Format: Sync {
    /// The stable name of it.
    fn id(&self) -> &'static str;

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write(&self, report: &Report, page: &Page<'_>, out: &mut dyn Write) -> Result<()>;
}

/// What a report is written on.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// Width, colours, the layout of JSON and the plan.
    pub view: &'a View,
    /// Where prices come from, for people.
    pub prices: &'a str,
    /// How many columns tables have.
    pub columns: Columns,
    /// How well the sources could be read.
    pub health: &'a SourceHealth,
}

/// How many columns a table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// Every one that fits.
    #[default]
    All,
    /// Only what each line is of, its tokens and its cost.
    Few,
}

/// Every format. A new one is a file and an entry here.
pub static FORMATS: &[&dyn Format] = &[&text::Text, &json::Json, &csv::Csv, &markdown::Markdown, &graph::Graph];

/// The format of that name.
pub fn format(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.id() == id)
}
