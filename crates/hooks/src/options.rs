use std::sync::Arc;

use agtop_model::FileId;

/// Called when something has been received.
pub(crate) type WakeFn = Arc<dyn Fn() + Send + Sync>;

/// Returns the ancestors of a process, the nearest first.
pub type AncestorLookup = Arc<dyn Fn(u32) -> Vec<u32> + Send + Sync>;

/// How a [`Listener`](crate::Listener) works.
#[derive(Clone, Default)]
pub struct ListenerOptions {
    /// The file that events are attributed to.
    pub file: Option<FileId>,
    /// Whether received events have their payload.
    pub payloads: PayloadPolicy,
    /// What becomes of the spool.
    pub spool: SpoolAccess,
    /// Replaces the system's answer about the ancestors of a process.
    pub ancestor_lookup: Option<AncestorLookup>,
    /// Called, from another thread, when something has been received. It must not block.
    pub wake: Option<WakeFn>,
}

/// What becomes of a spool that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpoolAccess {
    /// It is removed.
    #[default]
    Take,
    /// It is read once and stays, for an agtop that runs longer.
    Peek,
}

/// Whether payloads are kept unchanged. They hold prompts and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadPolicy {
    /// They are not.
    #[default]
    Drop,
    /// They are: the user asked for it.
    Keep,
}
