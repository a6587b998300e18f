//! Directories under the name that the disk has for them.
//!
//! Agents write down where they work as they see it: through a symbolic link, or with letters composed (NFC) where the
//! disk has them decomposed (NFD), as Claude Code does with the real path. The operating system tells the real name of
//! a process's directory. Both are one project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use agtop_model::{Event, EventKind};
use crossbeam_channel::{Sender, bounded};
use unicode_normalization::UnicodeNormalization;

/// A disk that takes longer than this is not asked again: transcripts may name directories of machines that are gone.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Names that are remembered, at most.
const MAX_NAMES: usize = 16_384;

/// The names of this machine's directories.
static DIRECTORIES: LazyLock<Directories> =
    LazyLock::new(|| Directories { known: Mutex::default(), asker: asker(), is_stuck: AtomicBool::new(false) });

/// Gives directories in events their real names.
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

/// Real names that were looked up. A thread of its own asks the disk, which may never answer.
struct Directories {
    known: Mutex<HashMap<PathBuf, PathBuf>>,
    asker: Option<Sender<Question>>,
    is_stuck: AtomicBool,
}

/// A name, and where the real one is sent.
type Question = (PathBuf, Sender<Option<PathBuf>>);

impl Directories {
    /// The real name; the same where there is no such directory here.
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
        let asked = self.asker.as_ref()?.send_timeout((path.to_owned(), reply), ANSWER_TIMEOUT);
        let answered = asked.ok().and_then(|()| answer.recv_timeout(ANSWER_TIMEOUT).ok());
        self.is_stuck.fetch_or(answered.is_none(), Ordering::Relaxed);
        answered.flatten()
    }
}

/// Starts the thread that asks the disk.
fn asker() -> Option<Sender<Question>> {
    let (sender, questions) = bounded::<Question>(0);
    let answer = move || {
        for (path, reply) in questions {
            let _ = reply.send(on_disk(&path));
        }
    };
    std::thread::Builder::new().name("directories".to_owned()).spawn(answer).ok().map(|_| sender)
}

/// The real name of a directory, however its letters are composed.
fn on_disk(path: &Path) -> Option<PathBuf> {
    let found = |path: &Path| std::fs::canonicalize(path).ok().map(|real| plain(&real));
    let text = path.to_str()?;
    let other = |other: String| Some(other).filter(|other| other != text).and_then(|other| found(Path::new(&other)));
    found(path).or_else(|| {
        if text.is_ascii() { None } else { other(text.nfd().collect()).or_else(|| other(text.nfc().collect())) }
    })
}

/// Without the prefix by which Windows says that a path is real.
fn plain(path: &Path) -> PathBuf {
    let text = path.to_str().and_then(|text| text.strip_prefix(r"\\?\"));
    text.filter(|text| !text.starts_with("UNC")).map_or_else(|| path.to_owned(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that has its letters decomposed on disk, a link to it, and what does not exist.
    #[test]
    fn a_directory_has_one_name_however_it_is_written() {
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
