//! Collects from files, processes and hooks, and decides when.

mod agent_rows;
mod agent_tracker;
mod clock;
mod idle_files;
mod ingest;
mod known_files;
mod ledger_fill;
mod loaded_files;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_hooks::{HookDirs, Listener, RefusedCounts};
use agtop_model::{Snapshot, SourceHealth, TimeGranularity, Timings, UsageTable};
use agtop_os::Os;
use agtop_prices::PriceBook;
use crossbeam_channel::Receiver;

use agent_tracker::{AgentTracker, SessionContext};
use clock::now;
use ingest::{Ingest, IngestContext};
pub use settings::{RunMode, Sampling, Settings};

use crate::agents::Urgency;
use crate::cache::ledger_cache::LedgerCache;
use crate::cache::policy::{Detail, Interest};
use crate::state::summary::SummaryScope;
use crate::state::{PricingContext, World};
use crate::transcripts::file_table::FileTable;
use crate::transcripts::progress::ScanProgress;

/// Collects from files and processes, once or repeatedly.
pub struct Collector {
    settings: Settings,
    prices: Arc<PriceBook>,
    world: World,
    ingest: Ingest,
    tracker: AgentTracker,
    /// How well the sources could be read when processes were read last.
    health: Arc<SourceHealth>,
    /// When the last snapshot was taken.
    snapshot_at: Instant,
}

/// Rates need this time between two readings.
const SAMPLING_WINDOW: Duration = Duration::from_millis(100);
/// The time between two snapshots of [`Collector::next`], at least, however fast files change.
const MIN_SNAPSHOT_GAP: Duration = Duration::from_millis(120);

impl Collector {
    /// A collector that has read nothing yet.
    pub fn new(settings: Settings, os: Box<dyn Os>, prices: Arc<PriceBook>) -> Self {
        let mut world = World::new(now(), pricing(&settings, &prices));
        let mut cache = LedgerCache::open(&settings.ledger, now());
        for tag in cache.tags() {
            world.tag(&tag.session, &tag.text);
        }
        Self {
            tracker: AgentTracker::new(&settings, os),
            ingest: Ingest::new(settings.run_mode, cache),
            settings,
            prices,
            world,
            health: Arc::default(),
            snapshot_at: Instant::now(),
        }
    }

    /// Keeps every copy of every response, to explain the sessions whose id begins with `session`.
    #[must_use]
    pub fn with_audit(mut self, session: &str) -> Self {
        self.world = World::audited(now(), pricing(&self.settings, &self.prices), session);
        self.ingest.detail = Detail::Responses;
        self
    }

