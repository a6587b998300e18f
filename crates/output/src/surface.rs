use std::io::{Result, Write};

use agtop_model::Snapshot;

use crate::view::View;

/// An output: one way to show a snapshot.
pub trait Surface: Sync {
    /// Its stable name.
    fn id(&self) -> &'static str;

    /// Writes the snapshot as the view asks, with a line feed at the end.
    ///
    /// # Errors
    ///
    /// The errors of `out`.
    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()>;
}
