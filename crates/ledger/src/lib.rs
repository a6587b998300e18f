//! The ledger: what transcripts record, so that each is read once and nothing is lost when an agent deletes it.
//!
//! Each file has a [`FileSummary`]: its sessions and responses, without a word of any message, in about thirty bytes a
//! response. A [`FileSummaryBuilder`] folds a file's events into it; [`Ledger::batch`] keeps it in an SQLite database that any
//! number of processes share; [`Ledger::rollup`] returns all of it, added up, so that a start need not look at
//! each response.
//!
//! Losing the ledger loses nothing that is still on disk. So an error of the ledger is reported in one line, and agtop
//! continues: a broken one is set aside, one from a newer agtop is left alone, a read-only one is read.
//!
//! Nothing here reads a clock or an environment, and no file but the ledger itself.

mod batch;
mod codec;
#[cfg(test)]
mod codec_tests;
mod encoding;
mod error;
mod export;
#[cfg(test)]
mod file_history_tests;
mod file_summary;
mod idle_directories;
mod merge;
mod open;
mod private;
mod rate_limits;
mod record;
mod responses;
mod rollup;
mod running_totals;
mod schema;
mod store;
mod summary_builder;
mod tags;
#[cfg(test)]
mod testing;
mod upkeep;

pub use batch::{PutOutcome, WriteBatch};
pub use codec::DamagedBlob;
pub use error::{LedgerError, LedgerErrorKind};
pub use export::ExportError;
pub use file_summary::{
    FileIssue, FileIssues, FileSummary, IssuePosition, NameIndex, ProjectRoot, ResponseRecord, SessionSummary,
};
pub use idle_directories::{IdleDirectories, IdleDirectory, IdleStore, file_digest};
pub use open::{LedgerOptions, OpenNotice, OpenedLedger};
pub use rate_limits::{RateLimitSeries, RateLimitSeriesId};
pub use record::{FileEntry, FileEntryId, FileHead, FileIdentity, FilePresence, FileRecord, FileStamp, ReadPosition};
pub use rollup::{FileRollup, KeyDigest, MessageKeyIndex, PackedCells, Rollup, RollupCell, ToolCallCount};
pub use store::{Ledger, LedgerAccess, LedgerDamage, LoadedFile};
pub use summary_builder::FileSummaryBuilder;
pub use tags::SessionTag;
pub use upkeep::{FileSelector, LedgerStats, VerifyReport};
