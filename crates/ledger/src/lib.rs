//! The embedded store: what transcripts told, so that each is read once.

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
mod store;
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
pub use memory::{LastTurn, LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory};
pub use open::{Notice, Opened, Opening};
pub use record::{EntryId, FileEntry, FileRecord, Head, Identity, Reach, Stamp, State};
pub use recorder::{Clock, Recorder};
pub use store::{Access, Ledger, Recalled};
pub use upkeep::{Report, Selector, Stats};
