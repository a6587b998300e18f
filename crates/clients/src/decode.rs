use std::path::Path;

use agtop_model::{
    CoarserRecords, Event, EventKind, FileId, InferenceGeo, IssueKind, Lineage, MessageKey, Provenance, Purpose,
    ServiceTier, SessionFacts, SessionKey, SourcePosition, Timestamp, Title, TitleRank, Turn, Usage, UsageExtent,
};
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::parse::shortened;

/// Turns one file's records into events.
///
/// Fed from the file's beginning, record by record, in order, and later with what was appended. However the file is
/// cut into feeds, the events are the same.
pub trait Decoder: Send {
    /// Decodes one record. On an error nothing of a line or row has been emitted, and it may be fed again; of a document,
    /// which is fed once, the sound entries have been. The caller notes the error and goes on with the next record.
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError>;

    /// Whether a last line can be read before its end is written, because half of it would be an error. Half a line of
    /// plain text may say something else than the whole.
    fn tells_half_lines(&self) -> bool {
        true
    }

    /// What it takes to go on from here in another process, without a word of any message. None: the file has to be read
    /// from its beginning.
    fn checkpoint(&self) -> Option<Vec<u8>> {
        None
    }

    /// Goes on from a checkpoint of the same file; on a decoder that was fed nothing yet. False, and nothing has changed,
    /// if these bytes are no checkpoint.
    fn resume(&mut self, _checkpoint: &[u8]) -> bool {
        false
    }
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A line without its end, of a [`Format::Lines`](crate::Format::Lines) file.
    Line {
        /// The line.
        bytes: &'a [u8],
        /// Where it starts in the (decompressed) file.
        offset: u64,
    },
    /// A whole [`Format::Document`](crate::Format::Document) file.
    Document(&'a [u8]),
    /// A row of a [`Format::Sqlite`](crate::Format::Sqlite) file.
    Row {
        /// The table.
        table: &'static str,
        /// The row's id.
        rowid: i64,
        /// The columns of [`Table::columns`](crate::Table::columns), in that order.
        cells: &'a [Cell<'a>],
    },
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing, or a column that this schema lacks.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text, which SQLite does not promise to be UTF-8, or a blob.
    Bytes(&'a [u8]),
}

impl<'a> Cell<'a> {
    /// The text, unless it is empty, a number or not UTF-8.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Cell::Bytes(bytes) => std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The bytes.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Cell::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The whole number; a number with a fraction is cut.
    pub fn integer(self) -> Option<i64> {
        match self {
            Cell::Integer(n) => Some(n),
            #[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
            Cell::Real(n) => Some(n as i64),
            _ => None,
        }
    }

    /// The number.
    pub fn real(self) -> Option<f64> {
        match self {
            Cell::Integer(n) => Some(n as f64),
            Cell::Real(n) => Some(n),
            _ => None,
        }
    }
}

/// The file that a decoder reads.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its number.
    pub file: FileId,
    /// Where it lies.
    pub path: &'a Path,
    /// The same, relative to the store's root.
    pub relative: &'a Path,
    /// When it was last written: the best guess for records without a time.
    pub modified: Timestamp,
    /// What was said before this is not told: nobody follows it any more.
    pub prose_from: Timestamp,
    /// The zone of times that are written without one.
    pub zone: &'a TimeZone,
}

impl Source<'_> {
    /// What records need to know of the file.
    pub(crate) fn file(&self) -> SourceFile {
        SourceFile { id: self.file, prose_from: self.prose_from }
    }
}

/// What records need to know of the file that they are in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceFile {
    /// Its number.
    pub(crate) id: FileId,
    /// See [`Source::prose_from`].
    pub(crate) prose_from: Timestamp,
}

/// What was read and not handed on never tells of more than this: the rest of a record that would is left out, and
/// whoever feeds it sees by the number that it was. An event takes some hundred bytes, and can be made of twenty.
pub const MAX_EVENTS: usize = 65_536;

/// One record on its way out: what all its events have in common.
pub(crate) struct Record<'o> {
    /// Where it was read.
    pub(crate) source: Provenance,
    /// When it happened.
    pub(crate) at: Option<Timestamp>,
    /// See [`Source::prose_from`].
    pub(crate) prose_from: Timestamp,
    /// Where its events go.
    pub(crate) out: &'o mut Vec<Event>,
}

