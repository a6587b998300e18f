//! Keeps the ledger private: only its owner may read it, and no link is followed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::LedgerErrorKind;

/// What SQLite keeps beside a database: its write-ahead log and the log's index.
pub(crate) const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// The file's name with something after it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path with all links in its directory resolved, so that none is left in it. The directory is made if it is
/// missing, for its owner alone; one that is there is left as it is, for it may be anybody's.
pub(crate) fn resolve_path(path: &Path) -> Result<PathBuf, LedgerErrorKind> {
    let name = path.file_name().ok_or(LedgerErrorKind::Unsafe("no name of a file"))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        agtop_os::create_private_dir_all(directory)?;
    }
    let path = fs::canonicalize(directory)?.join(name);
    for suffix in COMPANIONS {
        check_kind(&beside(&path, suffix))?;
    }
    Ok(path)
}

/// Makes the file, or takes from others the right to read the one that is there. SQLite gives the log the same rights.
pub(crate) fn claim(path: &Path) -> io::Result<()> {
    match agtop_os::create_private_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => restrict(path),
        other => other.map(drop),
    }
}

fn check_kind(path: &Path) -> Result<(), LedgerErrorKind> {
    let kind = match path.symlink_metadata() {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if kind.is_symlink() {
        Err(LedgerErrorKind::Unsafe("a symbolic link"))
    } else if kind.is_file() {
        Ok(())
    } else {
        Err(LedgerErrorKind::Unsafe("not a regular file"))
    }
}

/// Takes from others the right to read what SQLite keeps.
fn restrict(path: &Path) -> io::Result<()> {
    let exists = |file: &PathBuf| file.symlink_metadata().is_ok();
    let files = COMPANIONS.map(|suffix| beside(path, suffix));
    files.iter().filter(|file| exists(file)).try_for_each(|file| agtop_os::restrict_file_to_owner(file))
}
