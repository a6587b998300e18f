use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select};
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What the system says about files that changed. A hint: what it misses, the next sweep finds.
pub(crate) struct Hints {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    watched: HashSet<PathBuf>,
    changes: Changes,
}

/// Files that may have changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) paths: BTreeSet<PathBuf>,
    /// Those of them that came into being, or got their name.
    pub(crate) made: BTreeSet<PathBuf>,
    /// The system lost count: anything may have changed.
    pub(crate) is_incomplete: bool,
}

/// The system grants so many watches to all programs of a user together; more than this are not ours to take.
const MOST_WATCHES: usize = 4096;
/// An agent writes several records at once: this long after the first change the others are waited for.
const SETTLING: Duration = Duration::from_millis(15);

impl Hints {
    /// Nothing is watched yet; `None` where the system has no such thing.
    pub(crate) fn new() -> Option<Self> {
        let (sender, events) = crossbeam_channel::unbounded();
        let watcher = notify::recommended_watcher(sender).ok()?;
        Some(Self { watcher, events, watched: HashSet::new(), changes: Changes::default() })
    }

    /// Watches exactly these directories, as many as may be. Returns whether it is all of them.
    pub(crate) fn watch(&mut self, directories: &HashSet<PathBuf>) -> bool {
        let watcher = &mut self.watcher;
        self.watched.retain(|known| {
            let stays = directories.contains(known);
            if !stays {
                // It fails where the directory is gone, and its watch with it.
                drop(watcher.unwatch(known));
            }
            stays
        });
        for directory in directories {
            if self.watched.len() >= MOST_WATCHES {
                break;
            }
            if !self.watched.contains(directory) && self.watcher.watch(directory, RecursiveMode::NonRecursive).is_ok() {
                self.watched.insert(directory.clone());
            }
        }
        directories.iter().all(|directory| self.watched.contains(directory))
    }

    /// What may have changed since it was last asked.
    pub(crate) fn take(&mut self) -> Changes {
        while let Ok(event) = self.events.try_recv() {
            self.changes.note(event);
        }
        std::mem::take(&mut self.changes)
    }

    /// Waits until something changes, and for what changes with it, or until somebody wakes us, but no longer than this.
    pub(crate) fn wait(&mut self, at_most: Duration, wakes: [&Receiver<()>; 2]) {
        let deadline = Instant::now() + at_most;
        while self.changes.is_empty() {
            select! {
                recv(self.events) -> event => {
                    let Ok(event) = event else {
                        // The watcher has gone: time is all that is left to wait for.
                        return pause(deadline.saturating_duration_since(Instant::now()), wakes);
                    };
                    self.changes.note(event);
                },
                recv(wakes[0]) -> _ => return,
                recv(wakes[1]) -> _ => return,
                default(deadline.saturating_duration_since(Instant::now())) => return,
            }
        }
        let settled = deadline.min(Instant::now() + SETTLING);
        while let Ok(event) = self.events.recv_deadline(settled) {
            self.changes.note(event);
        }
    }
}

/// Waits until somebody wakes us, but no longer than this.
pub(crate) fn pause(at_most: Duration, wakes: [&Receiver<()>; 2]) {
    select! {
        recv(wakes[0]) -> _ => {}
        recv(wakes[1]) -> _ => {}
        default(at_most) => {}
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.is_incomplete
    }

    fn note(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(event) if event.need_rescan() => self.is_incomplete = true,
            Ok(event) if is_change(event.kind) => {
                if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_))) {
                    self.made.extend(event.paths.iter().cloned());
                }
                self.paths.extend(event.paths);
            }
            Ok(_) => {}
            Err(_) => self.is_incomplete = true,
        }
    }
}

/// Reading is no change: we read ourselves.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// The directories from a file's own up to a root, so that directories that are yet to be made are noticed.
pub(crate) fn between<'p>(file: &'p Path, root: &'p Path) -> impl Iterator<Item = &'p Path> {
    file.ancestors().skip(1).take_while(move |ancestor| ancestor.starts_with(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_and_reading_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("a");
        std::fs::write(&path, "1").unwrap();
        let Some(mut hints) = Hints::new() else { return };
        assert!(hints.watch(&HashSet::from([path.parent().unwrap().to_owned()])));
        std::fs::read(&path).unwrap();
        std::fs::write(&path, "2").unwrap();
        hints.wait(Duration::from_secs(20), [&crossbeam_channel::never(), &crossbeam_channel::never()]);
        assert_eq!(hints.take().paths, BTreeSet::from([path]));
        assert!(hints.take().is_empty());
    }

    #[test]
    fn the_way_from_a_file_to_its_root() {
        let way: Vec<&Path> = between(Path::new("/r/2026/11/21/x.jsonl"), Path::new("/r")).collect();
        assert_eq!(way, ["/r/2026/11/21", "/r/2026/11", "/r/2026", "/r"].map(Path::new));
    }
}
