//! Directories of write-once documents in which nothing was written for a day: a run that looks only at their own times
//! need not look at thousands of files in them.
//!
//! The list follows from what a complete look at all files found, and is written again after each.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use agtop_model::{ClientId, Timestamp};
use rusqlite::OptionalExtension as _;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::codec::{BlobReader, BlobWriter, blob_struct};
use crate::error::{LedgerError, LedgerErrorKind};
use crate::record::{FileIdentity, FilePresence, FileStamp};
use crate::store::Ledger;

/// Idle directories of all stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdleDirectories {
    /// When a run last looked at every file.
    pub looked_at: Option<Timestamp>,
    /// The stores that have such directories.
    pub stores: Vec<IdleStore>,
}

/// The idle directories of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleStore {
    /// Whose store it is.
    pub client: ClientId,
    /// Its root directory.
    pub root: PathBuf,
    /// The directories.
    pub directories: Vec<IdleDirectory>,
}

/// A directory, as it was found, and the files directly in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleDirectory {
    /// The path, relative to the store's root.
    pub path: PathBuf,
    /// The file system.
    pub device: u64,
    /// The directory in it.
    pub inode: u64,
    /// When an entry was last added or removed.
    pub modified: Timestamp,
    /// When that or anything else of the directory last changed.
    pub changed: Timestamp,
    /// The transcripts in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Names in it that are no transcript's.
    pub skipped: u64,
    /// The sum of [`file_digest`] over the transcripts.
    pub digest: u64,
}

blob_struct! {
    IdleDirectories { looked_at, stores }
    IdleStore { client, root, directories }
    IdleDirectory { path, device, inode, modified, changed, files, bytes, skipped, digest }
}

/// A hash of a file's path and state. The sum over files says which files those are, in whatever order they come.
pub fn file_digest(path: &Path, stamp: &FileStamp) -> u64 {
    let FileIdentity { device, inode, size, modified } = stamp.file;
    let numbers = [device, inode, size, modified.as_millis().cast_unsigned()].map(u64::to_le_bytes);
    xxh3_64_with_seed(path.as_os_str().as_encoded_bytes(), xxh3_64(numbers.as_flattened()))
}

/// The part of the rollup's table that holds the list: what forgets the rollup forgets the list as well.
const IDLE_PART: &str = "idle";

impl Ledger {
    /// The idle directories that the last complete look found; `None` if there is no list that can be used.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn idle_directories(&self) -> Result<Option<IdleDirectories>, LedgerError> {
        let sql = "SELECT body FROM image WHERE part = ?1";
        let body = self.database.query_row(sql, [IDLE_PART], |row| {
            let body = row.get_ref(0)?.as_blob().unwrap_or_default();
            Ok(BlobReader::value(body, &self.clients).ok())
        });
        body.optional().map(Option::flatten).map_err(|error| self.fail(error))
    }

    /// Keeps those of the directories of which the ledger has every file as it was found.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read or written.
    pub fn keep_idle_directories(&mut self, mut found: IdleDirectories) -> Result<(), LedgerError> {
        self.retain_stored(&mut found).map_err(|kind| self.fail(kind))?;
        let sql = "INSERT OR REPLACE INTO image (part, generation, body) VALUES (?1, 0, ?2)";
        let kept = self.database.execute(sql, (IDLE_PART, BlobWriter::blob(&found)));
        kept.map(drop).map_err(|error| self.fail(error))
    }

    fn retain_stored(&self, found: &mut IdleDirectories) -> Result<(), LedgerErrorKind> {
        let entries = self.entries_since(0)?;
        let mut digests: HashMap<(ClientId, &OsStr), u64> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.state == FilePresence::Live) {
            let directory = entry.path.parent().unwrap_or(&entry.path);
            let digest = digests.entry((entry.client, directory.as_os_str())).or_default();
            *digest = digest.wrapping_add(file_digest(&entry.path, &entry.stamp));
        }
        for IdleStore { client, root, directories } in &mut found.stores {
            directories.retain(|directory| {
                let path = root.join(&directory.path);
                digests.get(&(*client, path.as_os_str())).copied().unwrap_or_default() == directory.digest
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CLIENT, opened, record, summary};

    fn directory(path: &str, digest: u64) -> IdleDirectory {
        IdleDirectory {
            path: path.into(),
            device: 1,
            inode: 2,
            modified: Timestamp::from_millis(3),
            changed: Timestamp::from_millis(4),
            files: 1,
            bytes: 5,
            skipped: 6,
            digest,
        }
    }

    fn found(directories: Vec<IdleDirectory>) -> IdleDirectories {
        let store = IdleStore { client: CLIENT, root: "/store".into(), directories };
        IdleDirectories { looked_at: Some(Timestamp::from_millis(7)), stores: vec![store] }
    }

    #[test]
    fn a_directory_is_kept_only_if_the_ledger_has_its_files_as_they_were_found() {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        assert_eq!(ledger.idle_directories().unwrap(), None);
        let mut batch = ledger.batch().unwrap();
        let records = ["/store/a/1", "/store/a/2", "/store/b/1"].map(|path| record(path, summary(path, [1])));
        for record in &records {
            batch.put(record).unwrap();
        }
        batch.commit().unwrap();
        let digest = |records: &[crate::FileRecord]| {
            records.iter().fold(0_u64, |sum, record| sum.wrapping_add(file_digest(&record.path, &record.stamp)))
        };
        let whole = directory("a", digest(&records[..2]));
        let rewritten = directory("b", digest(&records[2..]).wrapping_add(1));
        ledger.keep_idle_directories(found(vec![whole.clone(), rewritten, directory("empty", 0)])).unwrap();
        let kept = ledger.idle_directories().unwrap();
        assert_eq!(kept, Some(found(vec![whole, directory("empty", 0)])));
        ledger.drop_rollup().unwrap();
        assert_eq!(ledger.idle_directories().unwrap(), None);
    }
}
