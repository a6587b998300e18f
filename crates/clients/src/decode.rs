use std::path::Path;

use agtop_model::{
    Event, EventKind, FileId, IssueKind, Provenance, SessionFacts, SessionKey, SourcePosition, Timestamp, Title,
    TitleRank,
};
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::parse::{MAX_TEXT_CHARS, shortened};

/// Turns one file's records into events.
///
/// A decoder is fed from the beginning of the file, record by record, and later with appended records. The events do
/// not depend on how the file is split into feeds.
pub trait Decoder: Send {
    /// Decodes one record.
    ///
    /// # Errors
    ///
    /// If the record cannot be decoded. The caller notes the error and continues with the next record. Of a line or
    /// row, nothing has been emitted, and it may be fed again; of a document, which is fed once, the valid entries have
    /// been emitted.
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError>;

    /// Whether the last line of a file can be decoded before it is complete: a part of a JSON line is an error, but a
    /// part of a line of plain text may mean something else than the whole line.
    fn reads_partial_lines(&self) -> bool {
        true
    }

    /// The state needed to continue from here in another process, without any message text. `None` means that the file
    /// must be read from its beginning.
    fn checkpoint(&self) -> Option<Vec<u8>> {
        None
    }

    /// Continues from a checkpoint of the same file; call it before the first [`feed`](Self::feed). Returns `false` and
    /// changes nothing if the bytes are not a checkpoint.
    fn resume(&mut self, _checkpoint: &[u8]) -> bool {
        false
    }
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A line without its line end, of a [`Format::Lines`](crate::Format::Lines) file.
    Line {
        /// The line.
        bytes: &'a [u8],
        /// Its position in the (decompressed) file, in bytes.
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
        cells: &'a [SqlValue<'a>],
    },
}

impl<'a> Input<'a> {
    /// The line and its position.
    pub(crate) fn line(self) -> Result<(&'a [u8], u64), DecodeError> {
        match self {
            Self::Line { bytes, offset } => Ok((bytes, offset)),
            _ => Err(DecodeError::malformed("is not read line by line")),
        }
    }

    /// The whole file.
    pub(crate) fn document(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Document(bytes) => Ok(bytes),
            _ => Err(DecodeError::malformed("is not read as a whole")),
        }
    }

    /// The table, the row's id and its cells.
    pub(crate) fn row(self) -> Result<(&'static str, i64, &'a [SqlValue<'a>]), DecodeError> {
        match self {
            Self::Row { table, rowid, cells } => Ok((table, rowid, cells)),
            _ => Err(DecodeError::malformed("a database that is read as text")),
        }
    }
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SqlValue<'a> {
    /// NULL, or a column that this schema does not have.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text, which SQLite does not guarantee to be UTF-8, or a blob.
    Bytes(&'a [u8]),
}

impl<'a> SqlValue<'a> {
    /// The text, unless it is empty, a number or not UTF-8.
    pub fn text(self) -> Option<&'a str> {
        match self {
            SqlValue::Bytes(bytes) => std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The bytes.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            SqlValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The integer; fractions are cut off.
    pub fn integer(self) -> Option<i64> {
        match self {
            SqlValue::Integer(n) => Some(n),
            #[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
            SqlValue::Real(n) => Some(n as i64),
            _ => None,
        }
    }

    /// The number.
    pub fn real(self) -> Option<f64> {
        match self {
            SqlValue::Integer(n) => Some(n as f64),
            SqlValue::Real(n) => Some(n),
            _ => None,
        }
    }
}

/// The file that a decoder reads.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its id.
    pub file: FileId,
    /// Its path.
    pub path: &'a Path,
    /// Its path relative to the store's root.
    pub relative: &'a Path,
    /// When it was last written: the best estimate for records without a time.
    pub modified: Timestamp,
    /// Message text of older records is not emitted: nobody follows it any more.
    pub text_since: Timestamp,
    /// The time zone of local times.
    pub zone: &'a TimeZone,
}

impl Source<'_> {
    /// The file's part of each record.
    pub(crate) fn file(&self) -> SourceFile {
        SourceFile { id: self.file, text_since: self.text_since }
    }
}

