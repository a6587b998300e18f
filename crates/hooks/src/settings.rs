//! Writing settings files of agents: the change is worked out first ([`install`], [`uninstall`]) and can be shown, and
//! then carried out so that at every moment the file is whole, as it was or as it shall be ([`Change::carry_out`]).

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use agtop_clients::{HookCommand, HookStatus, SettingsError, SettingsFile};
use thiserror::Error;

/// Longer settings are not for people.
const LONGEST: u64 = 16 * 1024 * 1024;
/// What the file was before agtop is in it, under the same name with this after it.
const BACKUP: &str = ".agtop-backup";

/// Why a settings file was left as it is.
#[derive(Debug, Error)]
pub enum Trouble {
    /// It is not what its client would accept.
    #[error("{}:{error}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: SettingsError,
    },
    /// It is not to be written.
    #[error("{} {why}; nothing was changed", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// The system did not do it.
    #[error("cannot {deed} {}", path.display())]
    Io {
        /// What was tried.
        deed: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A change to a settings file, worked out.
#[derive(Debug)]
pub struct Change {
    /// The file itself, where links lead.
    pub path: PathBuf,
    /// Its text; `None` if it does not exist.
    pub before: Option<String>,
    /// What it shall be; `None` if it shall not exist.
    pub after: Option<String>,
    backup: Backup,
}

#[derive(Debug, PartialEq, Eq)]
enum Backup {
    Leave,
    Write,
    Remove,
}

/// Works out how the file comes to name agtop.
///
/// # Errors
/// If the file cannot be read or its text is broken.
pub fn install(file: &SettingsFile, command: &HookCommand) -> Result<Change, Trouble> {
    let (path, before) = read(file)?;
    let text = before.as_deref().unwrap_or_default();
    let broken = |error| Trouble::Broken { path: file.path.clone(), error };
    let is_first = file.status(text, command).map_err(broken)? == HookStatus::Absent;
    let after = file.install(text, command).map_err(broken)?;
    let backup = if is_first && before.is_some() { Backup::Write } else { Backup::Leave };
    Ok(Change { path, before, after: Some(after), backup })
}

/// Works out how the file comes to name agtop no more: the bytes that were there before, if nobody has changed it since,
/// else what is there now without agtop.
///
/// # Errors
/// As [`install`].
pub fn uninstall(file: &SettingsFile) -> Result<Change, Trouble> {
    let (path, before) = read(file)?;
    let Some(text) = before.as_deref() else {
        return Ok(Change { path, before: None, after: None, backup: Backup::Leave });
    };
    let broken = |error| Trouble::Broken { path: file.path.clone(), error };
    let without = file.uninstall(text).map_err(broken)?;
    let former = text_of(&backup_of(&path)).ok().flatten().filter(|former| file.is_install_of(former, text));
    Ok(match former {
        Some(former) => Change { path, before, after: Some(former), backup: Backup::Remove },
        None if without.is_empty() && !text.is_empty() => Change { path, before, after: None, backup: Backup::Leave },
        None => Change { path, before, after: Some(without), backup: Backup::Leave },
    })
}

/// How things stand with the file.
///
/// # Errors
/// As [`install`].
pub fn status(file: &SettingsFile, command: &HookCommand) -> Result<HookStatus, Trouble> {
    let (_, text) = read(file)?;
    let status = file.status(&text.unwrap_or_default(), command);
    status.map_err(|error| Trouble::Broken { path: file.path.clone(), error })
}

impl Change {
    /// Whether there is nothing to do.
    pub fn is_none(&self) -> bool {
        self.before == self.after
    }

    /// Carries it out: with a backup of what agtop was not in yet, through a file beside it that takes its name.
    ///
    /// # Errors
    /// If the file may not be written, was changed meanwhile, or the system fails. Then it is as it was.
    pub fn carry_out(&self) -> Result<(), Trouble> {
        if self.is_none() {
            return Ok(());
        }
        let metadata = fs::metadata(&self.path).ok();
        if metadata.as_ref().is_some_and(|metadata| metadata.permissions().readonly()) {
            return Err(self.unfit("is read-only"));
        }
        let backup = backup_of(&self.path);
        if self.backup == Backup::Write
            && let Some(before) = &self.before
        {
            replace(&backup, before, metadata.as_ref())?;
        }
        if text_of(&self.path)? != self.before {
            return Err(self.unfit("was changed by somebody else meanwhile"));
        }
        match &self.after {
            Some(after) => replace(&self.path, after, metadata.as_ref())?,
            None => remove(&self.path)?,
        }
        if self.backup == Backup::Remove { remove(&backup) } else { Ok(()) }
    }

    fn unfit(&self, why: &'static str) -> Trouble {
        Trouble::Unfit { path: self.path.clone(), why }
    }
}

/// The file itself, where links lead, and its text.
fn read(file: &SettingsFile) -> Result<(PathBuf, Option<String>), Trouble> {
    let is_link = fs::symlink_metadata(&file.path).is_ok_and(|metadata| metadata.is_symlink());
    let path = match fs::canonicalize(&file.path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link => file.path.clone(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Trouble::Unfit { path: file.path.clone(), why: "is a link that leads nowhere" });
        }
        Err(source) => return Err(Trouble::Io { deed: "read", path: file.path.clone(), source }),
    };
    let text = text_of(&path)?;
    Ok((path, text))
}

fn text_of(path: &Path) -> Result<Option<String>, Trouble> {
    let unfit = |why| Err(Trouble::Unfit { path: path.to_owned(), why });
    match agtop_os::read_own_text(path, LONGEST) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::FileTooLarge => unfit("is too long for settings"),
            io::ErrorKind::InvalidData => unfit("is not UTF-8"),
            _ => Err(Trouble::Io { deed: "read", path: path.to_owned(), source: error }),
        },
    }
}

fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(BACKUP);
    name.into()
}

fn remove(path: &Path) -> Result<(), Trouble> {
    fs::remove_file(path).map_err(|source| Trouble::Io { deed: "remove", path: path.to_owned(), source })
}

/// Gives the path this text, and the rights and owner that it had.
fn replace(path: &Path, text: &str, like: Option<&Metadata>) -> Result<(), Trouble> {
    try_replace(path, text, like).map_err(|source| Trouble::Io { deed: "write", path: path.to_owned(), source })
}

fn try_replace(path: &Path, text: &str, like: Option<&Metadata>) -> io::Result<()> {
    let directory = path.parent().ok_or_else(|| io::Error::other("has no directory"))?;
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".agtop-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    if let Some(like) = like {
        take_after(file.as_file(), like)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(directory)
}

#[cfg(unix)]
fn take_after(file: &File, like: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (like.uid(), like.gid()) {
        fchown(file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(like.permissions())
}

#[cfg(not(unix))]
fn take_after(file: &File, like: &Metadata) -> io::Result<()> {
    file.set_permissions(like.permissions())
}

/// So that the new name outlives a power cut.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
