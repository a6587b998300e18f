//! Snapshots, [`report`]s and [`alert`]s as text, JSON, CSV and Markdown: one file per output.
//!
//! Every output is a [`Surface`]: it gets an immutable [`Snapshot`](agtop_model::Snapshot) and a [`View`] that says what part of it to draw
//! and how, and writes. No surface opens a file, reads a clock or asks a terminal: all of that is in the view.

mod activity;
pub mod alert;
mod cell;
mod colour;
mod csv;
mod json;
mod list;
mod once;
mod parts;
mod registry;
pub mod report;
pub mod statusline;
mod summary;
mod surface;
mod table;
#[cfg(test)]
mod testing;
mod tone;
mod view;
mod watch;

pub use activity::activity_line;
pub use cell::{Cell, CellContext, Wording, cell, missing, shown, status_cell, status_word, zero_faint};
pub use colour::Colour;
pub use registry::{SURFACES, surface};
pub use surface::Surface;
pub use tone::Tone;
pub use view::{Layout, View};
