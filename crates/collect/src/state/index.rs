use std::collections::HashMap;

use foldhash::fast::RandomState;

/// A session, as an index into the World's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SessionIdx(u32);

impl SessionIdx {
    /// The session at this place in the list.
    pub(super) fn new(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The session's place in the list.
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// A value for each of many sessions.
pub(super) type BySession<T> = HashMap<SessionIdx, T, RandomState>;

/// A response, as an index into the [`ResponseBook`](super::responses::ResponseBook).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ResponseIdx(u32);

impl ResponseIdx {
    /// The response at this place in the book.
    pub(super) fn new(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The response's place in the book.
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}
