//! Keeps the ledger private: only its owner may read it, and no link is followed.

use std::fs::{self, DirBuilder, OpenOptions};
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
        make_directory(directory)?;
    }
    let path = fs::canonicalize(directory)?.join(name);
    for suffix in COMPANIONS {
        check_kind(&beside(&path, suffix))?;
    }
    Ok(path)
}

/// Makes the file, or takes from others the right to read the one that is there. SQLite gives the log the same rights.
pub(crate) fn claim(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict_file(&mut options);
    match options.open(path) {
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

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    restrict_directory(&mut builder);
    builder.create(directory)
}

#[cfg(unix)]
fn restrict_directory(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700);
}

#[cfg(unix)]
fn restrict_file(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for file in COMPANIONS.map(|suffix| beside(path, suffix)) {
        let Ok(metadata) = file.symlink_metadata() else { continue };
        if metadata.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// A user's own directories are private already.
#[cfg(not(unix))]
fn restrict_directory(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn restrict_file(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}
