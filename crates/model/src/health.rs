use std::collections::HashSet;
use std::path::PathBuf;

use crate::{ClientId, SourcePosition};

/// How well the sources could be read. Nothing is dropped in silence: what is not in the totals is here.
#[derive(Clone, Debug, Default)]
pub struct SourceHealth {
    /// Per client, in the order of the registry.
    pub clients: Vec<ClientHealth>,
    /// Why hook events may be missing, a line each: locations that are refused because other users could read there.
    pub hooks: Vec<String>,
    /// What is wrong with agtop's own ledger: what it kept of files that are gone may be missing from the totals.
    pub ledger: Vec<Issue>,
}

/// The client id under which issues of the ledger are listed.
const LEDGER_CLIENT: ClientId = ClientId::new("agtop");

impl SourceHealth {
    /// All issues, client by client, and those of the ledger.
    pub fn issues(&self) -> impl Iterator<Item = (ClientId, &Issue)> {
        let of_clients =
            self.clients.iter().flat_map(|client| client.issues.iter().map(|issue| (client.client, issue)));
        of_clients.chain(self.ledger.iter().map(|issue| (LEDGER_CLIENT, issue)))
    }

    /// How many issues there are: lists of them are cut, this is not.
    pub fn issues_total(&self) -> u64 {
        let of_clients = self.clients.iter().map(|client| client.issues_total.max(client.issues.len() as u64));
        of_clients.fold(self.ledger.len() as u64, u64::saturating_add)
    }

    /// How many of them may have cost records: where any has, what is not listed counts as a loss.
    pub fn losses(&self) -> u64 {
        if !self.is_degraded() {
            return 0;
        }
        let harmless = self.issues().filter(|(_, issue)| !issue.kind.is_loss()).count() as u64;
        self.issues_total().saturating_sub(harmless)
    }

    /// Files and databases of clients that cannot be read, or not to their end, each once.
    pub fn broken_sources(&self) -> impl Iterator<Item = &Issue> {
        let mut seen = HashSet::new();
        let issues = self.clients.iter().flat_map(|client| &client.issues);
        issues.filter(move |issue| issue.kind.is_of_source() && seen.insert(&issue.path))
    }

    /// Whether anything was lost.
    pub fn is_degraded(&self) -> bool {
        self.issues().any(|(_, issue)| issue.kind.is_loss())
    }
}

/// How well one client's files could be read.
#[derive(Clone, Debug)]
pub struct ClientHealth {
    /// The client.
    pub client: ClientId,
    /// Where it was looked for.
    pub stores: Vec<StoreHealth>,
    /// Sessions found, sub-agents included.
    pub sessions: u64,
    /// Records decoded.
    pub records: u64,
    /// Records that were copies of others, and did not count.
    pub duplicates: u64,
    /// What went wrong; long lists are cut, `issues_total` is not.
    pub issues: Vec<Issue>,
    /// How much went wrong in all.
    pub issues_total: u64,
    /// Versions of the client or of its schema that were seen, sorted.
    pub versions: Vec<String>,
}

/// One place where a client's files may lie.
#[derive(Clone, Debug)]
pub struct StoreHealth {
    /// What kind of place, in the client's own words.
    pub layout: &'static str,
    /// The directory.
    pub root: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// Files read.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Something that could not be used.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The file.
    pub path: PathBuf,
    /// The place in it; `None` if it concerns the whole file.
    pub place: Option<SourcePosition>,
    /// What kind of trouble.
    pub kind: IssueKind,
    /// What exactly, for people. Never holds message text.
    pub detail: String,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueKind {
    /// The file or directory cannot be read.
    Unreadable,
    /// A record is not what it should be.
    Malformed,
    /// A record has a number or time that cannot be.
    OutOfRange,
    /// A record or file is larger than agtop will hold.
    TooLarge,
    /// It is not a regular file, or a link that leads elsewhere.
    NotAFile,
    /// A file changed while it was read, and was read again.
    Changed,
    /// Something the user named is not there.
    Missing,
    /// A database is busy, broken or of an unknown schema.
    Database,
}

impl IssueKind {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Malformed => "malformed",
            Self::OutOfRange => "out_of_range",
            Self::TooLarge => "too_large",
            Self::NotAFile => "not_a_file",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Database => "database",
        }
    }

    /// Whether it may be gone the next time although the file is the same: a lock, a lack of rights, a writer at work.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Unreadable | Self::NotAFile | Self::Changed | Self::Missing | Self::Database)
    }

    /// Whether it is about a whole file or database, and not about one record.
    pub const fn is_of_source(self) -> bool {
        matches!(self, Self::Unreadable | Self::Database)
    }

    /// Whether records may be missing from the totals because of it.
    pub const fn is_loss(self) -> bool {
        !matches!(self, Self::Changed | Self::NotAFile)
    }
}
