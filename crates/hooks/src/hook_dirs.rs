//! The directories in which hooks and agtop meet.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use agtop_os::{DirFault, DirStatus, UnsafeDir};

/// agtop has a handful of files in a hook directory. Files of other users beyond this number stay and do no harm: owners
/// are checked.
const MAX_CLEANED_ENTRIES: usize = 1024;

/// The directories in which agtop and its hooks meet, the preferred one first.
///
/// Agents may run without `XDG_RUNTIME_DIR` where agtop has it, or the other way round. So both sides know both
/// directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDirs(Vec<PathBuf>);

impl HookDirs {
    /// `$XDG_RUNTIME_DIR/agtop` if that variable names a directory, and `~/.agtop`.
    pub fn new(runtime: Option<&Path>, home: Option<&Path>) -> Self {
        let runtime = runtime.filter(|runtime| runtime.is_absolute() && runtime.is_dir());
        let home = home.filter(|home| home.is_absolute());
        let directories = [runtime.map(|runtime| runtime.join("agtop")), home.map(|home| home.join(".agtop"))];
        Self(directories.into_iter().flatten().collect())
    }

    /// The directories that others may write to, and why.
    pub fn unusable(&self) -> Vec<UnusableDir> {
        let unusable =
            |directory: &PathBuf| check(directory).err().map(|unsafe_dir| UnusableDir::new(directory, &unsafe_dir));
        self.0.iter().filter_map(unusable).collect()
    }

    /// The directories that are this user's alone, or can be created so.
    pub(crate) fn usable(&self) -> Vec<&Path> {
        self.iter().filter(|directory| check(directory).is_ok()).collect()
    }

    /// The directories.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }
}

/// A directory that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableDir {
    /// The directory.
    pub directory: PathBuf,
    /// Which directory is at fault, it or one above it, and what is wrong with it.
    pub reason: String,
}

impl UnusableDir {
    pub(crate) fn new(directory: &Path, reason: &impl ToString) -> Self {
        Self { directory: directory.to_owned(), reason: reason.to_string() }
    }
}

impl fmt::Display for UnusableDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not used: {}", self.directory.display(), self.reason)
    }
}

/// Checks that nobody else can read or replace what is in the directory. Callers check it before they write there, and
/// before they send something to a server there.
pub(crate) fn check(directory: &Path) -> Result<DirStatus, UnsafeDir> {
    agtop_os::check_dir_path(directory.parent().unwrap_or(directory))?;
    agtop_os::check_private_dir(directory)
}

/// Creates the directory for a sender, or checks that it is this user's alone. A sender does not repair one that others
/// may write to: what is there may be anybody's until a listener has cleaned it ([`take_over`]).
pub(crate) fn claim(directory: &Path) -> io::Result<()> {
    if check(directory).map_err(io::Error::other)? == DirStatus::Present {
        return Ok(());
    }
    create(directory)?;
    check(directory).map(drop).map_err(io::Error::other)
}

/// Creates the directory for a listener. If it is this user's and others may write to it, that right is removed, and so is
/// what they have put there. Returns how many entries were removed.
pub(crate) fn take_over(directory: &Path) -> io::Result<u64> {
    agtop_os::check_dir_path(directory.parent().unwrap_or(directory)).map_err(io::Error::other)?;
    match agtop_os::check_private_dir(directory) {
        Ok(DirStatus::Missing) => create(directory)?,
        Ok(DirStatus::Present) | Err(UnsafeDir { fault: DirFault::WritableByOthers, .. }) => {
            agtop_os::restrict_dir_to_owner(directory)?;
        }
        Err(unsafe_dir) => return Err(io::Error::other(unsafe_dir)),
    }
    check(directory).map_err(io::Error::other)?;
    agtop_os::remove_foreign_entries(directory, MAX_CLEANED_ENTRIES)
}

fn create(directory: &Path) -> io::Result<()> {
    match agtop_os::create_private_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_exist_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        let directories = HookDirs::new(Some(root.path()), Some(&home));
        assert_eq!(directories.iter().collect::<Vec<_>>(), [root.path().join("agtop"), home.join(".agtop")]);
        let directories = HookDirs::new(Some(&root.path().join("nowhere")), Some(Path::new("relative")));
        assert_eq!(directories.iter().count(), 0);
    }

    #[test]
    fn a_claimed_directory_is_usable() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("agtop");
        assert_eq!(check(&directory).unwrap(), DirStatus::Missing);
        claim(&directory).unwrap();
        claim(&directory).unwrap();
        assert_eq!((check(&directory).unwrap(), take_over(&directory).unwrap()), (DirStatus::Present, 0));
    }
}
