//! What one file records, without message text.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, CoarserRecords, FileSession, IssueKind, MessageKey, RateLimitReading, RecordTime, Response, RunningTotal,
    SessionKey, SourcePosition, Timestamp, ToolKey,
};

use crate::codec::{BlobReader, BlobWriter, DamagedBlob};

/// Everything of one file that is kept: enough to replace reading the file.
///
/// What is in flight is left out: a file in which something is in flight will be read on, and says so again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileSummary {
    /// Names of models and tools, which [`NameIndex`]s refer to.
    pub names: Vec<Arc<str>>,
    /// The sessions that it records.
    pub sessions: Vec<SessionSummary>,
    /// The responses, each session's once.
    pub responses: Vec<ResponseRecord>,
    /// The newest reading of each rate limit.
    pub limits: Vec<RateLimitReading>,
    /// Directories behind abbreviated project names.
    pub roots: Vec<ProjectRoot>,
    /// The records that could not be used.
    pub issues: FileIssues,
    /// The earliest time that was too far ahead of the clock to be credible. A reader whose clock has passed it reads the
    /// file again.
    pub earliest_future_time: Option<Timestamp>,
}

/// What could not be used of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileIssues {
    /// How many records.
    pub total: u64,
    /// The first of them, no more than [`Self::MAX_KEPT`].
    pub kept: Vec<FileIssue>,
}

impl FileIssues {
    /// Of a file with more trouble than this, the rest is counted.
    pub const MAX_KEPT: usize = 32;

    /// Notes one.
    pub fn note(&mut self, issue: FileIssue) {
        self.total += 1;
        if self.kept.len() < Self::MAX_KEPT {
            self.kept.push(issue);
        }
    }

    /// Adds those of a further part of the file.
    pub fn extend(&mut self, further: Self) {
        self.total += further.total;
        let room = Self::MAX_KEPT.saturating_sub(self.kept.len());
        self.kept.extend(further.kept.into_iter().take(room));
    }
}

/// A record of a file that could not be used.
#[derive(Clone, Debug, PartialEq)]
pub struct FileIssue {
    /// Where it stands; `None` if it is the whole file.
    pub place: Option<IssuePosition>,
    /// What kind of trouble.
    pub kind: IssueKind,
    /// What exactly, for people. Never holds message text.
    pub detail: Arc<str>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuePosition {
    /// The line that starts at this byte.
    Byte(u64),
    /// The n-th entry of a document, from 0.
    Entry(u32),
    /// A row of a table.
    Row {
        /// The table.
        table: Arc<str>,
        /// Its rowid.
        rowid: i64,
    },
}

impl From<SourcePosition> for IssuePosition {
    fn from(place: SourcePosition) -> Self {
        match place {
            SourcePosition::Byte(offset) => Self::Byte(offset),
            SourcePosition::Entry(entry) => Self::Entry(entry),
            SourcePosition::Row { table, rowid } => Self::Row { table: table.into(), rowid },
        }
    }
}

/// A name, as an index into [`FileSummary::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameIndex(pub u32);

/// What one file records of one session, apart from its responses.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionSummary {
    /// Which session.
    pub key: SessionKey,
    /// The session's facts and counts in this file. Titles that are message text are never kept.
    pub state: FileSession<NameIndex>,
    /// Every tool call once, and the tool's name.
    pub calls: Vec<(ToolKey, NameIndex)>,
}

impl SessionSummary {
    /// A session about which nothing is known yet.
    pub fn new(key: SessionKey) -> Self {
        Self { key, state: FileSession::default(), calls: Vec::new() }
    }
}

/// One response, merged from all copies in the file: what `agtop_model::ResponseCopy` is, made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseRecord {
    /// The session that records it, as an index into [`FileSummary::sessions`].
    pub session: u32,
    /// Which response.
    pub message: MessageKey,
    /// The coarser records that this one is a part of.
    pub part_of: CoarserRecords,
    /// When it happened, as the records say.
    pub time: RecordTime,
    /// What counts of it.
    pub counted: Response<NameIndex>,
}

impl ResponseRecord {
    /// Merges another copy of the same response in the same session. `names` are those of the summary that both are in.
    pub fn merge(&mut self, copy: &Self, names: &[Arc<str>]) {
        let name = |name: NameIndex| names.get(name.0 as usize);
        self.counted.merge(&copy.counted, |a, b| name(a).cmp(&name(b)));
        self.part_of.merge(&copy.part_of);
        self.time.merge(copy.time);
    }

    /// The running total that this is a reading of, if it is one.
    pub fn running_total(&self) -> Option<RunningTotal> {
        let Response { usage, embedded_cost, .. } = self.counted;
        self.part_of.contains(self.message).then_some(RunningTotal { message: self.message, usage, embedded_cost })
    }

    /// Whether a copy of the same response would add nothing to what this one used and cost, and what it is a part of.
    pub(crate) fn outweighs(&self, copy: &Self) -> bool {
        self.part_of.contains_all(&copy.part_of) && self.counted.outweighs(&copy.counted)
    }
}

/// The directory behind an abbreviated project name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// Whose abbreviation.
    pub client: ClientId,
    /// The abbreviation.
    pub project: Arc<str>,
    /// The directory.
    pub root: PathBuf,
}

impl FileSummary {
    /// The summary as bytes: about thirty for each response.
    pub fn encode(&self) -> Vec<u8> {
        BlobWriter::blob(self)
    }

    /// The summary that [`Self::encode`] wrote. `clients` are those that this program knows.
    ///
    /// # Errors
    ///
    /// Where the bytes are anything else, or name an unknown client.
    pub fn decode(blob: &[u8], clients: &[ClientId]) -> Result<Self, DamagedBlob> {
        BlobReader::value(blob, clients)
    }

    /// The text of a name.
    pub fn name(&self, name: NameIndex) -> Option<&Arc<str>> {
        self.names.get(name.0 as usize)
    }

    /// When something last happened in any of its sessions, in a file that was last written then.
    pub fn last_active(&self, modified: Timestamp) -> Option<Timestamp> {
        let undated = self.sessions.iter().any(|session| session.state.is_undated).then_some(modified);
        self.sessions.iter().filter_map(|session| session.state.last).max().max(undated)
    }
}
