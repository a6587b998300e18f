//! What the ledger holds of files: read from it instead of from the files, and written back to it.

pub(crate) mod ledger_cache;

pub use ledger_cache::Remembering;