impl<'o> Record<'o> {
    /// A record at `place` of `file`.
    pub(crate) fn new(file: SourceFile, place: SourcePosition, at: Option<Timestamp>, out: &'o mut Vec<Event>) -> Self {
        let SourceFile { id: file, prose_from } = file;
        Self { source: Provenance { file, place }, at, prose_from, out }
    }

    /// The same record at another time.
    pub(crate) fn at_time(&mut self, at: Option<Timestamp>) -> Record<'_> {
        Record { at, out: &mut *self.out, ..*self }
    }

    /// Emits an event of this record, if there is room for it: see [`MAX_EVENTS`].
    pub(crate) fn emit(&mut self, session: &SessionKey, kind: EventKind) {
        if self.out.len() < MAX_EVENTS {
            self.out.push(Event { at: self.at, session: session.clone(), source: self.source, kind });
        }
    }
}

impl Record<'_> {
    /// Emits what is known of a session.
    pub(crate) fn facts(&mut self, session: &SessionKey, facts: SessionFacts) {
        self.emit(session, EventKind::Facts(Box::new(facts)));
    }

    /// Emits the beginning of a text as the session's name; an empty one is none.
    pub(crate) fn title(&mut self, session: &SessionKey, rank: TitleRank, text: &str) {
        let text = shortened(text, KEPT);
        if !text.is_empty() {
            self.emit(session, EventKind::Title(Title { rank, text: text.into() }));
        }
    }

    /// Emits that the person spoke.
    pub(crate) fn prompt(&mut self, session: &SessionKey, words: Option<&str>) {
        let words = words.filter(|_| self.is_followed()).map(|words| shortened(words, KEPT));
        self.emit(session, EventKind::Prompt { words: words.filter(|words| !words.is_empty()).map(Into::into) });
    }

    /// Emits the beginning of what the agent said, if that was said lately. The prose of old records, of which there
    /// are many, is not even looked for.
    pub(crate) fn said<S: AsRef<str>>(&mut self, session: &SessionKey, prose: impl FnOnce() -> Option<S>) {
        if self.is_followed()
            && let Some(prose) = prose()
        {
            let prose = shortened(prose.as_ref(), KEPT);
            if !prose.is_empty() {
                self.emit(session, EventKind::Said(prose.into()));
            }
        }
    }

    /// Whether somebody may still follow what was said at the record's time.
    pub(crate) fn is_followed(&self) -> bool {
        self.at.is_some_and(|at| at >= self.prose_from)
    }
}

/// Titles and targets are cut to so many characters.
pub(crate) const KEPT: usize = 120;

/// A response on the main line, of which no more is known than what it used.
pub(crate) fn response(message: MessageKey, usage: Usage, opened: Timestamp) -> Turn {
    Turn {
        message,
        id: None,
        part_of: CoarserRecords::none(),
        geo: InferenceGeo::Global,
        purpose: Purpose::Answer,
        requests: 1,
        model: None,
        usage,
        tier: ServiceTier::Standard,
        extent: UsageExtent::Response,
        embedded_cost: None,
        stop: None,
        lineage: Lineage::Main,
        opened,
        context_used: None,
    }
}

/// Why a record could not be decoded. Says nothing of the record's content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct DecodeError {
    /// What kind of trouble.
    pub kind: IssueKind,
    /// What exactly, for people.
    pub detail: String,
}

impl DecodeError {
    /// A record that is not what it should be.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::Malformed, detail: detail.into() }
    }

    /// More than agtop will hold.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::TooLarge, detail: detail.into() }
    }

    /// A number or time that cannot be.
    pub(crate) fn out_of_range(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::OutOfRange, detail: detail.into() }
    }
}

impl From<serde_json::Error> for DecodeError {
    /// Category and position only: serde's own text may quote the record.
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        if text.contains(crate::parse::OUT_OF_RANGE) {
            return Self::out_of_range("a count is negative or impossibly large");
        }
        if text.contains(crate::bounded::TOO_MANY_ENTRIES) {
            return Self::too_large(format!("has a list of more than {} entries", crate::bounded::MAX_ENTRIES));
        }
        let what = match error.classify() {
            serde_json::error::Category::Eof => "ends in the middle",
            serde_json::error::Category::Data => "has a value of an unexpected type",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "is not JSON",
        };
        Self::malformed(format!("{what}, column {}", error.column()))
    }
}
