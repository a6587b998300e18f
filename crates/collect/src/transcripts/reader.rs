use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use agtop_clients::{DecodeError, Decoder, Format, Input, MAX_EVENTS};
use agtop_model::{Event, Issue, IssueKind, SourcePosition};

use super::cursor::{Cursor, read_head, read_tail};
use super::decoded_batch::DecodedBatch;
use super::document;
use super::expansion::{self, MAX_BARREN_RECORDS, Stoppable};
use super::health::MAX_KEPT_ISSUES;
use super::lines::{self, LinePiece, MAX_LINE_BYTES};
use super::sqlite::{self, SqliteItem};

/// A reader hands over its events when it has this many, so that a large file does not fill the memory.
const MAX_BATCH_EVENTS: usize = 2048;

/// Reads what is new in one file, and hands it over in batches.
pub(crate) struct Reader<'a, F: FnMut(DecodedBatch)> {
    path: &'a Path,
    format: Format,
    batch: DecodedBatch,
    hand_over: F,
    /// How many issues were kept so far.
    kept_issues: usize,
    /// How many of the last records gave no event.
    barren: u64,
}

impl<'a, F: FnMut(DecodedBatch)> Reader<'a, F> {
    pub(crate) fn new(path: &'a Path, format: Format, hand_over: F) -> Self {
        Self { path, format, batch: DecodedBatch::default(), hand_over, kept_issues: 0, barren: 0 }
    }

    /// Reads from the cursor to the end, and returns the last batch. An error becomes an issue, since the caller has
    /// nothing to decide.
    pub(crate) fn run(mut self, cursor: &mut Cursor) -> DecodedBatch {
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
        self.batch
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
            let detail = "shrank while it was read; it is read again the next time".to_owned();
            self.note(None, IssueKind::Changed, detail);
        }
        Ok(())
    }

    fn compressed_lines(&mut self, cursor: &mut Cursor) -> io::Result<()> {
        let (file, identity) = agtop_os::open_regular(self.path)?;
        let limit = expansion::limit(identity.size);
        let text = ruzstd::decoding::StreamingDecoder::new(file).map_err(io::Error::other)?;
        // One byte beyond the limit: a reader that reaches it knows that there is more.
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

    /// Reads lines until more than `max_barren` in a row give no event.
    fn lines(&mut self, input: impl Read, cursor: &mut Cursor, max_barren: u64) -> io::Result<()> {
        let is_stopped = Cell::new(false);
        let input = Stoppable { input, is_stopped: &is_stopped };
        let start = cursor.offset;
        let decoded_before = cursor.fragment.take();
        let mut fragment = None;
        let decoder = &mut cursor.decoder;
        cursor.offset = lines::each_line(input, start, |offset, piece| match piece {
            // The text of this line was decoded before its end was written.
            LinePiece::Line(line) if offset == start && decoded_before == Some(line.len()) => {}
            LinePiece::Fragment(line) if offset == start && decoded_before == Some(line.len()) => {
                fragment = decoded_before;
            }
            LinePiece::Line(line) => {
                self.line(decoder.as_mut(), line, offset);
                is_stopped.set(self.barren > max_barren);
            }
            LinePiece::Fragment(line) => fragment = self.fragment(decoder.as_mut(), line, offset),
            LinePiece::Oversized(length) => {
                let detail = format!("a line of {length} bytes, longer than {MAX_LINE_BYTES}");
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
        self.batch.records += 1;
        let before = self.batch.events.len();
        if let Err(error) = feed_line(decoder, line, offset, &mut self.batch.events) {
            self.note(Some(SourcePosition::Byte(offset)), error.kind, error.detail);
        }
        if self.batch.events.len() > before {
            self.barren = 0;
        }
        self.note_if_full(Some(SourcePosition::Byte(offset)));
        self.hand_over_if_large();
    }

    fn hand_over_if_large(&mut self) {
        if self.batch.events.len() >= MAX_BATCH_EVENTS {
            (self.hand_over)(std::mem::take(&mut self.batch));
        }
    }

    /// Reports a single record that gave as many events as are kept of one, since it may hold more.
    fn note_if_full(&mut self, place: Option<SourcePosition>) {
        if self.batch.events.len() >= MAX_EVENTS {
            self.note(place, IssueKind::TooLarge, format!("more than {MAX_EVENTS} events in one record"));
        }
    }

    /// Decodes a last line without its end if it is a whole record, and returns its length. Otherwise its writer may
    /// be in the middle of it, and the line is left for the next read.
    fn fragment(&mut self, decoder: &mut dyn Decoder, line: &[u8], offset: u64) -> Option<usize> {
        if !decoder.reads_partial_lines() {
            return None;
        }
        let is_whole = feed_line(decoder, line, offset, &mut self.batch.events).is_ok();
        self.batch.records += u64::from(is_whole);
        is_whole.then_some(line.len())
    }

    fn document(&mut self, cursor: &mut Cursor) -> io::Result<()> {
        let (file, identity) = agtop_os::open_regular(self.path)?;
        let _large_document = document::lock_if_large(identity.size);
        let Some(text) = document::read(file, identity.size)? else {
            let detail = format!("a document of {} bytes, larger than is read", identity.size);
            self.note(None, IssueKind::TooLarge, detail);
            return Ok(());
        };
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.batch.records += 1;
        if let Err(error) = cursor.decoder.feed(Input::Document(text), &mut self.batch.events) {
            self.note(None, error.kind, error.detail);
        }
        self.note_if_full(None);
        Ok(())
    }

    fn rows(&mut self, tables: &'static [agtop_clients::Table], cursor: &mut Cursor) {
        sqlite::each_row(self.path, tables, |item| {
            match item {
                SqliteItem::Row(table, rowid, cells) => {
                    self.batch.records += 1;
                    let row = Input::Row { table: table.name, rowid, cells };
                    if let Err(error) = cursor.decoder.feed(row, &mut self.batch.events) {
                        self.note(Some(SourcePosition::Row { table: table.name, rowid }), error.kind, error.detail);
                    }
                    self.note_if_full(Some(SourcePosition::Row { table: table.name, rowid }));
                }
                SqliteItem::TooLarge(table, rowid) => {
                    let detail = format!("a value larger than {} bytes", sqlite::MAX_VALUE_BYTES);
                    self.note(Some(SourcePosition::Row { table: table.name, rowid }), IssueKind::TooLarge, detail);
                }
                SqliteItem::Broken(error) => self.note(None, IssueKind::Database, error.to_string()),
            }
            self.hand_over_if_large();
        });
    }

    fn note(&mut self, place: Option<SourcePosition>, kind: IssueKind, detail: String) {
        // An issue that may pass is always kept, because it decides whether the file is read again. It concerns the
        // file and not a record, so there are few.
        if self.kept_issues >= MAX_KEPT_ISSUES && !kind.may_pass() {
            self.batch.more_issues += 1;
            return;
        }
        self.kept_issues += 1;
        self.batch.issues.push(Issue { path: self.path.to_owned(), place, kind, detail });
    }
}

/// Feeds a line to the decoder. If the decoder fails and the line is not UTF-8, it gets the line a second time with the
/// invalid bytes replaced.
fn feed_line(decoder: &mut dyn Decoder, line: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
    let result = decoder.feed(Input::Line { bytes: line, offset }, out);
    if result.is_err() && std::str::from_utf8(line).is_err() {
        let text = String::from_utf8_lossy(line);
        return decoder.feed(Input::Line { bytes: text.as_bytes(), offset }, out);
    }
    result
}
