#[cfg(unix)]
use std::fs;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use agtop_os::{Exposed, Fault, Presence};

/// agtop has a handful of files there. What others have put there beyond that is in nobody's way.
#[cfg(unix)]
const MOST_ENTRIES: usize = 1024;

/// The directories in which agtop and its hooks meet, the preferred one first.
///
/// Agents may run without `XDG_RUNTIME_DIR` where agtop has it, or the other way round: each side knows both places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(Vec<PathBuf>);

impl Places {
    /// `$XDG_RUNTIME_DIR/agtop` if there is such a directory, and `~/.agtop`.
    pub fn new(runtime: Option<&Path>, home: Option<&Path>) -> Self {
        let runtime = runtime.filter(|runtime| runtime.is_absolute() && runtime.is_dir());
        let home = home.filter(|home| home.is_absolute());
        let places = [runtime.map(|runtime| runtime.join("agtop")), home.map(|home| home.join(".agtop"))];
        Self(places.into_iter().flatten().collect())
    }

    /// The places that are not this user's alone, and why.
    pub fn setbacks(&self) -> Vec<Setback> {
        let setback = |place: &PathBuf| look(place).err().map(|exposed| Setback::new(place, &exposed));
        self.0.iter().filter_map(setback).collect()
    }

    /// The places that are this user's alone, or can be made so.
    pub(crate) fn safe(&self) -> Vec<&Path> {
        self.iter().filter(|place| look(place).is_ok()).collect()
    }

    /// The places.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }
}

/// Where agtop listens.
#[cfg(unix)]
pub(crate) fn socket(place: &Path) -> PathBuf {
    place.join("agtop.sock")
}

/// Where the secret lies that who listens at the pipe shows.
#[cfg(windows)]
pub(crate) fn secret(place: &Path) -> PathBuf {
    place.join("pipe")
}

/// A place that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// The place.
    pub place: PathBuf,
    /// Which directory is at fault, and what is wrong with it.
    pub why: String,
}

impl Setback {
    pub(crate) fn new(place: &Path, why: &impl ToString) -> Self {
        Self { place: place.to_owned(), why: why.to_string() }
    }
}

impl fmt::Display for Setback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not used: {}", self.place.display(), self.why)
    }
}

/// Whether nobody else can read or replace what lies in the place: asked before anything is written there, or sent to
/// whoever listens there.
pub(crate) fn look(place: &Path) -> Result<Presence, Exposed> {
    agtop_os::shelter(place.parent().unwrap_or(place))?;
    agtop_os::own_directory(place)
}

/// Makes the directory, for its owner alone, or makes sure that it is that. One that was ever open is not used by a
/// sender: what lies in it may be anybody's until agtop has been there ([`take_over`]).
pub(crate) fn claim(place: &Path) -> io::Result<()> {
    if look(place).map_err(io::Error::other)? == Presence::There {
        return Ok(());
    }
    make(place)?;
    look(place).map(drop).map_err(io::Error::other)
}

/// Claims the directory for who listens: if it is this user's and was open to others, it is closed, and what they have
/// put there is removed. Says how much that was.
pub(crate) fn take_over(place: &Path) -> io::Result<u64> {
    agtop_os::shelter(place.parent().unwrap_or(place)).map_err(io::Error::other)?;
    match agtop_os::own_directory(place) {
        Ok(Presence::Missing) => make(place)?,
        Ok(Presence::There) | Err(Exposed { why: Fault::Open, .. }) => close(place)?,
        Err(exposed) => return Err(io::Error::other(exposed)),
    }
    look(place).map_err(io::Error::other)?;
    evict(place)
}

fn make(place: &Path) -> io::Result<()> {
    match maker().create(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn maker() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Shuts the directory, which is known to be this user's and no link.
#[cfg(unix)]
fn close(place: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::symlink_metadata(place)?.permissions().mode() & 0o777 == 0o700 {
        return Ok(());
    }
    fs::set_permissions(place, fs::Permissions::from_mode(0o700))
}

/// Removes what is not this user's. What cannot be removed, a directory that is not empty say, is in nobody's way who
/// looks at owners.
#[cfg(unix)]
fn evict(place: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut evicted = 0;
    for entry in fs::read_dir(place)?.take(MOST_ENTRIES) {
        let path = entry?.path();
        let is_foreign = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.uid() != agtop_os::own_uid());
        if is_foreign && (fs::remove_file(&path).is_ok() || fs::remove_dir(&path).is_ok()) {
            evicted += 1;
        }
    }
    Ok(evicted)
}

/// A user's own directories are private already.
#[cfg(not(unix))]
fn maker() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn close(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn evict(_: &Path) -> io::Result<u64> {
    Ok(0)
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn places_that_cannot_be_are_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        let places = Places::new(Some(directory.path()), Some(&home));
        assert_eq!(places.iter().collect::<Vec<_>>(), [directory.path().join("agtop"), home.join(".agtop")]);
        let places = Places::new(Some(&directory.path().join("nowhere")), Some(Path::new("relative")));
        assert_eq!(places.iter().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn the_directory_is_closed_to_others_even_if_it_was_open() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("agtop");
        let mode = || fs::metadata(&place).unwrap().permissions().mode() & 0o777;
        claim(&place).unwrap();
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(claim(&place).is_err(), "a sender does not mend it: what lies there may be anybody's");
        assert_eq!(take_over(&place).unwrap(), 0);
        assert_eq!(mode(), 0o700);
        claim(&place).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        assert!(claim(&link).is_err() && take_over(&link).is_err(), "a link may lead anywhere");
    }

    /// While `~/.agtop` was 0777, another user put a socket there, and it stayed when the directory was closed.
    #[test]
    #[cfg(unix)]
    fn what_others_have_put_into_the_directory_is_removed() {
        const NOBODY: u32 = 65_534;
        if agtop_os::own_uid() != 0 {
            // Not by a macro, whose output is shown of failed tests alone.
            let _ = io::stderr().write_all(b"NOT RUN: only root can give files away\n");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("agtop");
        claim(&place).unwrap();
        drop(std::os::unix::net::UnixListener::bind(socket(&place)).unwrap());
        fs::write(place.join("spool"), "theirs").unwrap();
        fs::write(place.join("mine"), "").unwrap();
        for name in ["agtop.sock", "spool"] {
            std::os::unix::fs::chown(place.join(name), Some(NOBODY), None).unwrap();
        }
        assert_eq!(take_over(&place).unwrap(), 2);
        let left: Vec<_> = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["mine"]);
    }
}
