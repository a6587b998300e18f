use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use agtop_clients::{CLIENTS, Client, Env, Format};
use agtop_model::{Agent, ClientId, FileId, Gap, ProcId, Reading, SessionKey, Snapshot, Sockets, Timestamp};
use agtop_os::{FileIdentity, FileKind, Os};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

use crate::agents::{Matcher, Processes};
use crate::discover::{Candidate, Place, discover};
use crate::files::Files;
use crate::health::HealthBook;
use crate::read::{Cursor, Told, begins_as_before};
use crate::scan::{Job, Meter, Progress, read_all};
use crate::sqlite::log_of;
use crate::world::{Scope, World};
use crate::{join, skills, status};

/// What to collect, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where agents keep their files.
    pub env: Env,
    /// Only these clients; all of them if empty.
    pub clients: Vec<ClientId>,
    /// The user's own patterns for processes.
    pub matchers: Vec<Matcher>,
    /// Which responses count, and who pays.
    pub scope: Scope,
    /// The time zone in which days begin.
    pub zone: TimeZone,
    /// Whether files are looked at again.
    pub runs: Runs,
}

/// Whether a collector looks at files once, and forgets them, or again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// For one snapshot.
    Once,
    /// For as many as will be asked for: it is remembered how far each file was read.
    Again,
}

/// Collects from files and processes, once or again and again.
pub struct Collector {
    settings: Settings,
    os: Box<dyn Os>,
    prices: Arc<PriceBook>,
    world: World,
    health: HealthBook,
    files: Files,
    known: HashMap<PathBuf, Known>,
    processes: Processes,
    sampled: Option<Instant>,
    /// Connections of agents, and when they were read.
    sockets: (Option<Instant>, HashMap<ProcId, Reading<Sockets>>),
    meter: Arc<Meter>,
}

/// A file that was read before.
struct Known {
    file: FileId,
    state: FileState,
    cursor: Option<Box<Cursor>>,
}

/// A file's number, and where to go on in it.
type News = (FileId, Option<Box<Cursor>>);

/// What tells whether a file has changed: its own identity, and its write-ahead log's if it is a database.
type FileState = (FileIdentity, Option<FileIdentity>);

/// Connections are looked at this often.
const SOCKET_BEAT: Duration = Duration::from_secs(5);
/// Rates need this long between two readings.
const SAMPLING: Duration = Duration::from_millis(100);

impl Collector {
    /// A collector that has read nothing yet.
    pub fn new(settings: Settings, os: Box<dyn Os>, prices: Arc<PriceBook>) -> Self {
        Self {
            processes: Processes::new(settings.matchers.clone()),
            world: World::new(now()),
            settings,
            os,
            prices,
            health: HealthBook::default(),
            files: Files::default(),
            known: HashMap::new(),
            sampled: None,
            sockets: (None, HashMap::new()),
            meter: Arc::new(Meter::default()),
        }
    }

    /// Remembers every copy of every response, to explain sessions whose id starts so.
    #[must_use]
    pub fn explaining(mut self, session: &str) -> Self {
        self.world = World::audited(now(), session);
        self
    }

    /// Tells from any thread how far the scan has come.
    pub fn watch(&self) -> impl Fn() -> Progress + Send + use<> {
        let meter = Arc::clone(&self.meter);
        move || meter.progress()
    }

    /// The files that were read.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What files told.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Reads what is new, and takes a snapshot.
    pub fn refresh(&mut self) -> Snapshot {
        self.look_at_processes();
        self.read_files();
        if self.sampled.is_none_or(|at| at.elapsed() < SAMPLING) {
            self.wait_for_rates();
        }
        self.snapshot()
    }

