use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select};
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Collects what the system reports about changed files. The system may miss a change; the next full sweep finds it.
pub(crate) struct FileWatcher {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    watched: HashSet<PathBuf>,
    changes: FileChanges,
}

/// Files that may have changed.
#[derive(Debug, Default)]
pub(crate) struct FileChanges {
    pub(crate) paths: BTreeSet<PathBuf>,
    /// Those of them that were created, renamed or deleted, or that may have been.
    pub(crate) entries: BTreeSet<PathBuf>,
    /// The system lost events: any file may have changed.
    pub(crate) is_incomplete: bool,
}

/// The system limits the watches of all programs of a user together; agtop takes no more than this.
const MAX_WATCHES: usize = 4096;
/// An agent writes several records at once: after the first change, the watcher waits this long for others.
const BURST_WAIT: Duration = Duration::from_millis(15);

impl FileWatcher {
    /// A watcher without any directory yet; `None` where the system has no such service.
    pub(crate) fn new() -> Option<Self> {
        let (sender, events) = crossbeam_channel::unbounded();
        let watcher = notify::recommended_watcher(sender).ok()?;
        Some(Self { watcher, events, watched: HashSet::new(), changes: FileChanges::default() })
    }

    /// Watches these directories and no others, up to the limit. Returns whether all of them are watched.
    pub(crate) fn watch(&mut self, directories: &HashSet<PathBuf>) -> bool {
        let watcher = &mut self.watcher;
        self.watched.retain(|known| {
            let stays = directories.contains(known);
            if !stays {
                // This fails where the directory was deleted, and its watch with it.
                drop(watcher.unwatch(known));
            }
            stays
        });
        for directory in directories {
            if self.watched.len() >= MAX_WATCHES {
                break;
            }
            if !self.watched.contains(directory) && self.watcher.watch(directory, RecursiveMode::NonRecursive).is_ok() {
                self.watched.insert(directory.clone());
            }
        }
        directories.iter().all(|directory| self.watched.contains(directory))
    }

    /// What may have changed since the last call.
    pub(crate) fn take_changes(&mut self) -> FileChanges {
        while let Ok(event) = self.events.try_recv() {
            self.note(event);
        }
        std::mem::take(&mut self.changes)
    }

    /// Waits until a file changes, and for the rest of its burst, or until one of `wakes` fires, at most for `timeout`.
    pub(crate) fn wait(&mut self, timeout: Duration, wakes: [&Receiver<()>; 2]) {
        let deadline = Instant::now() + timeout;
        while self.changes.is_empty() {
            select! {
                recv(self.events) -> event => {
                    let Ok(event) = event else {
                        // The watcher has ended: only the timeout and the wakes are left.
                        return wait_for_wake(deadline.saturating_duration_since(Instant::now()), wakes);
                    };
                    self.note(event);
                },
                recv(wakes[0]) -> _ => return,
                recv(wakes[1]) -> _ => return,
                default(deadline.saturating_duration_since(Instant::now())) => return,
            }
        }
        let burst_end = deadline.min(Instant::now() + BURST_WAIT);
        while let Ok(event) = self.events.recv_deadline(burst_end) {
            self.note(event);
        }
    }

    /// Notes an event. A watch ends with its directory: one of the same name that is made later needs its own.
    fn note(&mut self, event: notify::Result<Event>) {
        if let Ok(Event { kind: EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)), paths, .. }) = &event {
            for path in paths.iter().filter(|path| self.watched.remove(*path)) {
                // This fails where the system has ended the watch already.
                drop(self.watcher.unwatch(path));
            }
        }
        self.changes.note(event);
    }
}

/// Waits until one of `wakes` fires, at most for `timeout`.
pub(crate) fn wait_for_wake(timeout: Duration, wakes: [&Receiver<()>; 2]) {
    select! {
        recv(wakes[0]) -> _ => {}
        recv(wakes[1]) -> _ => {}
        default(timeout) => {}
    }
}

impl FileChanges {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.is_incomplete
    }

    fn note(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(event) if event.need_rescan() => self.is_incomplete = true,
            Ok(event) if is_change(event.kind) => {
                if changes_entries(event.kind) {
                    self.entries.extend(event.paths.iter().cloned());
                }
                self.paths.extend(event.paths);
            }
            Ok(_) => {}
            Err(_) => self.is_incomplete = true,
        }
    }
}

/// Whether an event may add or remove a directory entry.
fn changes_entries(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)))
}

/// Whether an event may change a file. Reading does not, and agtop itself reads.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// The directories from a file's own up to a root: watching them also notices directories that are created later.
pub(crate) fn directories_between<'p>(file: &'p Path, root: &'p Path) -> impl Iterator<Item = &'p Path> {
    file.ancestors().skip(1).take_while(move |ancestor| ancestor.starts_with(root))
}

#[cfg(test)]
mod tests {
    use notify::WatcherKind;

    use super::*;

    #[test]
    fn a_write_is_reported_as_a_change_and_a_read_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("a");
        std::fs::write(&path, "1").unwrap();
        let Some(mut watcher) = FileWatcher::new() else { return };
        assert!(watcher.watch(&HashSet::from([path.parent().unwrap().to_owned()])));
        std::fs::read(&path).unwrap();
        std::fs::write(&path, "2").unwrap();
        watcher.wait(Duration::from_secs(20), [&crossbeam_channel::never(), &crossbeam_channel::never()]);
        assert_eq!(watcher.take_changes().paths, BTreeSet::from([path]));
        assert!(watcher.take_changes().is_empty());
    }

    #[test]
    fn a_directory_that_was_deleted_and_made_again_is_watched_again() {
        // Other services report other events.
        if RecommendedWatcher::kind() != WatcherKind::Inotify {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().canonicalize().unwrap().join("project");
        std::fs::create_dir(&directory).unwrap();
        let Some(mut watcher) = FileWatcher::new() else { return };
        let directories = HashSet::from([directory.parent().unwrap().to_owned(), directory.clone()]);
        assert!(watcher.watch(&directories));
        let never = crossbeam_channel::never();
        let reports = |watcher: &mut FileWatcher, path: &Path| {
            let mut waits = std::iter::repeat_with(|| {
                watcher.wait(Duration::from_secs(5), [&never, &never]);
                watcher.take_changes()
            });
            waits.by_ref().take(20).any(|changes| changes.paths.contains(path))
        };
        std::fs::remove_dir(&directory).unwrap();
        assert!(reports(&mut watcher, &directory));
        std::fs::create_dir(&directory).unwrap();
        assert!(reports(&mut watcher, &directory));
        assert!(watcher.watch(&directories));
        std::fs::write(directory.join("a"), "1").unwrap();
        assert!(reports(&mut watcher, &directory.join("a")));
    }

    #[test]
    fn directories_between_a_file_and_its_root_include_both_ends() {
        let directories: Vec<&Path> =
            directories_between(Path::new("/r/2026/11/21/x.jsonl"), Path::new("/r")).collect();
        assert_eq!(directories, ["/r/2026/11/21", "/r/2026/11", "/r/2026", "/r"].map(Path::new));
    }
}
