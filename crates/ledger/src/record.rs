//! The record of one transcript file.

use std::path::PathBuf;

use agtop_model::{ClientId, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use crate::codec::blob_struct;
use crate::file_summary::FileSummary;

/// Which file it is, and its state when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The file system.
    pub device: u64,
    /// The file in it.
    pub inode: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
}

/// What shows whether a file has changed: its own identity, and its write-ahead log's if it is a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// The file's.
    pub file: FileIdentity,
    /// Its log's.
    pub log: Option<FileIdentity>,
}

/// A file's first bytes, as their hash: they may be a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileHead {
    /// How many bytes.
    pub length: u32,
    /// Their XXH3.
    pub hash: u64,
}

impl FileHead {
    /// How many of a file's first bytes are hashed.
    pub const MAX_BYTES: usize = 256;

    /// Of a file that begins with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let first = bytes.get(..Self::MAX_BYTES).unwrap_or(bytes);
        Self { length: u32::try_from(first.len()).unwrap_or_default(), hash: xxh3_64(first) }
    }

    /// Whether a file that begins with `bytes` (all of it, or [`Self::MAX_BYTES`]) began so before it grew.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.length as usize).is_some_and(|first| xxh3_64(first) == self.hash)
    }
}

/// The number of a file in the ledger; no other file ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileEntryId(pub i64);

/// Whether a file is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilePresence {
    /// It was there when it was last looked for.
    Live,
    /// It is gone; its record stays.
    Gone,
    /// Its content was replaced; this is what the new content lacks.
    Replaced,
}

impl FilePresence {
    /// Whether this is the only copy left.
    pub const fn is_only_copy(self) -> bool {
        !matches!(self, Self::Live)
    }

    /// The name in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Gone => "gone",
            Self::Replaced => "replaced",
        }
    }

    /// The number in the database.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Gone => 1,
            Self::Replaced => 2,
        }
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        [Self::Live, Self::Gone, Self::Replaced].into_iter().find(|state| state.number() == number)
    }
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReadPosition {
    /// The byte after the last complete line; 0 for files that are read as a whole.
    pub offset: u64,
    /// Length of the last line, if it was decoded before its end was written.
    pub fragment: Option<u64>,
}

/// What a reader found in a file.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// Whose file it is.
    pub client: ClientId,
    /// The path.
    pub path: PathBuf,
    /// How it was when it was read.
    pub stamp: FileStamp,
    /// How it begins.
    pub head: FileHead,
    /// How far it was read.
    pub position: ReadPosition,
    /// The decoder's state, where it can be kept.
    pub checkpoint: Option<Vec<u8>>,
    /// When the reader looked at it.
    pub seen: Timestamp,
    /// The summary of the whole file.
    pub summary: FileSummary,
}

/// What the ledger knows of a file without decoding its summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its number.
    pub id: FileEntryId,
    /// Whose file it is.
    pub client: ClientId,
    /// The path, also of a file that is gone.
    pub path: PathBuf,
    /// What has become of it.
    pub state: FilePresence,
    /// How it was when it was read.
    pub stamp: FileStamp,
    /// How it began.
    pub head: FileHead,
    /// How far it was read.
    pub position: ReadPosition,
    /// When it was last looked at.
    pub seen: Timestamp,
    /// When something last happened in it.
    pub last_active: Option<Timestamp>,
    /// How many responses its summary holds.
    pub responses: u64,
    /// The generation of the last batch that wrote it.
    pub generation: u64,
}

blob_struct! {
    FileIdentity { device, inode, size, modified }
    FileStamp { file, log }
    FileHead { length, hash }
    ReadPosition { offset, fragment }
    FileEntry {
        id, client, path, state, stamp, head, position, seen, last_active, responses, generation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_begins_as_before_and_another_does_not() {
        let head = FileHead::of(b"first");
        assert!(head.matches(b"first") && head.matches(b"first and more"));
        assert!(!head.matches(b"firs") && !head.matches(b"Firsts"));
        assert!(FileHead::of(b"").matches(b"anything"));
        let long = [7; 300];
        assert_eq!(FileHead::of(&long).length, 256);
        assert!(FileHead::of(&long).matches(&long[..256]));
    }
}