/// What a record needs to know about its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceFile {
    /// The file's id.
    pub(crate) id: FileId,
    /// See [`Source::text_since`].
    pub(crate) text_since: Timestamp,
}

/// Maximum number of events in the output of a decoder. Further events of a record are dropped, and the caller sees
/// from the number that they were. An event takes some hundred bytes and can be made of twenty.
pub const MAX_EVENTS: usize = 65_536;

/// A record whose events are emitted: the fields that all of them share.
pub(crate) struct Record<'o> {
    /// Where it was read.
    pub(crate) source: Provenance,
    /// When it happened.
    pub(crate) at: Option<Timestamp>,
    /// See [`Source::text_since`].
    pub(crate) text_since: Timestamp,
    /// Receives its events.
    pub(crate) out: &'o mut Vec<Event>,
}

impl<'o> Record<'o> {
    /// A record at `place` of `file`.
    pub(crate) fn new(file: SourceFile, place: SourcePosition, at: Option<Timestamp>, out: &'o mut Vec<Event>) -> Self {
        let SourceFile { id: file, text_since } = file;
        Self { source: Provenance { file, place }, at, text_since, out }
    }

    /// The same record with another time.
    pub(crate) fn at_time(&mut self, at: Option<Timestamp>) -> Record<'_> {
        Record { at, out: &mut *self.out, ..*self }
    }

    /// Emits an event of this record, unless the output is full: see [`MAX_EVENTS`].
    pub(crate) fn emit(&mut self, session: &SessionKey, kind: EventKind) {
        if self.out.len() < MAX_EVENTS {
            self.out.push(Event { at: self.at, session: session.clone(), source: self.source, kind });
        }
    }
}

impl Record<'_> {
    /// Emits facts about a session.
    pub(crate) fn facts(&mut self, session: &SessionKey, facts: SessionFacts) {
        self.emit(session, EventKind::Facts(Box::new(facts)));
    }

    /// Emits the beginning of a text as the session's title, unless it is empty.
    pub(crate) fn title(&mut self, session: &SessionKey, rank: TitleRank, text: &str) {
        let text = shortened(text, MAX_TEXT_CHARS);
        if !text.is_empty() {
            self.emit(session, EventKind::Title(Title { rank, text: text.into() }));
        }
    }

    /// Emits a prompt of the user.
    pub(crate) fn prompt(&mut self, session: &SessionKey, words: Option<&str>) {
        let words = words.filter(|_| self.is_recent()).map(|words| shortened(words, MAX_TEXT_CHARS));
        self.emit(session, EventKind::Prompt { words: words.filter(|words| !words.is_empty()).map(Into::into) });
    }

    /// Emits the beginning of the agent's text, if the record is recent enough. Old records are many, so
    /// their text is not even looked up.
    pub(crate) fn agent_text<S: AsRef<str>>(&mut self, session: &SessionKey, prose: impl FnOnce() -> Option<S>) {
        if self.is_recent()
            && let Some(prose) = prose()
        {
            let prose = shortened(prose.as_ref(), MAX_TEXT_CHARS);
            if !prose.is_empty() {
                self.emit(session, EventKind::Said(prose.into()));
            }
        }
    }

    /// Whether the record's message text may still be of interest.
    pub(crate) fn is_recent(&self) -> bool {
        self.at.is_some_and(|at| at >= self.text_since)
    }
}

/// Why a record could not be decoded. Never quotes the record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct DecodeError {
    /// The kind of error.
    pub kind: IssueKind,
    /// Details for the user.
    pub detail: String,
}

impl DecodeError {
    /// A record with an unexpected shape.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::Malformed, detail: detail.into() }
    }

    /// A record that is too large.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::TooLarge, detail: detail.into() }
    }

    /// A number or time outside the possible range.
    pub(crate) fn out_of_range(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::OutOfRange, detail: detail.into() }
    }
}

impl From<serde_json::Error> for DecodeError {
    /// Keeps only category and position: serde's own message may quote the record.
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
