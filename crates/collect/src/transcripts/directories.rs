//! The names of directories as they are on disk.
//!
//! An agent may store its directory under another name than the disk has: through a symbolic link, or with composed
//! letters (NFC) where the disk has decomposed ones (NFD), as Claude Code does. The operating system reports the name on
//! disk for a process. Both must count as one project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use agtop_model::{Event, EventKind};
use crossbeam_channel::{Sender, bounded};
use unicode_normalization::UnicodeNormalization;

/// A disk that takes longer than this to answer is not asked again: a transcript may name a directory on a network disk
/// that no longer answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Names that are cached, at most.
const MAX_NAMES: usize = 16_384;

/// The names of this machine's directories.
static DIRECTORIES: LazyLock<DirectoryNames> = LazyLock::new(|| DirectoryNames {
    known: Mutex::default(),
    queries: start_resolver(),
    is_stuck: AtomicBool::new(false),
});

/// Replaces the directories in events by their names on disk.
pub(crate) fn resolve(events: &mut [Event]) {
    for event in events {
        match &mut event.kind {
            EventKind::Facts(facts) => {
                if let Some(cwd) = &mut facts.cwd {
                    *cwd = DIRECTORIES.real(cwd);
                }
            }
            EventKind::ProjectRoot { root, .. } => *root = DIRECTORIES.real(root),
            _ => {}
        }
    }
}

/// Names on disk that were looked up. A separate thread asks the disk, which may never answer.
struct DirectoryNames {
    known: Mutex<HashMap<PathBuf, PathBuf>>,
    queries: Option<Sender<NameQuery>>,
    is_stuck: AtomicBool,
}

/// A name, and the channel for its name on disk.
type NameQuery = (PathBuf, Sender<Option<PathBuf>>);

impl DirectoryNames {
    /// The name on disk; the same name if there is no such directory.
    fn real(&self, path: &Path) -> PathBuf {
        if !path.is_absolute() {
            return path.to_owned();
        }
        let known = |known: &HashMap<PathBuf, PathBuf>| known.get(path).cloned();
        if let Some(real) = known(&self.known.lock().unwrap_or_else(PoisonError::into_inner)) {
            return real;
        }
        let real = self.ask(path).unwrap_or_else(|| path.to_owned());
        let mut names = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        names.insert(path.to_owned(), real.clone());
        real
    }

    fn ask(&self, path: &Path) -> Option<PathBuf> {
        if self.is_stuck.load(Ordering::Relaxed) {
            return None;
        }
        let (reply, answer) = bounded(1);
        let asked = self.queries.as_ref()?.send_timeout((path.to_owned(), reply), ANSWER_TIMEOUT);
        let answered = asked.ok().and_then(|()| answer.recv_timeout(ANSWER_TIMEOUT).ok());
        self.is_stuck.fetch_or(answered.is_none(), Ordering::Relaxed);
        answered.flatten()
    }
}

/// Starts the thread that asks the disk; `None` if it cannot start.
fn start_resolver() -> Option<Sender<NameQuery>> {
    let (sender, queries) = bounded::<NameQuery>(0);
    let answer = move || {
        for (path, reply) in queries {
            let _ = reply.send(on_disk(&path));
        }
    };
    std::thread::Builder::new().name("directories".to_owned()).spawn(answer).ok().map(|_| sender)
}

/// The name on disk of a directory, whether its letters are composed or not.
fn on_disk(path: &Path) -> Option<PathBuf> {
    let found = |path: &Path| std::fs::canonicalize(path).ok().map(|real| plain(&real));
    let text = path.to_str()?;
    let other = |other: String| Some(other).filter(|other| other != text).and_then(|other| found(Path::new(&other)));
    found(path).or_else(|| {
        if text.is_ascii() { None } else { other(text.nfd().collect()).or_else(|| other(text.nfc().collect())) }
    })
}

/// The path without the `\\?\` prefix that Windows gives to canonical paths.
fn plain(path: &Path) -> PathBuf {
    let text = path.to_str().and_then(|text| text.strip_prefix(r"\\?\"));
    text.filter(|text| !text.starts_with("UNC")).map_or_else(|| path.to_owned(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The directory has its letters decomposed on disk.
    #[test]
    fn a_directory_has_one_name_however_its_letters_are_composed() {
        let home = tempfile::tempdir().unwrap();
        let home = plain(&std::fs::canonicalize(home.path()).unwrap());
        let (composed, decomposed) = (home.join("caf\u{e9}"), home.join("cafe\u{301}"));
        std::fs::create_dir(&decomposed).unwrap();
        let real = DIRECTORIES.real(&decomposed);
        assert_eq!(DIRECTORIES.real(&composed), real);
        assert_eq!(DIRECTORIES.real(&home.join("x/..").join("cafe\u{301}")), home.join("x/..").join("cafe\u{301}"));
        assert_eq!(DIRECTORIES.real(&home.join("gone")), home.join("gone"));
        for foreign in ["", "work", r"C:\Users\u"] {
            assert_eq!(DIRECTORIES.real(Path::new(foreign)), Path::new(foreign));
        }
    }
}
