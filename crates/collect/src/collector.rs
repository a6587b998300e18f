use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use agtop_clients::{CLIENTS, Client, Env, Format, Source};
use agtop_hooks::{HookDirs, Listener, RefusedCounts};
use agtop_model::{
    Agent, ClientId, FileId, ProcId, Session, SessionKey, Snapshot, SourceHealth, TimeGranularity, Timestamp, Timings,
    UsageTable,
};

use agtop_os::Os;
use agtop_prices::PriceBook;
use crossbeam_channel::Receiver;
use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::agents::history::Record;
use crate::agents::hook_state::Pushes;
use crate::agents::lifecycle::Attendance;
use crate::agents::status_start::{KnownStarts, StatusStarts};
use crate::agents::{join, status};
use crate::cache::ledger_cache::{
    Cached, Detail, Interest, Question, Recollection, Recounted, Remembering, Remembrance, Resumption, Worth,
};
use crate::log::{AgentLog, Joining};
use crate::processes::child_history::RecentLooks;
use crate::processes::detector::{self, Census};
use crate::processes::matcher::Matcher;
use crate::processes::probes::Probes;
use crate::processes::rates::{Moment, Vitals};
use crate::state::{Lens, NEWS, Scope, World};
use crate::transcripts::discover::{Candidate, FileState, Place};
use crate::transcripts::file_table::Files;
use crate::transcripts::health::HealthBook;
use crate::transcripts::moved::FoundNames;
use crate::transcripts::project_names::ProjectNames;
use crate::transcripts::reader::{Cursor, Told, begins_as_before};
use crate::transcripts::scan::{Job, Manner, Meter, Progress, read_all};
use crate::transcripts::schedule::{Found, Look, Sweep};

/// What to collect, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where agents keep their files.
    pub env: Env,
    /// Only these clients; all of them if empty.
    pub clients: Vec<ClientId>,
    /// The user's own patterns for processes.
    pub matchers: Vec<Matcher>,
    /// The pid of this program, which is never an agent, and neither is what it starts.
    pub own_pid: Option<u32>,
    /// Which responses count, and who pays.
    pub scope: Scope,
    /// The time zone in which days begin.
    pub zone: TimeZone,
    /// Whether files are looked at again.
    pub runs: Runs,
    /// Whether the first snapshot waits for rates of processes.
    pub sampling: Sampling,
    /// What is remembered from run to run.
    pub remembering: Remembering,
}

impl Settings {
    /// All clients of this environment, once, in UTC, with nothing remembered: what a caller then changes.
    pub fn new(env: Env) -> Self {
        Self {
            env,
            clients: Vec::new(),
            matchers: Vec::new(),
            own_pid: None,
            scope: Scope::default(),
            zone: TimeZone::UTC,
            runs: Runs::Once,
            sampling: Sampling::default(),
            remembering: Remembering::Nothing,
        }
    }
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
    known: HashMap<PathBuf, Known, RandomState>,
    census: Census,
    looks: RecentLooks,
    vitals: Vitals,
    status_starts: StatusStarts,
    attendance: Attendance,
    history: Record,
    /// What the last look at processes found.
    found: detector::Found,
    probes: Probes,
    sweep: Sweep,
    project_names: ProjectNames,
    remembrance: Remembrance,
    pushes: Pushes,
    interest: Interest,
    detail: Detail,
    /// The sessions whose clients' versions were noted.
    versions_of: Arc<[Arc<Session>]>,
    /// The seed of the order in which files are read, where it is not the one in which they are found.
    order: Option<u64>,
    /// When processes were last looked at.
    sampled: Instant,
    /// When the last snapshot was taken.
    told: Instant,
    /// Whether there were two looks.
    has_sampled: bool,
    meter: Arc<Meter>,
    log: AgentLog,
}

/// A file that was read before.
struct Known {
    file: FileId,
    state: FileState,
    cursor: Option<Box<Cursor>>,
}

/// A file's number, and where to go on in it.
type News = (FileId, Option<Box<Cursor>>);
/// A file that was found, and where an earlier run stopped in it.
type Find = (Candidate, Option<News>);

/// Rates need this long between two readings.
const SAMPLING: Duration = Duration::from_millis(100);
/// Live agents write to files that were written to this lately.
const LIVELY: Duration = Duration::from_hours(12);
/// As many bytes are read before the first snapshot: a hundredth of a second's work.
const GLANCE: u64 = 16 * 1024 * 1024;
/// Between two snapshots there is this much time, however fast files change.
const BREATH: Duration = Duration::from_millis(120);

