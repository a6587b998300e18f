//! The ledger: what transcripts told, so that each is read once, and so that nothing is forgotten when an agent deletes
//! them.
//!
//! Each file has a [`Memory`]: its sessions and responses, without a word of any message, in about thirty bytes a
//! response. A [`Recorder`] writes it down from a file's events; [`Ledger::batch`] keeps it in an SQLite database that any
//! number of processes share; [`Ledger::image`] tells all of it at a glance, added up, so that a start need not look at
//! each response.
//!
//! Losing the ledger loses nothing that is still on disk. So whatever is wrong with it is told in one line, and the view
//! goes on: a broken one is set aside, one from a newer agtop is left alone, a read-only one is read.
//!
//! Nothing here reads a clock or an environment, and no file but the ledger itself.

mod batch;
mod codec;
#[cfg(test)]
mod codec_tests;
mod error;
mod export;
mod image;
mod limits;
mod memory;
mod merge;
mod open;
mod paths;
mod private;
mod record;
mod recorder;
mod schema;
#[cfg(test)]
mod sequences;
mod series;
mod store;
mod tags;
#[cfg(test)]
mod testing;
mod turns;
mod upkeep;
mod wire;

pub use batch::{Batch, Put};
pub use codec::Damaged;
pub use error::{Fault, LedgerError};
pub use export::ExportError;
pub use image::{Cell, Image, KeyIndex, Tally, WarmFile};
pub use limits::{Series, SeriesName};
pub use memory::{
    FileIssue, FileIssues, IssuePlace, LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory,
};
pub use open::{Notice, Opened, Opening};
pub use record::{EntryId, FileEntry, FileRecord, Head, Identity, Reach, Stamp, State};
pub use recorder::{Clock, Recorder};
pub use store::{Access, Damage, Ledger, Recalled};
pub use tags::Tag;
pub use upkeep::{Report, Selector, Stats};
