//! What is kept of one transcript file.

use std::path::PathBuf;

use agtop_model::{ClientId, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use crate::codec::wire;
use crate::memory::Memory;

/// Which file it is, and how it was when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The file system.
    pub device: u64,
    /// The file in it.
    pub inode: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
}

/// What tells whether a file has changed: its own identity, and its write-ahead log's if it is a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The file's.
    pub file: Identity,
    /// Its log's.
    pub log: Option<Identity>,
}

/// A file's first bytes, as their hash: they may be a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Head {
    /// How many bytes.
    pub length: u32,
    /// Their XXH3.
    pub hash: u64,
}

impl Head {
    /// So many of a file's first bytes tell it from others.
    pub const LONGEST: usize = 256;

    /// Of a file that begins with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let first = bytes.get(..Self::LONGEST).unwrap_or(bytes);
        Self { length: u32::try_from(first.len()).unwrap_or_default(), hash: xxh3_64(first) }
    }

    /// Whether a file that begins with `bytes` (all of it, or [`Self::LONGEST`]) began so before it grew.
    pub fn begins(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.length as usize).is_some_and(|first| xxh3_64(first) == self.hash)
    }
}

/// The number of a file in the ledger; no other file ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub(crate) i64);

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It was there when it was last looked for.
    Live,
    /// It is gone; what it told stays.
    Gone,
    /// Its content was replaced; this is what the new content does not tell again.
    Replaced,
}

impl State {
    /// Whether this is the only copy left.
    pub const fn is_archived(self) -> bool {
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
pub struct Reach {
    /// The byte after the last complete line; 0 for files that are read as a whole.
    pub offset: u64,
    /// Length of the last line, if it was decoded before its end was written.
    pub fragment: Option<u64>,
}

/// What a reader has to say of a file.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// Whose file it is.
    pub client: ClientId,
    /// Where it lies.
    pub path: PathBuf,
    /// How it was when it was read.
    pub stamp: Stamp,
    /// How it begins.
    pub head: Head,
    /// How far it was read.
    pub reach: Reach,
    /// The decoder's state, where it can be kept.
    pub checkpoint: Option<Vec<u8>>,
    /// When the reader looked at it.
    pub seen: Timestamp,
    /// What it told, from its beginning on.
    pub memory: Memory,
}

/// What the ledger knows of a file without looking into its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its number.
    pub id: EntryId,
    /// Whose file it is.
    pub client: ClientId,
    /// Where it lies, or lay.
    pub path: PathBuf,
    /// What has become of it.
    pub state: State,
    /// How it was when it was read.
    pub stamp: Stamp,
    /// How it began.
    pub head: Head,
    /// How far it was read.
    pub reach: Reach,
    /// When it was last looked at.
    pub seen: Timestamp,
    /// When something last happened in it.
    pub last_active: Option<Timestamp>,
    /// How many responses its memory holds.
    pub turns: u64,
    /// The number of the batch that wrote it last.
    pub generation: u64,
}

wire! {
    Identity { device, inode, size, modified }
    Stamp { file, log }
    Head { length, hash }
    Reach { offset, fragment }
    FileEntry {
        id, client, path, state, stamp, head, reach, seen, last_active, turns, generation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_begins_as_before_and_another_does_not() {
        let head = Head::of(b"first");
        assert!(head.begins(b"first") && head.begins(b"first and more"));
        assert!(!head.begins(b"firs") && !head.begins(b"Firsts"));
        assert!(Head::of(b"").begins(b"anything"));
        let long = [7; 300];
        assert_eq!(Head::of(&long).length, 256);
        assert!(Head::of(&long).begins(&long[..256]));
    }
}
