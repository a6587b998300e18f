//! Names and facts that Codex keeps next to the rollouts.

use std::path::PathBuf;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, Timestamp, Title, TitleRank, Untrusted};
use serde::Deserialize;

use super::id::ID;
use super::loose::filled;
use super::prompt::{title, typed_prompt};
use crate::decode::{Record, SourceFile};
use crate::parse::{LooseTime, Str, short_text};
use crate::{DecodeError, Decoder, Input, SqlValue, Table, TableContent};

/// Reads `session_index.jsonl`: one line for each name that a thread was given; the last one counts.
pub(super) struct ThreadIndex {
    pub(super) file: SourceFile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedThread<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    thread_name: Option<Str<'a>>,
    updated_at: LooseTime,
}

impl Decoder for ThreadIndex {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else { return Ok(()) };
        let entry: NamedThread<'_> = serde_json::from_slice(bytes)?;
        if let (Some(id), Some(name)) = (filled(entry.id.as_ref()), filled(entry.thread_name.as_ref())) {
            Record::new(self.file, SourcePosition::Byte(offset), entry.updated_at.0, out)
                .emit(&SessionKey::new(ID, id), named(name));
        }
        Ok(())
    }
}

/// The file does not say whether the user or a model chose the name, so it gets the lower of the two ranks.
fn named(name: &str) -> EventKind {
    EventKind::Title(Title { rank: TitleRank::Generated, text: short_text(name) })
}

/// The columns of the threads table that rollouts do not have. Its token count is a running total and not read.
pub(super) static THREADS_TABLES: &[Table] = &[Table {
    name: "threads",
    columns: &["id", "created_at", "updated_at", "cwd", "git_branch", "title", "name", "first_user_message"],
    filter: None,
    holds: TableContent::Records,
}];

/// Reads `state_<n>.sqlite`.
pub(super) struct StateDatabase {
    pub(super) file: SourceFile,
}

impl Decoder for StateDatabase {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Row { table, rowid, cells } = input else { return Ok(()) };
        let &[id, created, updated, cwd, branch, title, name, first] = cells else {
            return Err(DecodeError::malformed("a row of another shape"));
        };
        let Some(id) = id.text() else { return Ok(()) };
        let (session, place) = (SessionKey::new(ID, id), SourcePosition::Row { table, rowid });
        let facts = SessionFacts {
            started: moment(created),
            cwd: cwd.text().map(PathBuf::from),
            branch: branch.text().map(Untrusted::from),
            ..SessionFacts::default()
        };
        // These facts date from the beginning: whatever a rollout says later is newer.
        Record::new(self.file, place, moment(created), out).emit(&session, EventKind::Facts(Box::new(facts)));
        if let Some(title) = thread_title(title, name, first) {
            Record::new(self.file, place, moment(updated), out).emit(&session, title);
        }
        Ok(())
    }
}

/// A time in seconds, or in milliseconds since early 2026.
fn moment(cell: SqlValue<'_>) -> Option<Timestamp> {
    cell.integer().filter(|&n| n > 0).map(Timestamp::from_seconds_or_millis)
}

/// A thread's title is its first message until it gets another title.
fn thread_title(text: SqlValue<'_>, name: SqlValue<'_>, first: SqlValue<'_>) -> Option<EventKind> {
    if let Some(name) = name.text() {
        return Some(named(name));
    }
    let text = text.text()?;
    if first.text().is_some_and(|first| first != text && !first.starts_with(text)) {
        return Some(named(text));
    }
    Some(EventKind::Title(Title { rank: TitleRank::FirstPrompt, text: title(typed_prompt(text)?) }))
}