impl Collector {
    /// A collector that has read nothing yet.
    pub fn new(settings: Settings, os: Box<dyn Os>, prices: Arc<PriceBook>) -> Self {
        let mut world = World::new(now(), lens(&settings, &prices));
        let mut remembrance = Remembrance::open(&settings.remembering, now());
        for tag in remembrance.tags() {
            world.tag(&tag.session, &tag.text);
        }
        Self {
            census: Census::new(settings.matchers.clone(), settings.own_pid),
            looks: RecentLooks::default(),
            vitals: Vitals::default(),
            status_starts: StatusStarts::default(),
            attendance: Attendance::default(),
            history: Record::default(),
            found: detector::Found::default(),
            probes: Probes::default(),
            remembrance,
            pushes: Pushes::default(),
            interest: Interest::Present,
            detail: Detail::Sums,
            sweep: if settings.runs == Runs::Again { Sweep::again() } else { Sweep::default() },
            world,
            project_names: ProjectNames::default(),
            settings,
            os,
            prices,
            health: HealthBook::default(),
            files: Files::default(),
            known: HashMap::default(),
            versions_of: Arc::default(),
            order: None,
            sampled: Instant::now(),
            told: Instant::now(),
            has_sampled: false,
            meter: Arc::new(Meter::default()),
            log: AgentLog::default(),
        }
    }

    /// Remembers every copy of every response, to explain sessions whose id starts so.
    #[must_use]
    pub fn explaining(mut self, session: &str) -> Self {
        self.world = World::audited(now(), lens(&self.settings, &self.prices), session);
        self.detail = Detail::Responses;
        self
    }

