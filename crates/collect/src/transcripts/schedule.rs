use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::{Client, Env};
use agtop_model::Timestamp;
use agtop_os::FileKind;
use crossbeam_channel::Receiver;

use super::discover::discover;
use super::health::HealthBook;
use super::idle_directories::IdleDirectoryUse;
use super::stores::{FoundFile, StoreRoot};
use super::watcher::{FileChanges, FileWatcher, directories_between, wait_for_wake};

/// Decides which files to look at: all of them at a long interval, and in between those that the system reports as
/// changed and those that changed recently.
#[derive(Default)]
pub(crate) struct SweepSchedule {
    watcher: Option<FileWatcher>,
    swept_at: Option<Instant>,
    /// How long the last full sweep took.
    took: Duration,
    /// Whether the system watches every directory of interest. If not, each sweep is a full one.
    is_watching: bool,
    stores: Vec<Arc<StoreRoot>>,
    /// What full sweeps do about idle directories.
    pub(crate) idle: IdleDirectoryUse,
    /// Files that changed recently, with their stores. They are polled whatever the system reports: all of them every second,
    /// or a part in turn where they are many.
    polled: HashMap<PathBuf, Arc<StoreRoot>>,
    /// The place of the polled file whose turn is next.
    next_turn: usize,
    polled_at: Option<Instant>,
}

/// What a sweep looks for.
pub(crate) struct SweepRequest<'a> {
    /// The clients whose stores a full sweep searches.
    pub(crate) clients: &'a dyn Fn() -> Vec<&'static dyn Client>,
    pub(crate) env: &'a Env,
    /// Whether a file was found before.
    pub(crate) is_known: &'a dyn Fn(&Path) -> bool,
    pub(crate) now: Timestamp,
}

/// The files that a sweep found.
pub(crate) enum Sweep {
    /// All files that exist.
    Full(Vec<FoundFile>),
    /// Files that may have changed.
    Changed(Vec<FoundFile>),
}

impl Sweep {
    /// The files, whichever sweep it was.
    pub(crate) fn into_files(self) -> Vec<FoundFile> {
        match self {
            Self::Full(files) | Self::Changed(files) => files,
        }
    }
}

/// Where the system reports changes, a full sweep is made at this interval,
const FULL_SWEEP_INTERVAL: Duration = Duration::from_secs(15);
/// or at this multiple of the time that one takes,
const SWEEP_COST_FACTOR: u32 = 2000;
/// but no less often than this.
const MAX_FULL_SWEEP_INTERVAL: Duration = Duration::from_mins(2);
/// The system reports nearly every change, so files are polled at this interval.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// As many files are polled each time.
const MAX_POLLED_FILES: usize = 64;
/// Files that changed within this time are polled.
const POLL_WINDOW: Duration = Duration::from_mins(10);
/// Directories of files that changed within this time are watched.
const WATCH_WINDOW: Duration = Duration::from_hours(7 * 24);

impl SweepSchedule {
    /// A schedule for repeated sweeps, which uses the system's reports where it gives any.
    pub(crate) fn repeated() -> Self {
        Self { watcher: FileWatcher::new(), ..Self::default() }
    }

    /// Finds the files to look at now.
    pub(crate) fn sweep(&mut self, request: &SweepRequest<'_>, health: &mut HealthBook) -> Sweep {
        let changes = self.watcher.as_mut().map(FileWatcher::take_changes).unwrap_or_default();
        let interval = self.took.saturating_mul(SWEEP_COST_FACTOR).clamp(FULL_SWEEP_INTERVAL, MAX_FULL_SWEEP_INTERVAL);
        let is_due = self.swept_at.is_none_or(|swept_at| swept_at.elapsed() >= interval);
        if !self.is_watching || is_due || self.needs_full_sweep(&changes, request) {
            return Sweep::Full(self.full_sweep(request, health));
        }
        let reported: HashMap<PathBuf, Arc<StoreRoot>> =
            changes.paths.iter().filter_map(|path| self.transcript(path)).collect();
        let of_turn = self.due_polls().filter(|(path, _)| !reported.contains_key(*path));
        let files = reported.iter().chain(of_turn).filter_map(|(path, store)| found_file(path, store)).collect();
        self.polled.extend(reported);
        Sweep::Changed(files)
    }

    /// The files to poll now; none if others were polled just before.
    fn due_polls(&mut self) -> impl Iterator<Item = (&PathBuf, &Arc<StoreRoot>)> {
        let is_due = self.polled_at.is_none_or(|polled_at| polled_at.elapsed() >= POLL_INTERVAL);
        if is_due {
            self.polled_at = Some(Instant::now());
        }
        is_due.then(|| self.take_turn()).into_iter().flatten()
    }

