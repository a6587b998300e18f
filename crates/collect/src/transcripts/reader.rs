use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use agtop_clients::{DecodeError, Decoder, Format, Input, MAX_EVENTS};
use agtop_ledger::FileHead;
use agtop_model::{Event, Issue, IssueKind, SourcePosition};
use agtop_os::FileIdentity;

use crate::cache::ledger_cache::Resumption;
use crate::transcripts::document;
use crate::transcripts::expansion::{self, MAX_BARREN_RECORDS, Stoppable};
use crate::transcripts::health::MAX_KEPT_ISSUES;
use crate::transcripts::lines::{self, LONGEST_LINE, Piece};
use crate::transcripts::sqlite::{self, Item};

/// Events are handed on in portions of this size, so that a large file does not fill the memory.
const PORTION: usize = 2048;

/// How far a file was read, and what to go on with.
pub(crate) struct Cursor {
    pub(crate) decoder: Box<dyn Decoder>,
    /// The byte after the last complete line.
    pub(crate) offset: u64,
    /// Length of the last line, if it was decoded before its end was written.
    pub(crate) fragment: Option<usize>,
    /// The file's first bytes: a file that begins otherwise is another file.
    pub(crate) head: Vec<u8>,
    /// The bytes before `offset`: where there are others, the file was written anew, however long it is.
    pub(crate) tail: Vec<u8>,
}

impl Cursor {
    /// Where an earlier run stopped, if the file still begins as it did then.
    pub(crate) fn resumed(path: &Path, mut decoder: Box<dyn Decoder>, resumption: &Resumption) -> Option<Self> {
        let (mut file, now) = agtop_os::open_regular(path).ok()?;
        let head = read_head(&mut file).ok()?;
        let tail = read_tail(&mut file, resumption.reach.offset).ok()?;
        let (mark, state) = resumption.checkpoint.split_first_chunk()?;
        let is_same = resumption.head.matches(&head) && now.size >= resumption.reach.offset && *mark == mark_of(&tail);
        if !is_same || !decoder.resume(state) {
            return None;
        }
        let fragment = resumption.reach.fragment.and_then(|length| usize::try_from(length).ok());
        Some(Self { decoder, offset: resumption.reach.offset, fragment, head, tail })
    }

    /// At a file's beginning.
    pub(crate) fn new(decoder: Box<dyn Decoder>) -> Self {
        Self { decoder, offset: 0, fragment: None, head: Vec::new(), tail: Vec::new() }
    }

    /// What it takes to go on from here in another process, if the decoder can say that.
    pub(crate) fn checkpoint(&self) -> Option<Vec<u8>> {
        Some([mark_of(&self.tail).as_slice(), &self.decoder.checkpoint()?].concat())
    }
}

/// What a file told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) records: u64,
    pub(crate) issues: Vec<Issue>,
    /// How many further records could not be used.
    pub(crate) more_issues: u64,
}

/// Reads what is new in one file, handing on what it tells in portions.
pub(crate) struct Reader<'a, F: FnMut(Told)> {
    pub(crate) path: &'a Path,
    pub(crate) format: Format,
    pub(crate) told: Told,
    pub(crate) hand_on: F,
    /// How many issues were handed on or wait for it.
    kept_issues: usize,
    /// How many of the last records reported nothing.
    barren: u64,
}

impl<'a, F: FnMut(Told)> Reader<'a, F> {
    pub(crate) fn new(path: &'a Path, format: Format, hand_on: F) -> Self {
        Self { path, format, told: Told::default(), hand_on, kept_issues: 0, barren: 0 }
    }

    /// Reads from the cursor on, and returns the last portion. Trouble becomes an issue, never an error: the caller has
    /// nothing to decide.
    pub(crate) fn run(mut self, cursor: &mut Cursor) -> Told {
        let result = match self.format {
            Format::Lines if self.is_compressed() => self.compressed_lines(cursor),
            Format::Lines => self.plain_lines(cursor),
            Format::Document => self.document(cursor),
            Format::Sqlite(tables) => {
                self.rows(tables, cursor);
                Ok(())
            }
        };
        if let Err(error) = result
            && error.kind() != io::ErrorKind::NotFound
        {
            self.note(None, IssueKind::Unreadable, error.to_string());
        }
        self.told
    }