    /// Reads files in an order of its own, a different one for each seed: no figure may depend on it. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn reading_in_order(mut self, seed: u64) -> Self {
        self.order = Some(seed);
        self
    }

    /// Listens to what agents push; `woken` tells that something has come in.
    pub fn listen(&mut self, listener: Listener, woken: Receiver<()>) {
        self.pushes.listen(listener, woken);
    }

    /// Takes what sessions are called from events that wait for whoever listens.
    pub fn overhear(&mut self, places: &HookDirs) {
        for (session, tag) in agtop_hooks::spooled_tags(places) {
            self.world.tag(&session, &tag);
        }
    }

    /// What was refused of what came in, if anybody listens.
    pub fn refused(&self) -> Option<RefusedCounts> {
        self.pushes.refused()
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

    /// Looks at processes, reads what is new, and takes a snapshot.
    pub fn refresh(&mut self) -> Snapshot {
        self.look_at_processes();
        self.read_files();
        // Rates need two readings some time apart. The first time they are taken before and after the scan, which
        // usually takes that long; where it does not, we wait. Later the reading of the snapshot before is at hand.
        let has_agents = !self.found.agents.is_empty() || !self.found.hosts.is_empty();
        if self.settings.sampling == Sampling::Window && !self.has_sampled && has_agents {
            std::thread::sleep(SAMPLING.saturating_sub(self.sampled.elapsed()));
            self.look_at_processes();
        }
        let is_first = !std::mem::replace(&mut self.has_sampled, true);
        let snapshot = self.snapshot();
        if is_first && self.settings.runs == Runs::Again {
            // What reading history took is not needed any more.
            agtop_os::release_freed_memory();
        }
        snapshot
    }

    /// A first snapshot, at once: live agents. What they do comes with the next.
    pub fn processes(&mut self) -> Snapshot {
        self.look_at_processes();
        self.world.advance(now());
        self.snapshot()
    }

    /// An early snapshot: live agents, and the files that were written to lately. History comes with the next
    /// [`Self::refresh`]. For collectors that run again and again.
    pub fn glance(&mut self) -> Snapshot {
        self.look_at_processes();
        let now = now();
        self.world.advance(now);
        let (Found::All(mut candidates) | Found::Some(mut candidates)) = self.find_files(now);
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.identity.modified));
        let mut room = GLANCE;
        candidates.retain(|candidate| {
            let is_news = now.since(candidate.identity.modified) <= LIVELY && candidate.identity.size <= room;
            room -= if is_news { candidate.identity.size } else { 0 };
            is_news
        });
        self.read(fresh(candidates), now);
        self.sweep.look_everywhere();
        self.snapshot()
    }

    /// The next snapshot: as soon as a file changes or somebody wakes us, with processes as they were, or else when it is
    /// time to look at processes again.
    pub fn next(&mut self, interval: Duration, wake: &Receiver<()>) -> Snapshot {
        let is_due = |sampled: Instant| sampled.elapsed() >= interval;
        std::thread::sleep(BREATH.saturating_sub(self.told.elapsed()).min(interval));
        self.sweep.wait(interval.saturating_sub(self.sampled.elapsed()), [wake, &self.pushes.woken()]);
        if is_due(self.sampled) {
            return self.refresh();
        }
        self.read_files();
        self.snapshot()
    }

    /// Lets the next look go through all files, whatever the system said has changed.
    pub fn look_everywhere(&mut self) {
        self.sweep.look_everywhere();
    }

    /// Reads only what is new in files.
    pub fn read_files(&mut self) {
        let now = now();
        self.world.advance(now);
        self.project_names.tell(&self.settings.env, &mut self.world, now);
        let candidates = match self.find_files(now) {
            Found::All(candidates) => {
                self.forget_missing(&candidates);
                for reading in self.remembrance.newest_limits() {
                    self.world.recall_limit(reading);
                }
                self.recall(candidates, now)
            }
            Found::Some(candidates) => fresh(candidates),
        };
        self.read(candidates, now);
        self.thaw(now);
        self.pushes.take(&mut self.world, now);
        self.remembrance.note_tags(self.pushes.take_tags());
        if self.settings.runs == Runs::Once || self.remembrance.is_due() {
            self.remembrance.write();
        }
    }

    /// Reads what is new in these files.
    fn read(&mut self, mut finds: Vec<Find>, now: Timestamp) {
        if let Some(seed) = self.order {
            finds.sort_by_key(|(candidate, _)| xxh3_64_with_seed(candidate.path.as_os_str().as_encoded_bytes(), seed));
        }
        let jobs: Vec<Job> = finds.into_iter().filter_map(|find| self.job(find, now)).collect();
        self.meter.start(&jobs);
        let mut cursors = HashMap::new();
        let keeps = self.settings.runs == Runs::Again;
        let zone = self.settings.zone.clone();
        let manner = Manner { zone: &zone, prose_from: prose_from(self.interest, now) };
        read_all(jobs, manner, |portion| {
            self.take(portion.client, portion.modified, portion.told);
            if let Some(end) = portion.end {
                self.meter.finish(end.bytes);
                if let Some((account, notes)) = end.notes {
                    self.remembrance.note(end.file, account, notes);
                }
                cursors.extend(end.cursor.filter(|_| keeps).map(|cursor| (end.file, cursor)));
            }
        });
        self.keep_cursors(cursors);
    }

    /// Writes down what was read and is not written yet. To be called before the program ends.
    pub fn finish(&mut self) {
        self.remembrance.write();
        self.remembrance.add_up();
    }

    /// What is to be told of the ledger, if anything, each thing once.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.remembrance.take_notices()
    }

    /// Takes from the ledger what need not be read; what is left must be.
    fn recall(&mut self, candidates: Vec<Candidate>, now: Timestamp) -> Vec<Find> {
        let Self { remembrance, sweep, files, world, known, health, settings, interest, detail, .. } = self;
        // Who explains a session shows each response; blocks end to the minute.
        let (interest, detail) = (*interest, *detail);
        let manner = Manner { zone: &settings.zone, prose_from: prose_from(interest, now) };
        let question = Question { places: sweep.places(), candidates: &candidates, interest, detail, now };
        let mut is_settled = vec![false; candidates.len()];
        let mut resumed: HashMap<usize, News> = HashMap::new();
        remembrance.recall(&question, |recollection| {
            let Recollection { client, path, modified, mut worth, told, resumption } = recollection;
            let is_wanted = settings.clients.is_empty() || settings.clients.contains(&client);
            // What was read at the first glance need not be remembered.
            if !is_wanted || known.contains_key(path) {
                return;
            }
            let file = files.add(client, path);
            let cursor = resumption.as_ref().and_then(|resumption| {
                let candidate = candidates.get(resumption.candidate)?;
                Some((resumption.candidate, go_on(candidate, file, resumption, manner)?))
            });
            if let Some((candidate, cursor)) = cursor {
                worth = Worth::Grown;
                resumed.insert(candidate, (file, Some(cursor)));
            }
            let cached = Cached { file, modified, worth };
            let issues = match told {
                Recounted::Whole(memory) => {
                    world.recall(cached, memory);
                    &memory.issues
                }
                Recounted::Summed(warm) => {
                    world.recall_sums(cached, warm);
                    &warm.unmerged.issues
                }
            };
            tracing::trace!(%client, ?path, ?worth, "ledger: reports on a file");
            if worth.is_current() {
                health.note_cached(client, path, issues);
            }
            let Worth::Settled { candidate, state } = worth else { return };
            is_settled[candidate] = true;
            if settings.runs == Runs::Again {
                known.insert(path.to_owned(), Known { file, state, cursor: None });
            }
        });
        let unsettled = candidates.into_iter().zip(is_settled).enumerate().filter(|(_, (_, is_settled))| !is_settled);
        unsettled.map(|(at, (candidate, _))| (candidate, resumed.remove(&at))).collect()
    }

    /// Takes responses in place of sums where what was read, or is asked, needs them.
    fn thaw(&mut self, now: Timestamp) {
        while self.world.may_thaw() {
            let mut lost = HashSet::new();
            for entry in self.world.take_wanted(|| self.remembrance.keys()) {
                let memories = self.remembrance.thaw(entry);
                let file = self.world.thaw(entry, &memories);
                lost.extend(file.filter(|_| memories.is_empty()));
            }
            self.read_again(&lost, now);
        }
    }

    /// Reads files of which the ledger cannot tell any more, as far as they are there.
    fn read_again(&mut self, lost: &HashSet<FileId>, now: Timestamp) {
        if lost.is_empty() {
            return;
        }
        let paths: HashSet<PathBuf> = lost.iter().map(|&file| self.files.path(file)).collect();
        for &file in lost {
            self.world.forget_file(file);
        }
        self.known.retain(|path, _| !paths.contains(path));
        self.sweep.look_everywhere();
        let (Found::All(mut candidates) | Found::Some(mut candidates)) = self.find_files(now);
        candidates.retain(|candidate| paths.contains(&candidate.path));
        self.read(fresh(candidates), now);
    }

    fn find_files(&mut self, now: Timestamp) -> Found {
        let clients: Vec<&'static dyn Client> =
            CLIENTS.iter().copied().filter(|client| self.wants(client.info().id)).collect();
        let known = &self.known;
        let is_known = |path: &Path| known.contains_key(path);
        let look = Look { clients: &clients, env: &self.settings.env, is_known: &is_known, now };
        self.sweep.find(&look, &mut self.health)
    }

    /// Reads what is new, and tells what was used, as finely as `grain` says.
    pub fn usage_table(&mut self, grain: TimeGranularity) -> UsageTable {
        // Some clients keep their files where their processes work.
        self.look_at_processes();
        self.interest = Interest::Usage;
        if grain == TimeGranularity::Response {
            self.detail = Detail::Responses;
        }
        self.read_files();
        self.world.usage_table(now(), grain)
    }

    fn take(&mut self, client: ClientId, modified: Timestamp, told: Told) {
        self.health.note_records(client, told.records);
        for issue in told.issues {
            self.health.note_issue(client, issue);
        }
        self.health.note_more_issues(client, told.more_issues);
        for event in told.events {
            self.world.apply(event, modified);
        }
    }

    /// Takes a snapshot of what is known.
    pub fn snapshot(&mut self) -> Snapshot {
        let mut found = self.found.clone();
        let now = now();
        let told = self.world.tell(now);
        let mut all: Vec<&mut Agent> = found.agents.iter_mut().chain(&mut found.hosts).collect();
        self.probes.fill(&mut all, &mut *self.os, &self.settings.env.home, Instant::now());
        let markers = join::Markers::new(self.world.running(), &self.pushes);
        let transcripts = Transcripts { files: &self.files, world: &self.world };
        join::join(&mut found.agents, &told.sessions, &markers, &transcripts);
        let hosted = join::hosted(&found.hosts, &found.agents, &told.sessions, &markers, &transcripts);
        let mut agents = found.agents;
        agents.extend(hosted);
        let hosts = join::Hosts::of(&found.hosts);
        let hooks: Vec<_> = agents.iter().map(|agent| self.pushes.activity_of(agent, &hosts)).collect();
        for (agent, hook) in agents.iter_mut().zip(&hooks) {
            let activity = markers.of(agent).and_then(|(_, running)| running.activity);
            let words = status::Words { status_file: activity, hook: hook.as_ref(), looks: &self.looks };
            (agent.status, agent.evidence) = status::of_agent(agent, words, now);
            agent.cause = status::cause(agent, words);
            let paces = agent.session.as_ref().and_then(|session| told.lately.by_session.get(&session.key));
            agent.rates = paces.copied().unwrap_or(agent.rates);
        }
        let pushed: Vec<_> = hooks.iter().map(|hook| hook.as_ref().map(|hook| hook.since)).collect();
        self.status_starts.note(&mut agents, KnownStarts { hosts: &hosts, pushed: &pushed }, now);
        let is_named = |agent: &Agent| join::is_named(agent, &markers);
        self.log.note(&Joining { agents: &agents, sessions: &told.sessions, is_named: &is_named, now });
        if self.settings.runs == Runs::Again {
            self.attendance.note(&mut agents, self.sampled, now);
            self.history.note(&agents, &told.lately.all, now);
        }
        self.told = Instant::now();
        self.note_versions(&told.sessions);
        let health = self.health();
        Snapshot {
            now,
            system: Some(Arc::new(self.os.system())),
            agents: agents.into(),
            processes: found.processes,
            cpu_percents: Arc::new(self.vitals.cpu_percents()),
            sessions: told.sessions,
            totals: told.totals,
            rates: Arc::new(told.lately.all),
            timings: Arc::new(self.timings()),
            history: self.history.so_far(),
            lifecycle_events: self.attendance.lifecycle_events().cloned().collect(),
            rate_limits: told.limits.into(),
            health: Arc::new(health),
            prices: self.prices.as_of().into(),
        }
    }

    /// How well the sources could be read, the ledger among them.
    pub fn health(&mut self) -> SourceHealth {
        self.health.note_ledger(self.remembrance.take_faults());
        let read = self.health.report(&self.world, |client| self.wants(client));
        SourceHealth { hooks: self.pushes.setbacks(), ..read }
    }

    fn timings(&mut self) -> Timings {
        let [first_tool, turn] = self.pushes.latencies();
        Timings { tools: self.world.tool_times(), by_session: self.world.session_tool_times(), first_tool, turn }
    }

    fn note_versions(&mut self, sessions: &Arc<[Arc<Session>]>) {
        if Arc::ptr_eq(&self.versions_of, sessions) {
            return;
        }
        // Most sessions are what and where they were.
        let before = std::mem::replace(&mut self.versions_of, Arc::clone(sessions));
        let is_known =
            |(at, session): &(usize, &Arc<Session>)| before.get(*at).is_some_and(|b| Arc::ptr_eq(b, session));
        for (_, session) in sessions.iter().enumerate().filter(|session| !is_known(session)) {
            if let Some(version) = &session.version {
                self.health.note_version(session.client(), &version.for_terminal());
            }
        }
    }

    fn wants(&self, client: ClientId) -> bool {
        self.settings.clients.is_empty() || self.settings.clients.contains(&client)
    }

    /// Finds the agents among the processes that there are. They tell directories in which clients without an index
    /// keep their files, too.
    fn look_at_processes(&mut self) {
        let table = self.os.processes().unwrap_or_else(|error| {
            self.census.log.no_table(&error);
            Vec::new()
        });
        self.sampled = Instant::now();
        let last_start = table.iter().map(|process| process.id.started).max().unwrap_or(u64::MAX);
        let moment = Moment { at: self.sampled, now: now(), last_start, cpu_step: self.os.cpu_step() };
        let mut found = self.census.find(&table, self.sampled);
        self.vitals.note(found.processes.iter(), moment);
        for agent in found.agents.iter_mut().chain(&mut found.hosts) {
            self.vitals.fill(agent);
        }
        let family: Vec<ProcId> = found.processes.iter().map(|process| process.id).collect();
        self.os.watch(&family);
        found.agents.retain(|agent| self.wants(agent.client));
        found.hosts.retain(|agent| self.wants(agent.client));
        self.looks.note(found.agents.iter().chain(&found.hosts), moment.now);
        // Rates of the machine need a first reading, too.
        if !self.has_sampled {
            self.os.system();
        }
        // A new agent may go on with a session whose directory nobody has written to for so long that it is not watched.
        let before: HashSet<ProcId> = self.found.agents.iter().map(|agent| agent.process.id).collect();
        if found.agents.iter().any(|agent| !before.contains(&agent.process.id)) {
            self.sweep.look_everywhere();
        }
        let mut known: HashSet<PathBuf> = self.settings.env.work_dirs.iter().cloned().collect();
        let directories: BTreeSet<&Path> =
            found.agents.iter().filter_map(|agent| agent.process.cwd.as_deref().ok()).collect();
        for directory in directories {
            if known.contains(directory) {
                continue;
            }
            tracing::debug!(?directory, "directory: an agent works here, its client's files may lie here");
            // Two of them may be below one root, and one of them may be the root.
            let root = self.probes.root(directory, self.sampled);
            for new in std::iter::once(directory.to_owned()).chain(root) {
                if known.insert(new.clone()) {
                    self.settings.env.work_dirs.push(new);
                }
            }
            self.sweep.look_everywhere();
        }
        self.found = found;
    }

    /// What there is to read in a file, if anything is new.
    fn job(&mut self, (candidate, resumed): Find, now: Timestamp) -> Option<Job> {
        let state = candidate.state();
        let Candidate { place, path, identity } = candidate;
        let client = place.client.info().id;
        let (file, cursor) = match (resumed, self.settings.runs) {
            (Some(resumed), _) => resumed,
            (None, Runs::Once) => (self.files.add(client, &path), None),
            (None, Runs::Again) => self.news(client, &place, &path, state)?,
        };
        if cursor.is_none() {
            self.world.forget_file(file);
        }
        let bytes = identity.size.saturating_sub(cursor.as_ref().map_or(0, |cursor| cursor.offset));
        let remembering = self.remembrance.writes().then_some(now);
        Some(Job { file, place, path, modified: identity.modified, bytes, state, remembering, cursor })
    }

    /// The file's number and where to go on, if it has changed since it was last read.
    fn news(&mut self, client: ClientId, place: &Place, path: &Path, state: FileState) -> Option<News> {
        let (format, identity) = (place.store.format, state.0);
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
    fn keep_cursors(&mut self, cursors: HashMap<FileId, Box<Cursor>>) {
        for (file, cursor) in cursors {
            if let Some(known) = self.known.get_mut(&self.files.path(file)) {
                known.cursor = Some(cursor);
            }
        }
    }

    fn forget_missing(&mut self, candidates: &[Candidate]) {
        if self.known.is_empty() {
            return;
        }
        let present: HashSet<&Path, RandomState> =
            candidates.iter().map(|candidate| candidate.path.as_path()).collect();
        let (names, files) = (FoundNames::of(candidates), &self.files);
        let world = &mut self.world;
        self.known.retain(|path, known| {
            let is_there = present.contains(path.as_path());
            if !is_there {
                let moved = files.client(known.file).is_some_and(|client| {
                    let sessions = world.sessions_told_by(client, |file| file == known.file);
                    names.holds((client, path), &sessions)
                });
                if moved {
                    world.note_moved(known.file);
                } else {
                    world.note_gone(known.file);
                }
            }
            is_there
        });
    }
}

fn fresh(candidates: Vec<Candidate>) -> Vec<Find> {
    candidates.into_iter().map(|candidate| (candidate, None)).collect()
}

/// Where an earlier run stopped in a file, if that can be gone on with.
fn go_on(candidate: &Candidate, file: FileId, resumption: &Resumption, manner: Manner<'_>) -> Option<Box<Cursor>> {
    let Candidate { place, path, identity } = candidate;
    let relative = path.strip_prefix(&place.root).unwrap_or(path);
    let Manner { zone, prose_from } = manner;
    let source = Source { file, path, relative, modified: identity.modified, prose_from, zone };
    let decoder = place.client.decoder(&place.store, &source);
    Cursor::resumed(path, decoder, resumption).map(Box::new)
}

/// From when on it is told what was said: who follows sessions is shown their last words.
fn prose_from(interest: Interest, now: Timestamp) -> Timestamp {
    match interest {
        Interest::Present => now.minus(NEWS),
        Interest::Usage => Timestamp::from_millis(i64::MAX),
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
