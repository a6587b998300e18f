use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

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

/// Makes the directory, for its owner alone, or makes sure that it is that.
pub(crate) fn claim(place: &Path) -> io::Result<()> {
    match maker().create(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    let metadata = fs::symlink_metadata(place)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("is no directory"));
    }
    keep_others_out(place, &metadata)
}

#[cfg(unix)]
fn maker() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(unix)]
fn keep_others_out(place: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if metadata.uid() != agtop_os::own_uid() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(place, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// A user's own directories are private already.
#[cfg(not(unix))]
fn maker() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn keep_others_out(_: &Path, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
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
        claim(&place).unwrap();
        assert_eq!(mode(), 0o700);
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        assert!(claim(&link).is_err(), "a link may lead anywhere");
    }
}
