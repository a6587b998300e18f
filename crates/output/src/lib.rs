//! Snapshots, [`report`]s and [`alert`]s as text, JSON, CSV and Markdown: one file per output.
//!
//! Every output is a [`Surface`]: it gets an immutable [`Snapshot`] and a [`View`] that says what part of it to draw
//! and how, and writes. No surface opens a file, reads a clock or asks a terminal: all of that is in the view.

mod activity;
pub mod alert;
mod cell;
mod csv;
mod json;
mod list;
mod notes;
mod once;
pub mod report;
pub mod statusline;
mod table;
#[cfg(test)]
mod testing;
mod tone;
mod view;
mod watch;

use std::io::{Result, Write};

use agtop_model::Snapshot;

pub use activity::activity_line;
pub use cell::{Cell, CellContext, Wording, cell, missing, shown, smooth_cpu, status_cell, status_word, zero_faint};
pub use tone::Tone;
pub use view::{Colour, Layout, View};

/// One way to show a snapshot.
pub trait Surface: Sync {
    /// The stable name of it.
    fn id(&self) -> &'static str;

    /// Writes the snapshot as the view asks, with a line feed at the end.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()>;
}

/// Every surface. A new output is a file and an entry here.
pub static SURFACES: &[&dyn Surface] = &[
    &once::Once,
    &list::List,
    &csv::Csv,
    &watch::Watch,
    &json::agents::Agents,
    &json::sessions::Sessions,
    &json::tree::Tree,
];

/// The surface of that name.
pub fn surface(id: &str) -> Option<&'static dyn Surface> {
    SURFACES.iter().copied().find(|surface| surface.id() == id)
}
