//! Files of the user and of agtop itself: settings, prices, logos, logs. They may be as odd as those of agents: a FIFO that
//! nobody writes to, a device without an end. These functions open only regular files and limit what they read. They follow
//! links: many users keep their settings in a repository elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::kinds::{FileIdentity, Links, refusal, word_for};
use super::open_with;

/// Opens a regular file for reading. It follows links.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is not a regular file; otherwise the system's error.
pub fn open_user_file(path: &Path) -> io::Result<(File, FileIdentity)> {
    open_with(path, Links::Followed)
}

/// Reads a whole regular file that has up to `max_bytes`.
///
/// # Errors
/// As [`open_user_file`], and [`io::ErrorKind::FileTooLarge`].
pub fn read_user_file(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open_user_file(path)?;
    let mut bytes = Vec::new();
    // The file may grow while it is read.
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max_bytes {
        let what = format!("larger than {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// Reads a text as [`read_user_file`] does.
///
/// # Errors
/// As [`read_user_file`], and [`io::ErrorKind::InvalidData`] if it is not UTF-8.
pub fn read_user_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    let bytes = read_user_file(path, max_bytes)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

/// Opens a regular file to append to it, and creates it if there is none.
///
/// # Errors
/// As [`open_user_file`].
pub fn append_to_user_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    open_without_waiting(&mut options);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok(file) } else { Err(refusal(word_for(metadata.file_type()))) }
}

/// Replaces the content of a file in one step, so that no reader ever sees half of it. It replaces the target of a link, not
/// the link.
///
/// # Errors
/// The system's error. Then the file is unchanged.
pub fn replace_user_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut beside = target.clone().into_os_string();
    beside.push(format!(".{}.part", std::process::id()));
    let mut file = create_replacing(Path::new(&beside))?;
    let written = file.write_all(bytes).and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        // The error that is returned matters more than one of this call.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Creates a file. It removes what has its name, which may be a FIFO.
fn create_replacing(path: &Path) -> io::Result<File> {
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            File::create_new(path)
        }
        other => other,
    }
}

#[cfg(unix)]
fn open_without_waiting(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn open_without_waiting(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit_and_replaced_completely() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/config.toml");
        replace_user_file(&path, b"old").unwrap();
        replace_user_file(&path, b"12345").unwrap();
        assert_eq!(read_user_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_user_file(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        append_to_user_file(&path).unwrap().write_all(b"\xff").unwrap();
        assert_eq!(read_user_text(&path, 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    /// With a FIFO as configuration file every command waited for ever, and `/dev/zero` filled the memory.
    #[test]
    #[cfg(unix)]
    fn only_regular_files_are_opened_also_through_links() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for odd in [&fifo, Path::new("/dev/zero"), directory.path()] {
            let link = directory.path().join("link");
            std::os::unix::fs::symlink(odd, &link).unwrap();
            for path in [odd, &link] {
                assert_eq!(
                    read_user_file(path, 10).unwrap_err().kind(),
                    io::ErrorKind::InvalidInput,
                    "{}",
                    path.display()
                );
                assert!(append_to_user_file(path).is_err(), "{}", path.display());
            }
            std::fs::remove_file(&link).unwrap();
        }
    }

    /// Saving a setting replaced a link to the settings file by a file.
    #[test]
    #[cfg(unix)]
    fn a_link_to_a_file_is_followed_and_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_user_file(&link, 10).unwrap(), b"text");
        replace_user_file(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
    }
}