    /// Reads files in another order for each seed: no figure may depend on it. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_read_order(mut self, seed: u64) -> Self {
        self.ingest.read_order = Some(seed);
        self
    }

    /// Reads the events of hooks from this listener; `wakes` fires when one arrives.
    pub fn attach_hooks(&mut self, listener: Listener, wakes: Receiver<()>) {
        self.tracker.hooks.attach(listener, wakes);
    }

    /// Reads the tags of sessions from events that wait in the spool, and leaves those there.
    pub fn import_spooled_tags(&mut self, places: &HookDirs) {
        for (session, tag) in agtop_hooks::spooled_tags(places) {
            self.world.tag(&session, &tag);
        }
    }

    /// How many events of hooks were refused; `None` without a listener.
    pub fn refused(&self) -> Option<RefusedCounts> {
        self.tracker.hooks.refused()
    }

    /// Returns a function that says, on any thread, how far the scan has come.
    pub fn progress_reporter(&self) -> impl Fn() -> ScanProgress + Send + use<> {
        let meter = Arc::clone(&self.ingest.meter);
        move || meter.progress()
    }

    /// The files that were read.
    pub fn files(&self) -> &FileTable {
        &self.ingest.files
    }

    /// The state that was folded from files.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Messages about the ledger for the user, each once.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.ingest.cache.take_notices()
    }

    /// Reads processes and what is new in files, and takes a snapshot.
    pub fn refresh(&mut self) -> Snapshot {
        self.read_processes();
        self.read_files();
        // Rates need two readings. The first time they are taken before and after the scan, which usually takes long
        // enough; if not, the collector waits. Later, the reading of the previous snapshot is at hand.
        let needs_rates = self.settings.sampling == Sampling::Window && !self.tracker.has_rates();
        if needs_rates && self.tracker.has_agents() {
            std::thread::sleep(SAMPLING_WINDOW.saturating_sub(self.tracker.read_at().elapsed()));
            self.read_processes();
        }
        let is_first = self.tracker.set_has_rates();
        let snapshot = self.snapshot();
        if is_first && self.settings.run_mode == RunMode::Repeated {
            // The memory that reading the history took is not needed any more.
            self.world.shrink();
            self.ingest.shrink();
            agtop_os::release_freed_memory();
        }
        snapshot
    }

    /// A first snapshot at once, which contains live agents without their sessions.
    pub fn process_snapshot(&mut self) -> Snapshot {
        self.read_processes();
        self.world.advance(now());
        self.snapshot()
    }

    /// An early snapshot, which contains live agents and recently written files. The next [`Self::refresh`] reads
    /// everything. For collectors with [`RunMode::Repeated`].
    pub fn quick_scan(&mut self) -> Snapshot {
        self.read_processes();
        let now = now();
        self.world.advance(now);
        let mut context = IngestContext { settings: &self.settings, world: &mut self.world, now };
        self.ingest.read_recent(&mut context);
        self.snapshot()
    }

    /// Waits until a file changes, a hook reports an event, `wake` fires, or `interval` has passed since processes were
    /// read.
    pub fn wait(&mut self, interval: Duration, wake: &Receiver<()>) {
        let timeout = interval.saturating_sub(self.tracker.read_at().elapsed());
        self.ingest.wait(timeout, [wake, &self.tracker.hooks.wakes()]);
    }

    /// Fires when a hook reports an event; never if no listener is attached.
    pub fn hook_wakes(&self) -> Receiver<()> {
        self.tracker.hooks.wakes()
    }

    /// Takes the events that hooks have reported. They show in the next snapshot.
    pub fn receive_hooks(&mut self) -> Urgency {
        let now = now();
        self.world.advance(now);
        self.tracker.hooks.receive(&mut self.world, now)
    }

    /// Waits as [`Self::wait`] does, and takes the next snapshot, some time after the one before.
    pub fn next(&mut self, interval: Duration, wake: &Receiver<()>) -> Snapshot {
        std::thread::sleep(MIN_SNAPSHOT_GAP.saturating_sub(self.snapshot_at.elapsed()).min(interval));
        self.wait(interval, wake);
        self.next_now(interval)
    }

    /// Takes a snapshot after a change, without reading processes; or if `interval` has passed since they were read, a
    /// complete one.
    pub fn next_now(&mut self, interval: Duration) -> Snapshot {
        if self.tracker.read_at().elapsed() >= interval {
            return self.refresh();
        }
        self.read_files();
        self.snapshot_of(SummaryScope::Changes)
    }

    /// Makes the next sweep look at all files, whatever the system reported as changed.
    pub fn request_full_sweep(&mut self) {
        self.ingest.request_full_sweep();
    }

    /// Reads what is new in files and from hooks.
    pub fn read_files(&mut self) {
        let now = now();
        self.world.advance(now);
        let mut context = IngestContext { settings: &self.settings, world: &mut self.world, now };
        self.ingest.read_changes(&mut context);
        // Whoever reads files takes a snapshot, too.
        let _urgency = self.tracker.hooks.receive(&mut self.world, now);
        let cache = &mut self.ingest.cache;
        cache.note_tags(self.tracker.hooks.take_tags());
        if self.settings.run_mode == RunMode::Once || cache.is_write_due() {
            cache.write();
        }
    }

    /// Writes what was read and is not in the ledger yet, and renews the ledger's sums. To be called before the program
    /// ends.
    pub fn finish(&mut self) {
        self.ingest.cache.write();
        self.ingest.cache.renew_aggregates();
        self.ingest.cache.checkpoint();
    }

    /// Reads what is new, and returns all usage in rows of this grain.
    pub fn usage_table(&mut self, grain: TimeGranularity) -> UsageTable {
        // Some clients keep their files where their processes work.
        self.read_processes();
        self.ingest.interest = Interest::Usage;
        if grain == TimeGranularity::Response {
            self.ingest.detail = Detail::Responses;
        }
        self.read_files();
        self.world.usage_table(now(), grain)
    }

    /// Takes a snapshot of what is known.
    pub fn snapshot(&mut self) -> Snapshot {
        self.snapshot_of(SummaryScope::Complete)
    }

    /// Takes a snapshot; one of changes has source health and the machine as they were in the last complete one.
    fn snapshot_of(&mut self, scope: SummaryScope) -> Snapshot {
        let now = now();
        self.snapshot_at = Instant::now();
        let summary = self.world.summarise(now, scope);
        let agents = self.tracker.agents(SessionContext {
            settings: &self.settings,
            files: &self.ingest.files,
            world: &self.world,
            summary: &summary,
            now,
        });
        self.ingest.health.note_versions(&summary.sessions);
        if scope == SummaryScope::Complete {
            self.tracker.read_system();
            self.health = Arc::new(self.health());
        }
        Snapshot {
            now,
            system: self.tracker.system(),
            agents,
            processes: self.tracker.processes(),
            cpu_percents: self.tracker.cpu_percents(),
            sessions: summary.sessions,
            totals: summary.totals,
            rates: Arc::clone(&summary.paces.all),
            timings: Arc::new(self.timings()),
            history: self.tracker.history(),
            lifecycle_events: self.tracker.lifecycles(),
            rate_limits: summary.limits.into(),
            health: Arc::clone(&self.health),
            prices: self.prices.as_of().into(),
        }
    }

    /// How well the sources could be read, the ledger among them.
    pub fn health(&mut self) -> SourceHealth {
        let health = self.ingest.health(&self.settings, &self.world);
        SourceHealth { hooks: self.tracker.hooks.setbacks(), ..health }
    }

    fn timings(&mut self) -> Timings {
        let [first_tool, turn] = self.tracker.hooks.latencies();
        Timings { tools: self.world.tool_times(), by_session: self.world.session_tool_times(), first_tool, turn }
    }

    /// Reads processes. A new agent may continue a session in a directory that has not changed for so long that it is
    /// not watched, and its client may keep files where it works: then all files are looked at.
    fn read_processes(&mut self) {
        let has_new_agents = self.tracker.read_processes(&self.settings, now());
        let directories = self.tracker.new_work_dirs(&self.settings.env);
        if has_new_agents || !directories.is_empty() {
            self.ingest.request_full_sweep();
        }
        self.settings.env.work_dirs.extend(directories);
    }
}

fn pricing(settings: &Settings, prices: &Arc<PriceBook>) -> PricingContext {
    PricingContext { prices: Arc::clone(prices), scope: settings.scope, zone: settings.zone.clone() }
}