    /// Reads only what is new in files.
    pub fn read_files(&mut self) {
        let now = now();
        self.world.advance(now);
        self.health.begin_round();
        let clients: Vec<&'static dyn Client> =
            CLIENTS.iter().copied().filter(|client| self.wants(client.info().id)).collect();
        let candidates = discover(&clients, &self.settings.env, &mut self.health);
        self.forget_missing(&candidates);
        let jobs: Vec<Job> = candidates.into_iter().filter_map(|candidate| self.job(candidate)).collect();
        self.meter.start(&jobs);
        let mut cursors = HashMap::new();
        let keeps = self.settings.runs == Runs::Again;
        let zone = self.settings.zone.clone();
        read_all(jobs, &zone, |portion| {
            self.take(portion.client, portion.modified, portion.told);
            if let Some(end) = portion.end {
                self.meter.finish(end.bytes);
                cursors.extend(end.cursor.filter(|_| keeps).map(|cursor| (end.file, cursor)));
            }
        });
        self.keep_cursors(cursors);
    }

    fn take(&mut self, client: ClientId, modified: Timestamp, told: Told) {
        self.health.note_records(client, told.records);
        for issue in told.issues {
            self.health.note_issue(client, issue);
        }
        for event in told.events {
            self.world.apply(event, modified);
        }
    }

    /// Takes a snapshot of what is known.
    pub fn snapshot(&mut self) -> Snapshot {
        let now = now();
        let table = self.os.processes().unwrap_or_default();
        let mut found = self.processes.find(&table, Instant::now());
        found.agents.retain(|agent| self.wants(agent.client));
        let told = self.world.tell(now, &self.prices, &self.settings.scope, &self.settings.zone);
        self.look_into(&mut found.agents);
        let markers = join::Markers::new(self.world.running());
        let transcripts = Transcripts { files: &self.files, world: &self.world };
        join::join(&mut found.agents, &told.sessions, &markers, &transcripts);
        for agent in &mut found.agents {
            let activity = markers.of(agent).and_then(|(_, running)| running.activity);
            (agent.status, agent.evidence) = status::of_agent(agent, activity, now);
        }
        for session in &told.sessions {
            if let Some(version) = &session.version {
                self.health.note_version(session.client(), &version.for_terminal());
            }
        }
        let health = self.health.report(&self.world, |client| self.wants(client));
        Snapshot {
            now,
            system: Some(Arc::new(self.os.system())),
            agents: found.agents.into(),
            processes: found.processes.into(),
            sessions: told.sessions.into(),
            totals: Arc::new(told.totals),
            rate_limits: told.limits.into(),
            health: Arc::new(health),
            prices: self.prices.as_of().into(),
        }
    }

    /// What only agents are asked for, because it costs: open files, connections, skills.
    fn look_into(&mut self, agents: &mut [Agent]) {
        let ids: Vec<ProcId> = agents.iter().map(|agent| agent.process.id).collect();
        self.look_at_sockets(&ids);
        for agent in agents {
            agent.files = self.os.open_files(agent.process.id);
            agent.sockets = self.sockets.1.get(&agent.process.id).cloned().unwrap_or(Err(Gap::NotReported));
            agent.skills = skills::of(agent, &self.settings.env.home);
        }
    }

    /// The tables of connections are the machine's, and walking them takes milliseconds: they are read on a beat of
    /// their own, or when there is a new agent.
    fn look_at_sockets(&mut self, ids: &[ProcId]) {
        let (read_at, known) = &self.sockets;
        let is_fresh =
            read_at.is_some_and(|at| at.elapsed() < SOCKET_BEAT) && ids.iter().all(|id| known.contains_key(id));
        if !is_fresh && !ids.is_empty() {
            let sockets = ids.iter().copied().zip(self.os.sockets(ids)).collect();
            self.sockets = (Some(Instant::now()), sockets);
        }
    }

    fn wants(&self, client: ClientId) -> bool {
        self.settings.clients.is_empty() || self.settings.clients.contains(&client)
    }

    /// Live agents tell directories in which clients without an index keep their files, and their first processor
    /// times.
    fn look_at_processes(&mut self) {
        let table = self.os.processes().unwrap_or_default();
        let found = self.processes.find(&table, Instant::now());
        self.sampled = (!found.agents.is_empty()).then(Instant::now);
        // Rates of the machine need a first reading, too.
        self.os.system();
        let mut directories: Vec<PathBuf> = std::mem::take(&mut self.settings.env.work_dirs);
        directories.extend(found.agents.iter().filter_map(|agent| agent.process.cwd.clone().ok()));
        let roots: Vec<PathBuf> = directories.iter().filter_map(|directory| git_root(directory)).collect();
        directories.extend(roots);
        let mut seen = HashSet::new();
        directories.retain(|directory| seen.insert(directory.clone()));
        self.settings.env.work_dirs = directories;
    }

