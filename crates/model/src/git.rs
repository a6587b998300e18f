use crate::{Reading, Untrusted};

/// The state of a git work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    /// The branch that is checked out, or the first digits of the commit where none is.
    pub branch: Untrusted,
    /// Tracked files that differ from what is staged or were deleted. New files that git does not know are not counted.
    /// `NotReported` where the work tree is too large to look at.
    pub modified: Reading<u32>,
}
