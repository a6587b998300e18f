use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use agtop_clients::{CLIENTS, Client, Env, Format};
use agtop_model::{
    Agent, ClientId, FileId, Gap, Grain, History, HistoryPoint, Liveness, Paces, ProcId, Reading, Session, SessionKey,
    Snapshot, Sockets, Status, Timestamp, UsageTable,
};
use agtop_os::{FileIdentity, FileKind, Os};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

use crate::attendance::Attendance;
use crate::census::{Census, Found};
use crate::discover::{Candidate, Place, discover};
use crate::files::Files;
use crate::git::WorkTrees;
use crate::health::HealthBook;
use crate::matcher::Matcher;
use crate::read::{Cursor, Told, begins_as_before};
use crate::scan::{Job, Meter, Progress, read_all};
use crate::sqlite::log_of;
use crate::world::{Lens, Scope, World};
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
    /// Whether the first snapshot waits for rates of processes.
    pub sampling: Sampling,
}

/// Whether a collector looks at files once, and forgets them, or again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// For one snapshot.
    Once,
    /// For as many as will be asked for: it is remembered how far each file was read.
    Again,
}

/// Whether rates are worth waiting for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// The first snapshot holds rates of processes: two readings are taken, a tenth of a second apart.
    #[default]
    Window,
    /// The first snapshot comes as soon as it can, with gaps in place of rates.
    None,
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
    census: Census,
    attendance: Attendance,
    history: History,
    work_trees: WorkTrees,
    /// The sessions whose clients' versions were noted.
    versions_of: Arc<[Arc<Session>]>,
    /// When processes were last looked at.
    sampled: Instant,
    /// Whether there were two looks.
    has_sampled: bool,
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
            census: Census::new(settings.matchers.clone()),
            attendance: Attendance::default(),
            history: History::default(),
            work_trees: WorkTrees::default(),
            world: World::new(now(), lens(&settings, &prices)),
            settings,
            os,
            prices,
            health: HealthBook::default(),
            files: Files::default(),
            known: HashMap::new(),
            versions_of: Arc::default(),
            sampled: Instant::now(),
            has_sampled: false,
            sockets: (None, HashMap::new()),
            meter: Arc::new(Meter::default()),
        }
    }

    /// Remembers every copy of every response, to explain sessions whose id starts so.
    #[must_use]
    pub fn explaining(mut self, session: &str) -> Self {
        self.world = World::audited(now(), lens(&self.settings, &self.prices), session);
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
        let mut found = self.look_at_processes();
        self.read_files();
        // Rates need two readings some time apart. The first time they are taken before and after the scan, which
        // usually takes that long; where it does not, we wait. Later the reading of the snapshot before is at hand.
        let has_agents = !found.agents.is_empty() || !found.hosts.is_empty();
        if self.settings.sampling == Sampling::Window && !self.has_sampled && has_agents {
            self.wait_for_rates();
            found = self.look_at_processes();
        }
        self.has_sampled = true;
        self.snapshot_of(found)
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

    /// Reads what is new, and tells what was used, as finely as `grain` says.
    pub fn usage_table(&mut self, grain: Grain) -> UsageTable {
        // Some clients keep their files where their processes work.
        self.look_at_processes();
        self.read_files();
        self.world.usage_table(now(), grain)
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
        let found = self.look_at_processes();
        self.snapshot_of(found)
    }

    fn snapshot_of(&mut self, mut found: Found) -> Snapshot {
        let now = now();
        found.agents.retain(|agent| self.wants(agent.client));
        found.hosts.retain(|agent| self.wants(agent.client));
        let told = self.world.tell(now);
        self.look_into(&mut found);
        let markers = join::Markers::new(self.world.running());
        let transcripts = Transcripts { files: &self.files, world: &self.world };
        join::join(&mut found.agents, &told.sessions, &markers, &transcripts);
        let hosted = join::hosted(&found.hosts, &found.agents, &told.sessions, &markers, &transcripts);
        let mut agents = found.agents;
        agents.extend(hosted);
        for agent in &mut agents {
            let activity = markers.of(agent).and_then(|(_, running)| running.activity);
            (agent.status, agent.evidence) = status::of_agent(agent, activity, now);
            let paces = agent.session.as_ref().and_then(|session| told.lately.by_session.get(&session.key));
            agent.paces = paces.copied().unwrap_or(agent.paces);
        }
        if self.settings.runs == Runs::Again {
            self.attendance.note(&mut agents, now);
            self.history.push(history_point(&agents, &told.lately.all, now));
        }
        self.note_versions(&told.sessions);
        let health = self.health.report(&self.world, |client| self.wants(client));
        Snapshot {
            now,
            system: Some(Arc::new(self.os.system())),
            agents: agents.into(),
            processes: found.processes.into(),
            sessions: told.sessions,
            totals: told.totals,
            paces: Arc::new(told.lately.all),
            history: Arc::new(self.history.clone()),
            lifecycles: self.attendance.lifecycles().cloned().collect(),
            rate_limits: told.limits.into(),
            health: Arc::new(health),
            prices: self.prices.as_of().into(),
        }
    }

    fn note_versions(&mut self, sessions: &Arc<[Arc<Session>]>) {
        if Arc::ptr_eq(&self.versions_of, sessions) {
            return;
        }
        for session in &**sessions {
            if let Some(version) = &session.version {
                self.health.note_version(session.client(), &version.for_terminal());
            }
        }
        self.versions_of = Arc::clone(sessions);
    }

    /// What only agents are asked for, because it costs: open files, connections, work trees, skills.
    fn look_into(&mut self, found: &mut Found) {
        let now = Instant::now();
        let agents = || found.agents.iter().chain(&found.hosts);
        let ids: Vec<ProcId> = agents().map(|agent| agent.process.id).collect();
        self.look_at_sockets(&ids);
        for agent in found.agents.iter_mut().chain(&mut found.hosts) {
            agent.files = self.os.open_files(agent.process.id);
            agent.sockets = self.sockets.1.get(&agent.process.id).cloned().unwrap_or(Err(Gap::NotReported));
            agent.skills = skills::of(agent, &self.settings.env.home);
            let directory = agent.process.cwd.as_deref();
            agent.git = directory.map_err(|gap| *gap).and_then(|directory| self.work_trees.git(directory, now));
        }
        self.work_trees.forget(now);
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

    /// The agents among the processes that there are. They tell directories in which clients without an index keep
    /// their files, too.
    fn look_at_processes(&mut self) -> Found {
        let table = self.os.processes().unwrap_or_default();
        self.sampled = Instant::now();
        let found = self.census.find(&table, self.sampled);
        // Rates of the machine need a first reading, too.
        if !self.has_sampled {
            self.os.system();
        }
        let known: HashSet<PathBuf> = self.settings.env.work_dirs.iter().cloned().collect();
        let directories: HashSet<&Path> =
            found.agents.iter().filter_map(|agent| agent.process.cwd.as_deref().ok()).collect();
        for directory in directories.into_iter().filter(|directory| !known.contains(*directory)) {
            self.settings.env.work_dirs.push(directory.to_owned());
            self.settings.env.work_dirs.extend(self.work_trees.root(directory).filter(|root| !known.contains(root)));
        }
        found
    }

    fn wait_for_rates(&self) {
        std::thread::sleep(SAMPLING.saturating_sub(self.sampled.elapsed()));
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

fn lens(settings: &Settings, prices: &Arc<PriceBook>) -> Lens {
    Lens { prices: Arc::clone(prices), scope: settings.scope, zone: settings.zone.clone() }
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

/// What all agents come to, for series over time. A process that is several agents counts once.
fn history_point(agents: &[Agent], paces: &Paces, at: Timestamp) -> HistoryPoint {
    let live = || agents.iter().filter(|agent| agent.liveness == Liveness::Live);
    let count = |is_one: fn(Status) -> bool| {
        u32::try_from(live().filter(|agent| is_one(agent.status)).count()).unwrap_or(u32::MAX)
    };
    let processes = || Agent::each_process(live());
    HistoryPoint {
        at,
        agents: count(|_| true),
        busy: count(|status| status.badge() == "busy"),
        active: count(|status| status == Status::Active),
        cpu_percent: processes().filter_map(|agent| agent.cpu_percent.ok()).sum(),
        memory: processes().filter_map(|agent| agent.process.rss.ok()).sum(),
        tokens_per_minute: paces.one_minute().tokens_per_minute().unwrap_or(0.0),
    }
}
