//! What the ledger holds of files: loaded from it instead of from the files, and written back into it.

pub(crate) mod cached_file;
pub(crate) mod ledger_cache;
pub(crate) mod policy;

pub use ledger_cache::LedgerMode;
