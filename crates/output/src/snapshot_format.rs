use std::io::{Result, Write};

use agtop_model::Snapshot;

use crate::view::View;

/// A format of snapshots.
pub trait SnapshotFormat: Sync {
    /// What the command line offers of it.
    fn info(&self) -> &'static SnapshotFormatInfo;

    /// Writes the snapshot as the view asks, with a line feed at the end.
    ///
    /// # Errors
    ///
    /// The errors of `out`.
    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()>;

    /// Its stable name.
    fn id(&self) -> &'static str {
        self.info().id
    }
}

/// What the command line offers of a format of snapshots.
#[derive(Debug)]
pub struct SnapshotFormatInfo {
    /// Its stable name.
    pub id: &'static str,
    /// The flag that chooses it.
    pub flag: SnapshotFlag,
    /// What stands between two snapshots of a series.
    pub series: SeriesForm,
}

/// The flag that chooses a format of snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotFlag {
    /// `--ID`.
    Switch {
        /// The short flag.
        short: Option<char>,
        /// What the flag prints, for help.
        help: &'static str,
        /// What the flag means beside `--json`.
        json: JsonPairing,
    },
    /// `--json=SHAPE`, with this shape.
    JsonShape(&'static str),
    /// `--watch` without another format.
    Watch,
}

/// What the flag of a format means beside `--json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonPairing {
    /// A bare `--json` has its default shape.
    DefaultShape,
    /// A bare `--json` has this shape.
    Shape(&'static str),
    /// The two cannot be used together.
    Excluded,
}

/// What stands between two snapshots of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesForm {
    /// Nothing: each snapshot is a line or a document of its own.
    Lines,
    /// A line of dashes, or on a terminal the next page in the place of the last one.
    Pages,
}