    fn is_compressed(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "zst")
    }

    fn plain_lines(&mut self, cursor: &mut Cursor) -> io::Result<()> {
        let (mut file, _) = agtop_os::open_regular(self.path)?;
        if cursor.offset == 0 {
            cursor.head = read_head(&mut file)?;
        }
        file.seek(SeekFrom::Start(cursor.offset))?;
        self.lines(&file, cursor, u64::MAX)?;
        cursor.tail = read_tail(&mut file, cursor.offset)?;
        if file.metadata()?.len() < cursor.offset {
            let detail = "shrank while it was read; it is read anew the next time".to_owned();
            self.note(None, IssueKind::Changed, detail);
        }
        Ok(())
    }

    fn compressed_lines(&mut self, cursor: &mut Cursor) -> io::Result<()> {
        let (file, identity) = agtop_os::open_regular(self.path)?;
        let limit = expansion::limit(identity.size);
        let text = ruzstd::decoding::StreamingDecoder::new(file).map_err(io::Error::other)?;
        // A byte more than may be: whoever reaches it has more to say.
        let mut text = text.take(limit + 1);
        self.lines(&mut text, cursor, MAX_BARREN_RECORDS)?;
        let why = if text.limit() == 0 {
            format!("expands to more than {limit} bytes")
        } else if self.barren > MAX_BARREN_RECORDS {
            format!("more than {MAX_BARREN_RECORDS} records in a row report nothing")
        } else {
            return Ok(());
        };
        self.note(None, IssueKind::TooLarge, format!("{} bytes, {why}; the rest is left out", identity.size));
        Ok(())
    }

    /// Reads lines until more than `max_barren` in a row report nothing.
    fn lines(&mut self, input: impl Read, cursor: &mut Cursor, max_barren: u64) -> io::Result<()> {
        let is_stopped = Cell::new(false);
        let input = Stoppable { input, is_stopped: &is_stopped };
        let start = cursor.offset;
        let fed_before = cursor.fragment.take();
        let mut fragment = None;
        let decoder = &mut cursor.decoder;
        cursor.offset = lines::each_line(input, start, |offset, piece| match piece {
            // The end of a line whose text was decoded already, or still no end.
            Piece::Line(line) if offset == start && fed_before == Some(line.len()) => {}
            Piece::Fragment(line) if offset == start && fed_before == Some(line.len()) => fragment = fed_before,
            Piece::Line(line) => {
                self.line(decoder.as_mut(), line, offset);
                is_stopped.set(self.barren > max_barren);
            }
            Piece::Fragment(line) => fragment = self.fragment(decoder.as_mut(), line, offset),
            Piece::Oversized(length) => {
                let detail = format!("a line of {length} bytes, longer than {LONGEST_LINE}");
                self.note(Some(SourcePosition::Byte(offset)), IssueKind::TooLarge, detail);
            }
        })?;
        cursor.fragment = fragment;
        Ok(())
    }

    fn line(&mut self, decoder: &mut dyn Decoder, line: &[u8], offset: u64) {
        self.barren += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        self.told.records += 1;
        let before = self.told.events.len();
        if let Err(error) = feed_line(decoder, line, offset, &mut self.told.events) {
            self.note(Some(SourcePosition::Byte(offset)), error.kind, error.detail);
        }
        if self.told.events.len() > before {
            self.barren = 0;
        }
        self.note_if_full(Some(SourcePosition::Byte(offset)));
        self.hand_on_portion();
    }

    /// What was told so far goes its way once it is much.
    fn hand_on_portion(&mut self) {
        if self.told.events.len() >= PORTION {
            (self.hand_on)(std::mem::take(&mut self.told));
        }
    }

    /// Says so where a single record told of as many events as may be held, and perhaps of more.
    fn note_if_full(&mut self, place: Option<SourcePosition>) {
        if self.told.events.len() >= MAX_EVENTS {
            self.note(place, IssueKind::TooLarge, format!("more than {MAX_EVENTS} events in one record"));
        }
    }

    /// A last line without its end is decoded if it is whole, and otherwise left until its end is there: its writer
    /// may be in the middle of it. Returns its length if it was decoded.
    fn fragment(&mut self, decoder: &mut dyn Decoder, line: &[u8], offset: u64) -> Option<usize> {
        if !decoder.tells_half_lines() {
            return None;
        }
        let is_whole = feed_line(decoder, line, offset, &mut self.told.events).is_ok();
        self.told.records += u64::from(is_whole);
        is_whole.then_some(line.len())
    }

    fn document(&mut self, cursor: &mut Cursor) -> io::Result<()> {
        let (file, identity) = agtop_os::open_regular(self.path)?;
        let _turn = document::turn(identity.size);
        let Some(text) = document::read(file, identity.size)? else {
            let detail = format!("a document of {} bytes, larger than is read", identity.size);
            self.note(None, IssueKind::TooLarge, detail);
            return Ok(());
        };
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.told.records += 1;
        if let Err(error) = cursor.decoder.feed(Input::Document(text), &mut self.told.events) {
            self.note(None, error.kind, error.detail);
        }
        self.note_if_full(None);
        Ok(())
    }

    fn rows(&mut self, tables: &'static [agtop_clients::Table], cursor: &mut Cursor) {
        sqlite::each_row(self.path, tables, |item| {
            match item {
                Item::Row(table, rowid, cells) => {
                    self.told.records += 1;
                    let row = Input::Row { table: table.name, rowid, cells };
                    if let Err(error) = cursor.decoder.feed(row, &mut self.told.events) {
                        self.note(Some(SourcePosition::Row { table: table.name, rowid }), error.kind, error.detail);
                    }
                    self.note_if_full(Some(SourcePosition::Row { table: table.name, rowid }));
                }
                Item::TooLarge(table, rowid) => {
                    let detail = format!("a value larger than {} bytes", sqlite::LARGEST_VALUE);
                    self.note(Some(SourcePosition::Row { table: table.name, rowid }), IssueKind::TooLarge, detail);
                }
                Item::Broken(error) => self.note(None, IssueKind::Database, error.to_string()),
            }
            self.hand_on_portion();
        });
    }

    fn note(&mut self, place: Option<SourcePosition>, kind: IssueKind, detail: String) {
        // Whether a file is read again depends on trouble that may pass, which concerns files and not their records.
        if self.kept_issues >= MAX_KEPT_ISSUES && !kind.may_pass() {
            self.told.more_issues += 1;
            return;
        }
        self.kept_issues += 1;
        self.told.issues.push(Issue { path: self.path.to_owned(), place, kind, detail });
    }
}