    /// The polled files whose turn it is.
    fn take_turn(&mut self) -> impl Iterator<Item = (&PathBuf, &Arc<StoreRoot>)> {
        let (all, start) = (self.polled.len(), self.next_turn);
        self.next_turn = if all > MAX_POLLED_FILES { (start + MAX_POLLED_FILES) % all } else { 0 };
        self.polled.iter().cycle().skip(start).take(all.min(MAX_POLLED_FILES))
    }

    /// The stores that the last full sweep searched.
    pub(crate) fn stores(&self) -> &[Arc<StoreRoot>] {
        &self.stores
    }

    /// Makes the next sweep a full one.
    pub(crate) fn request_full_sweep(&mut self) {
        self.swept_at = None;
    }

    /// Waits until a file changes or one of `wakes` fires, at most for `timeout`.
    pub(crate) fn wait(&mut self, timeout: Duration, wakes: [&Receiver<()>; 2]) {
        match &mut self.watcher {
            Some(watcher) => watcher.wait(timeout, wakes),
            None => wait_for_wake(timeout, wakes),
        }
    }

    fn full_sweep(&mut self, request: &SweepRequest<'_>, health: &mut HealthBook) -> Vec<FoundFile> {
        let started = Instant::now();
        self.swept_at = Some(started);
        health.begin_sweep();
        let (stores, files) = discover(&(request.clients)(), request.env, (health, &mut self.idle));
        self.stores = stores;
        let changed_within =
            |span: Duration| files.iter().filter(move |file| request.now.since(file.identity.modified) <= span);
        self.polled = changed_within(POLL_WINDOW).map(|file| (file.path.clone(), Arc::clone(&file.store))).collect();
        if let Some(watcher) = &mut self.watcher {
            let roots = self.stores.iter().filter(|store| store.root.is_dir()).map(|store| store.root.clone());
            let mut directories: HashSet<PathBuf> = roots.collect();
            for file in changed_within(WATCH_WINDOW) {
                directories.extend(directories_between(&file.path, &file.store.root).map(Path::to_owned));
            }
            self.is_watching = watcher.watch(&directories);
        }
        self.took = started.elapsed();
        files
    }

    /// Whether a file, or a directory for files, was created or deleted.
    fn needs_full_sweep(&self, changes: &FileChanges, request: &SweepRequest<'_>) -> bool {
        let is_directory = |path: &PathBuf| path.symlink_metadata().is_ok_and(|found| found.is_dir());
        let concerns_entry = |path: &&PathBuf| changes.entries.contains(*path) || !(request.is_known)(path);
        changes.is_incomplete
            || changes.entries.iter().any(is_directory)
            || changes.paths.iter().filter(concerns_entry).filter_map(|path| self.transcript(path)).any(|(file, _)| {
                let exists = file.symlink_metadata().is_ok();
                exists != (request.is_known)(&file)
            })
    }

    /// The file that a change concerns: a change of a database's write-ahead log is one of the database.
    fn transcript(&self, path: &Path) -> Option<(PathBuf, Arc<StoreRoot>)> {
        if let Some(store) = self.polled.get(path) {
            return Some((path.to_owned(), Arc::clone(store)));
        }
        let store_of = |path: &Path| self.stores.iter().find(|store| store.holds(path)).cloned();
        if let Some(store) = store_of(path) {
            return Some((path.to_owned(), store));
        }
        let database = path.with_file_name(path.file_name()?.to_str()?.strip_suffix("-wal")?);
        store_of(&database).map(|store| (database, store))
    }
}

fn found_file(path: &Path, store: &Arc<StoreRoot>) -> Option<FoundFile> {
    match agtop_os::identity(path) {
        Ok(FileKind::Regular(identity)) => {
            Some(FoundFile { store: Arc::clone(store), path: path.to_owned(), identity })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_recently_changed_files_are_polled_in_turn() {
        let env = Env { home: "/home/ada".into(), ..Env::default() };
        let client = agtop_clients::CLIENTS[0];
        let store = client.stores(&env).remove(0);
        let store = Arc::new(StoreRoot { client, store, root: env.home.clone() });
        let polled = |count: usize| (0..count).map(|n| (PathBuf::from(n.to_string()), Arc::clone(&store))).collect();
        let mut schedule = SweepSchedule { polled: polled(MAX_POLLED_FILES + 30), ..SweepSchedule::default() };
        let mut turn = || schedule.take_turn().map(|(path, _)| path.clone()).collect::<HashSet<_>>();
        let (first, second) = (turn(), turn());
        assert_eq!((first.len(), second.len()), (MAX_POLLED_FILES, MAX_POLLED_FILES));
        assert_eq!(first.union(&second).count(), MAX_POLLED_FILES + 30);
        let mut few = SweepSchedule { polled: polled(3), ..SweepSchedule::default() };
        assert_eq!([few.take_turn().count(), few.take_turn().count()], [3, 3]);
    }
}