    /// Rates need two readings some time apart: the scan usually takes that long; where it does not, we wait.
    fn wait_for_rates(&self) {
        if let Some(sampled) = self.sampled {
            std::thread::sleep(SAMPLING.saturating_sub(sampled.elapsed()));
        }
    }

    /// What there is to read in a file, if anything is new.
    fn job(&mut self, candidate: Candidate) -> Option<Job> {
        let Candidate { place, path, identity } = candidate;
        let client = place.client.info().id;
        let (file, cursor) = match self.settings.runs {
            Runs::Once => (self.files.add(client, &path), None),
            Runs::Again => self.news(client, &place, &path, identity)?,
        };
        if cursor.is_none() {
            self.world.forget_file(file);
        }
        let bytes = identity.size.saturating_sub(cursor.as_ref().map_or(0, |cursor| cursor.offset));
        Some(Job { file, place, path, modified: identity.modified, bytes, cursor })
    }

    /// The file's number and where to go on, if it has changed since it was last read.
    fn news(&mut self, client: ClientId, place: &Place, path: &Path, identity: FileIdentity) -> Option<News> {
        let format = place.store.format;
        let state = (identity, log_identity(path, format));
        let Some(known) = self.known.get_mut(path) else {
            let file = self.files.add(client, path);
            self.known.insert(path.to_owned(), Known { file, state, cursor: None });
            return Some((file, None));
        };
        if known.state == state {
            return None;
        }
        let before = std::mem::replace(&mut known.state, state).0;
        let can_go_on = |cursor: &Cursor| {
            matches!(format, Format::Lines)
                && before.inode == identity.inode
                && begins_as_before(path, cursor, &identity)
        };
        Some((known.file, known.cursor.take().filter(|cursor| can_go_on(cursor))))
    }

    /// Line-by-line files are gone on with; all others are read as a whole.
    fn keep_cursors(&mut self, mut cursors: HashMap<FileId, Box<Cursor>>) {
        for known in self.known.values_mut() {
            if let Some(cursor) = cursors.remove(&known.file) {
                known.cursor = Some(cursor);
            }
        }
    }

    fn forget_missing(&mut self, candidates: &[Candidate]) {
        if self.known.is_empty() {
            return;
        }
        let present: HashSet<&Path> = candidates.iter().map(|candidate| candidate.path.as_path()).collect();
        let world = &mut self.world;
        self.known.retain(|path, known| {
            let is_there = present.contains(path.as_path());
            if !is_there {
                world.forget_file(known.file);
            }
            is_there
        });
    }
}

/// Which session a transcript belongs to, by its path.
pub(crate) struct Transcripts<'a> {
    files: &'a Files,
    world: &'a World,
}

impl Transcripts<'_> {
    /// The sessions whose transcripts are among these files.
    pub(crate) fn sessions_of(&self, client: ClientId, paths: &[PathBuf]) -> Vec<SessionKey> {
        if paths.is_empty() {
            return Vec::new();
        }
        let is_held = |file: FileId| paths.contains(&self.files.path(file));
        self.world.sessions_told_by(client, is_held)
    }
}

/// The moment, by the system's clock: the one place that asks it.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

fn log_identity(path: &Path, format: Format) -> Option<FileIdentity> {
    if !matches!(format, Format::Sqlite(_)) {
        return None;
    }
    match agtop_os::identity(&log_of(path)) {
        Ok(FileKind::Regular(identity)) => Some(identity),
        _ => None,
    }
}

/// Directories are not nested deeper than this on the way to a repository's root.
const DEEPEST: usize = 40;

/// The root of the git repository that holds a directory.
fn git_root(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().take(DEEPEST).find(|ancestor| ancestor.join(".git").exists()).map(Path::to_owned)
}
