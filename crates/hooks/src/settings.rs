//! Writes the settings files of agents. A change is computed first ([`install`], [`uninstall`]) and can be shown. Applying
//! it ([`SettingsChange::apply`]) replaces the file in one step, so that no program ever reads half of it.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use agtop_clients::{HookCommand, HookStatus, SettingsError, SettingsFile};
use thiserror::Error;

/// The size of the largest settings file that is read: nobody writes a larger one by hand.
const MAX_SETTINGS_BYTES: u64 = 16 * 1024 * 1024;
/// The suffix of the file that holds the settings as they were before agtop was installed.
const BACKUP_SUFFIX: &str = ".agtop-backup";

/// Why a settings file was left unchanged.
#[derive(Debug, Error)]
pub enum SettingsFileError {
    /// Its client would not accept it.
    #[error("{}:{error}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file.
        error: SettingsError,
    },
    /// It must not be written.
    #[error("{} {reason}; nothing was changed", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The system failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A change to a settings file that was computed and not applied yet.
#[derive(Debug)]
pub struct SettingsChange {
    /// The file itself, with links resolved.
    pub path: PathBuf,
    /// Its text; `None` if it does not exist.
    pub before: Option<String>,
    /// Its new text; `None` if it is to be removed.
    pub after: Option<String>,
    backup: BackupAction,
}

/// What becomes of the backup.
#[derive(Debug, PartialEq, Eq)]
enum BackupAction {
    Leave,
    Write,
    Remove,
}

/// Computes the change that adds agtop to the file, or updates its path there.
///
/// # Errors
/// If the file cannot be read or its text is invalid.
pub fn install(file: &SettingsFile, command: &HookCommand) -> Result<SettingsChange, SettingsFileError> {
    let (path, before) = read(file)?;
    let text = before.as_deref().unwrap_or_default();
    let invalid = |error| SettingsFileError::Invalid { path: file.path.clone(), error };
    let is_first_install = file.status(text, command).map_err(invalid)? == HookStatus::Absent;
    let after = file.install(text, command).map_err(invalid)?;
    let backup = if is_first_install && before.is_some() { BackupAction::Write } else { BackupAction::Leave };
    Ok(SettingsChange { path, before, after: Some(after), backup })
}

/// Computes the change that removes agtop from the file: to the former text if nobody has changed it since, otherwise to
/// the present text without agtop.
///
/// # Errors
/// As [`install`].
pub fn uninstall(file: &SettingsFile) -> Result<SettingsChange, SettingsFileError> {
    let (path, before) = read(file)?;
    let Some(text) = before.as_deref() else {
        return Ok(SettingsChange { path, before: None, after: None, backup: BackupAction::Leave });
    };
    let invalid = |error| SettingsFileError::Invalid { path: file.path.clone(), error };
    let without = file.uninstall(text).map_err(invalid)?;
    let former = read_text(&backup_path(&path)).ok().flatten().filter(|former| file.is_install_of(former, text));
    Ok(match former {
        Some(former) => SettingsChange { path, before, after: Some(former), backup: BackupAction::Remove },
        None if without.is_empty() && !text.is_empty() => {
            SettingsChange { path, before, after: None, backup: BackupAction::Leave }
        }
        None => SettingsChange { path, before, after: Some(without), backup: BackupAction::Leave },
    })
}

/// Returns whether agtop is in the file.
///
/// # Errors
/// As [`install`].
pub fn status(file: &SettingsFile, command: &HookCommand) -> Result<HookStatus, SettingsFileError> {
    let (_, text) = read(file)?;
    let status = file.status(&text.unwrap_or_default(), command);
    status.map_err(|error| SettingsFileError::Invalid { path: file.path.clone(), error })
}

impl SettingsChange {
    /// Whether the change changes nothing.
    pub fn is_none(&self) -> bool {
        self.before == self.after
    }

    /// Applies the change: writes a backup if agtop was not in the file yet, and puts a new file in place of the old one.
    ///
    /// # Errors
    /// If the file may not be written, was changed meanwhile, or the system fails. Then it is unchanged.
    pub fn apply(&self) -> Result<(), SettingsFileError> {
        if self.is_none() {
            return Ok(());
        }
        let metadata = fs::metadata(&self.path).ok();
        if metadata.as_ref().is_some_and(|metadata| metadata.permissions().readonly()) {
            return Err(self.not_writable("is read-only"));
        }
        let backup = backup_path(&self.path);
        if self.backup == BackupAction::Write
            && let Some(before) = &self.before
        {
            replace(&backup, before, metadata.as_ref())?;
        }
        if read_text(&self.path)? != self.before {
            return Err(self.not_writable("was changed by another program meanwhile"));
        }
        match &self.after {
            Some(after) => replace(&self.path, after, metadata.as_ref())?,
            None => remove(&self.path)?,
        }
        if self.backup == BackupAction::Remove { remove(&backup) } else { Ok(()) }
    }

    fn not_writable(&self, reason: &'static str) -> SettingsFileError {
        SettingsFileError::NotWritable { path: self.path.clone(), reason }
    }
}

/// Returns the file itself, with links resolved, and its text.
fn read(file: &SettingsFile) -> Result<(PathBuf, Option<String>), SettingsFileError> {
    let is_link = fs::symlink_metadata(&file.path).is_ok_and(|metadata| metadata.is_symlink());
    let path = match fs::canonicalize(&file.path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link => file.path.clone(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SettingsFileError::NotWritable {
                path: file.path.clone(),
                reason: "is a link that leads nowhere",
            });
        }
        Err(source) => return Err(SettingsFileError::Io { action: "read", path: file.path.clone(), source }),
    };
    let text = read_text(&path)?;
    Ok((path, text))
}

fn read_text(path: &Path) -> Result<Option<String>, SettingsFileError> {
    let not_writable = |reason| Err(SettingsFileError::NotWritable { path: path.to_owned(), reason });
    match agtop_os::read_user_text(path, MAX_SETTINGS_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::FileTooLarge => not_writable("is too long for settings"),
            io::ErrorKind::InvalidData => not_writable("is not UTF-8"),
            _ => Err(SettingsFileError::Io { action: "read", path: path.to_owned(), source: error }),
        },
    }
}

fn backup_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(BACKUP_SUFFIX);
    name.into()
}

fn remove(path: &Path) -> Result<(), SettingsFileError> {
    fs::remove_file(path).map_err(|source| SettingsFileError::Io { action: "remove", path: path.to_owned(), source })
}

/// Replaces the text of a file. It keeps the permissions and the owner of `like`.
fn replace(path: &Path, text: &str, like: Option<&Metadata>) -> Result<(), SettingsFileError> {
    try_replace(path, text, like).map_err(|source| SettingsFileError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

fn try_replace(path: &Path, text: &str, like: Option<&Metadata>) -> io::Result<()> {
    let directory = path.parent().ok_or_else(|| io::Error::other("has no directory"))?;
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".agtop-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    if let Some(like) = like {
        agtop_os::copy_permissions(file.as_file(), like)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    agtop_os::sync_dir(directory)
}