/// Feeds a line; one with bytes that are no UTF-8 where text is needed is fed again with those replaced.
fn feed_line(decoder: &mut dyn Decoder, line: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
    let result = decoder.feed(Input::Line { bytes: line, offset }, out);
    if result.is_err() && std::str::from_utf8(line).is_err() {
        let text = String::from_utf8_lossy(line);
        return decoder.feed(Input::Line { bytes: text.as_bytes(), offset }, out);
    }
    result
}

/// How much of a file's beginning tells it from another.
const HEAD: u64 = 256;

fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether the file still begins as it did: only then can what follows the cursor be all that is new.
pub(crate) fn begins_as_before(path: &Path, cursor: &Cursor, identity: &FileIdentity) -> bool {
    let Ok((mut file, now)) = agtop_os::open_regular(path) else { return false };
    (now.device, now.inode) == (identity.device, identity.inode)
        && now.size >= cursor.offset
        && read_head(&mut file).is_ok_and(|head| head.starts_with(&cursor.head))
        && read_tail(&mut file, cursor.offset).is_ok_and(|tail| tail == cursor.tail)
}

/// The last bytes before `offset`, as many as tell a place in a file from another.
fn read_tail(file: &mut File, offset: u64) -> io::Result<Vec<u8>> {
    let length = offset.min(HEAD);
    file.seek(SeekFrom::Start(offset - length))?;
    let mut tail = Vec::new();
    file.take(length).read_to_end(&mut tail)?;
    Ok(tail)
}

/// A tail in a checkpoint: it may be a message, so its hash is kept.
fn mark_of(tail: &[u8]) -> [u8; 8] {
    FileHead::of(tail).hash.to_le_bytes()
}
