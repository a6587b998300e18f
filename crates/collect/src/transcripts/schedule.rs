use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::{Client, Env};
use agtop_model::Timestamp;
use agtop_os::FileKind;
use crossbeam_channel::Receiver;

use crate::transcripts::discover::{Candidate, Place, discover};
use crate::transcripts::health::HealthBook;
use crate::transcripts::watcher::{Changes, Hints, between, pause};

/// Finds files to look at: all there are on a slow beat, and between two beats those that the system says have changed
/// and those that changed lately.
#[derive(Default)]
pub(crate) struct Sweep {
    hints: Option<Hints>,
    swept: Option<Instant>,
    /// How long going through everything took.
    took: Duration,
    /// Whether everything of interest is watched: then there is no need to look at everything each time.
    is_watching: bool,
    places: Vec<Arc<Place>>,
    /// Files that changed lately, with their places: they are looked at each time, or where they are many in turn,
    /// whatever the system says.
    hot: HashMap<PathBuf, Arc<Place>>,
    /// The place of the hot file whose turn is next.
    next_turn: usize,
}

/// What is looked for.
pub(crate) struct Look<'a> {
    pub(crate) clients: &'a [&'static dyn Client],
    pub(crate) env: &'a Env,
    /// Whether a file was found before.
    pub(crate) is_known: &'a dyn Fn(&Path) -> bool,
    pub(crate) now: Timestamp,
}

/// What a look at the files found.
pub(crate) enum Found {
    /// All files that there are.
    All(Vec<Candidate>),
    /// Files that may have changed.
    Some(Vec<Candidate>),
}

/// With the system's hints, everything is looked at this often,
const BEAT: Duration = Duration::from_secs(15);
/// or so seldom that it takes no more than one part in so many of the time,
const SHARE: u32 = 1000;
/// but no more seldom than this.
const SLOWEST: Duration = Duration::from_mins(2);
/// So many hot files are looked at each time.
const HOT_LOOKS: usize = 64;
/// Files that changed this lately are hot.
const HOT: Duration = Duration::from_mins(10);
/// Directories of files that changed this lately are watched.
const WARM: Duration = Duration::from_hours(7 * 24);

impl Sweep {
    /// Looks again and again, with the system's hints where it gives any.
    pub(crate) fn again() -> Self {
        Self { hints: Hints::new(), ..Self::default() }
    }

    /// Finds what is to be looked at.
    pub(crate) fn find(&mut self, look: &Look<'_>, health: &mut HealthBook) -> Found {
        let changes = self.hints.as_mut().map(Hints::take).unwrap_or_default();
        let beat = self.took.saturating_mul(SHARE).clamp(BEAT, SLOWEST);
        let is_due = self.swept.is_none_or(|swept| swept.elapsed() >= beat);
        if !self.is_watching || is_due || self.is_news(&changes, look) {
            return Found::All(self.everything(look, health));
        }
        let told: HashMap<PathBuf, Arc<Place>> =
            changes.paths.iter().filter_map(|path| self.transcript(path)).collect();
        let of_turn = self.turn().filter(|(path, _)| !told.contains_key(*path));
        let candidates = told.iter().chain(of_turn).filter_map(|(path, place)| candidate(path, place)).collect();
        self.hot.extend(told);
        Found::Some(candidates)
    }

    /// The hot files whose turn it is.
    fn turn(&mut self) -> impl Iterator<Item = (&PathBuf, &Arc<Place>)> {
        let (all, start) = (self.hot.len(), self.next_turn);
        self.next_turn = if all > HOT_LOOKS { (start + HOT_LOOKS) % all } else { 0 };
        self.hot.iter().cycle().skip(start).take(all.min(HOT_LOOKS))
    }

    /// Where the last look at everything looked.
    pub(crate) fn places(&self) -> &[Arc<Place>] {
        &self.places
    }

    /// Lets the next look go through everything.
    pub(crate) fn look_everywhere(&mut self) {
        self.swept = None;
    }

    /// Waits until a file changes or somebody wakes us, but no longer than this.
    pub(crate) fn wait(&mut self, at_most: Duration, wakes: [&Receiver<()>; 2]) {
        match &mut self.hints {
            Some(hints) => hints.wait(at_most, wakes),
            None => {
                pause(at_most, wakes);
            }
        }
    }

    fn everything(&mut self, look: &Look<'_>, health: &mut HealthBook) -> Vec<Candidate> {
        let started = Instant::now();
        self.swept = Some(started);
        health.begin_round();
        let (places, candidates) = discover(look.clients, look.env, health);
        self.places = places;
        let changed_within = |span: Duration| {
            candidates.iter().filter(move |candidate| look.now.since(candidate.identity.modified) <= span)
        };
        self.hot = changed_within(HOT).map(|hot| (hot.path.clone(), Arc::clone(&hot.place))).collect();
        if let Some(hints) = &mut self.hints {
            let roots = self.places.iter().filter(|place| place.root.is_dir()).map(|place| place.root.clone());
            let mut directories: HashSet<PathBuf> = roots.collect();
            for warm in changed_within(WARM) {
                directories.extend(between(&warm.path, &warm.place.root).map(Path::to_owned));
            }
            self.is_watching = hints.watch(&directories);
        }
        self.took = started.elapsed();
        candidates
    }

    /// Whether there is a file, or a directory for files, that was not there before, or one is gone.
    fn is_news(&self, changes: &Changes, look: &Look<'_>) -> bool {
        let is_directory = |path: &PathBuf| path.symlink_metadata().is_ok_and(|found| found.is_dir());
        changes.is_incomplete
            || changes.made.iter().any(is_directory)
            || changes.paths.iter().filter_map(|path| self.transcript(path)).any(|(file, _)| {
                let is_there = file.symlink_metadata().is_ok();
                is_there != (look.is_known)(&file)
            })
    }

    /// The file of interest that a change is about: a change of a database's log is one of the database.
    fn transcript(&self, path: &Path) -> Option<(PathBuf, Arc<Place>)> {
        let holder = |path: &Path| self.places.iter().find(|place| place.holds(path)).cloned();
        if let Some(place) = holder(path) {
            return Some((path.to_owned(), place));
        }
        let database = path.with_file_name(path.file_name()?.to_str()?.strip_suffix("-wal")?);
        holder(&database).map(|place| (database, place))
    }
}

fn candidate(path: &Path, place: &Arc<Place>) -> Option<Candidate> {
    match agtop_os::identity(path) {
        Ok(FileKind::Regular(identity)) => {
            Some(Candidate { place: Arc::clone(place), path: path.to_owned(), identity })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_hot_files_take_turns_and_each_has_one() {
        let env = Env { home: "/home/ada".into(), ..Env::default() };
        let client = agtop_clients::CLIENTS[0];
        let store = client.stores(&env).remove(0);
        let root = env.home.clone();
        let place = Arc::new(Place { client, store, root });
        let hot = |count: usize| (0..count).map(|n| (PathBuf::from(n.to_string()), Arc::clone(&place))).collect();
        let mut sweep = Sweep { hot: hot(HOT_LOOKS + 30), ..Sweep::default() };
        let mut turn = || sweep.turn().map(|(path, _)| path.clone()).collect::<HashSet<_>>();
        let (first, second) = (turn(), turn());
        assert_eq!((first.len(), second.len()), (HOT_LOOKS, HOT_LOOKS));
        assert_eq!(first.union(&second).count(), HOT_LOOKS + 30);
        let mut few = Sweep { hot: hot(3), ..Sweep::default() };
        assert_eq!([few.turn().count(), few.turn().count()], [3, 3]);
    }
}
