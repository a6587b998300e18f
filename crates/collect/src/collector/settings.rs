use agtop_clients::Env;
use agtop_model::ClientId;
use jiff::tz::TimeZone;

use crate::cache::LedgerMode;
use crate::processes::Matcher;
use crate::state::Scope;

/// What to collect, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where agents keep their files.
    pub env: Env,
    /// Only these clients; all of them if empty.
    pub clients: Vec<ClientId>,
    /// The user's own patterns for processes.
    pub matchers: Vec<Matcher>,
    /// The pid of this program: neither it nor its children are agents.
    pub own_pid: Option<u32>,
    /// Which responses count, and who pays.
    pub scope: Scope,
    /// The time zone in which days begin.
    pub zone: TimeZone,
    /// Whether one snapshot is taken or several.
    pub run_mode: RunMode,
    /// Whether the first snapshot waits for rates of processes.
    pub sampling: Sampling,
    /// How the ledger is used.
    pub ledger: LedgerMode,
}

impl Settings {
    /// All clients of this environment, for one snapshot, in UTC, without a ledger. The caller changes what it needs.
    pub fn new(env: Env) -> Self {
        Self {
            env,
            clients: Vec::new(),
            matchers: Vec::new(),
            own_pid: None,
            scope: Scope::default(),
            zone: TimeZone::UTC,
            run_mode: RunMode::Once,
            sampling: Sampling::default(),
            ledger: LedgerMode::Off,
        }
    }

    /// Whether this client is collected.
    pub(crate) fn includes(&self, client: ClientId) -> bool {
        self.clients.is_empty() || self.clients.contains(&client)
    }
}

/// How many snapshots a collector takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// One.
    Once,
    /// Any number: the collector keeps how far each file was read.
    Repeated,
}

/// Whether the first snapshot waits for rates of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// It contains rates: two readings are taken, a tenth of a second apart.
    #[default]
    Window,
    /// It is taken at once, without rates.
    None,
}
