//! Files of agtop's own and of its user: settings, prices, pictures, logs. They may be as odd as those of agents are: a
//! FIFO that nobody writes to, a device without an end. Only regular files are opened, and no more is read than
//! they may hold. A link is followed: many keep their settings in a repository elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::{FileIdentity, Links, open_with};

/// Opens a regular file for reading, wherever a link leads.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is no regular file; otherwise what the system says.
pub fn open_own(path: &Path) -> io::Result<(File, FileIdentity)> {
    open_with(path, Links::Followed)
}

/// Reads a regular file whole, if it has no more bytes than that.
///
/// # Errors
/// As [`open_own`], and [`io::ErrorKind::FileTooLarge`].
pub fn read_own(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open_own(path)?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        let what = format!("larger than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// Reads a text as [`read_own`] does.
///
/// # Errors
/// As [`read_own`], and [`io::ErrorKind::InvalidData`] if it is not UTF-8.
pub fn read_own_text(path: &Path, most: u64) -> io::Result<String> {
    let bytes = read_own(path, most)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

/// Opens a regular file to append to it, and makes it if there is none.
///
/// # Errors
/// As [`open_own`].
pub fn append_to_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok(file) } else { Err(super::refusal(super::word_for(metadata.file_type()))) }
}

/// Gives a file this content in one step, so that no reader ever sees half of it. What a link leads to is replaced, not
/// the link.
///
/// # Errors
/// What the system says. Then the file is as it was.
pub fn replace_own(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut beside = target.clone().into_os_string();
    beside.push(format!(".{}.part", std::process::id()));
    let mut file = create_anew(Path::new(&beside))?;
    let written = file.write_all(bytes).and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        // What failed is told; that a half file is left behind as well would help nobody.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A file that was not there: whatever has its name, a FIFO say, goes.
fn create_anew(path: &Path) -> io::Result<File> {
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            File::create_new(path)
        }
        other => other,
    }
}

#[cfg(unix)]
fn never_wait(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn never_wait(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/config.toml");
        replace_own(&path, b"old").unwrap();
        replace_own(&path, b"12345").unwrap();
        assert_eq!(read_own_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_own(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        append_to_own(&path).unwrap().write_all(b"\xff").unwrap();
        assert_eq!(read_own_text(&path, 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    /// A FIFO as configuration made every command wait for ever, and `/dev/zero` filled the memory.
    #[test]
    #[cfg(unix)]
    fn a_fifo_a_device_and_a_directory_are_refused_at_once_through_links_too() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for odd in [&fifo, Path::new("/dev/zero"), directory.path()] {
            let link = directory.path().join("link");
            std::os::unix::fs::symlink(odd, &link).unwrap();
            for path in [odd, &link] {
                assert_eq!(read_own(path, 10).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{}", path.display());
                assert!(append_to_own(path).is_err(), "{}", path.display());
            }
            std::fs::remove_file(&link).unwrap();
        }
    }

    /// The link to settings that are kept elsewhere was replaced by a file when a choice was kept.
    #[test]
    #[cfg(unix)]
    fn a_link_to_a_file_is_followed_and_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_own(&link, 10).unwrap(), b"text");
        replace_own(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
    }
}
