//! Snapshots, [`report`]s and [`alert`]s as text, JSON, CSV and Markdown: one file per output.
//!
//! Every output of a snapshot is a [`SnapshotFormat`]: it gets an immutable [`Snapshot`](agtop_model::Snapshot) and a
//! [`View`] that says what part of it to draw and how, and writes. No format opens a file, reads a clock or asks a
//! terminal: all of that is in the view.

mod activity;
pub mod alert;
mod cell;
mod colour;
mod csv;
mod empty;
mod json;
mod list;
mod once;
mod parts;
pub mod report;
mod snapshot_format;
mod snapshot_formats;
pub mod statusline;
mod summary;
mod table;
#[cfg(test)]
mod testing;
mod tone;
mod view;
mod watch;

pub use activity::activity_line;
pub use cell::{Cell, CellContext, Wording, cell, missing, shown, status_cell, status_word, zero_faint};
pub use colour::Colour;
pub use empty::empty_hint;
pub use parts::write_sentence;
pub use snapshot_format::{JsonPairing, SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
pub use snapshot_formats::{SNAPSHOT_FORMATS, snapshot_format};
pub use tone::Tone;
pub use view::{JsonLayout, View};
