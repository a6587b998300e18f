//! From files, databases and processes to one [`World`], and from the World to snapshots.
//!
//! Data flows one way. `transcripts` finds files and turns them into events with the help of each client's decoder,
//! `state` folds events into sessions ([`World::apply`]), `processes` finds agents among processes, `agents` joins
//! both, and the result is published as an immutable [`Snapshot`](agtop_model::Snapshot). `cache` stands between the
//! files and the ledger. The [`Collector`] runs all of that, once or repeatedly.

mod agents;
mod cache;
mod change_log;
mod collector;
mod limits;
mod processes;
mod state;
mod status_line;
mod transcripts;

pub use agents::Urgency;
pub use cache::LedgerMode;
pub use collector::{Collector, RunMode, Sampling, Settings};
pub use processes::Matcher;
pub use state::{Audit, AuditedCopy, CopyVerdict, PricingContext, Scope, World};
pub use status_line::StatusLineLedger;
pub use transcripts::{FileTable, ScanProgress};
