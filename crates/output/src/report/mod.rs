//! Reports as text, JSON, CSV, Markdown and a graph: one file per format.

mod columns;
pub mod compare;
mod csv;
mod graph;
mod json;
mod markdown;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;

use std::io::{Result, Write};

use agtop_model::SourceHealth;
use agtop_report::Report;

use crate::View;

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
