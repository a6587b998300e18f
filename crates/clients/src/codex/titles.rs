//! Names and facts that Codex keeps beside the rollouts.

use std::path::PathBuf;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, Timestamp, Title, TitleRank, Untrusted};
use serde::Deserialize;

use super::CLIENT;
use super::loose::filled;
use super::prompt::{asked, title};
use crate::decode::{Record, SourceFile};
use crate::parse::{Moment, Str, shortened};
use crate::{Cell, DecodeError, Decoder, Holds, Input, Table};

/// Characters of a name that are kept.
const NAME: usize = 120;

/// Reads `session_index.jsonl`: a line for each name a thread was given, the last one counts.
pub(super) struct Index {
    pub(super) file: SourceFile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    thread_name: Option<Str<'a>>,
    updated_at: Moment,
}

impl Decoder for Index {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else { return Ok(()) };
        let entry: Entry<'_> = serde_json::from_slice(bytes)?;
        if let (Some(id), Some(name)) = (filled(entry.id.as_ref()), filled(entry.thread_name.as_ref())) {
            Record::new(self.file, SourcePosition::Byte(offset), entry.updated_at.0, out)
                .emit(&SessionKey::new(CLIENT, id), named(name));
        }
        Ok(())
    }
}

/// Nothing tells whether a person or a model chose the name, so it claims the lower rank of the two.
fn named(name: &str) -> EventKind {
    EventKind::Title(Title { rank: TitleRank::Generated, text: Untrusted::new(shortened(name, NAME)) })
}

/// The table of threads, as far as it says more than the rollouts. Its token count is a running total and not read.
pub(super) static THREADS: &[Table] = &[Table {
    name: "threads",
    columns: &["id", "created_at", "updated_at", "cwd", "git_branch", "title", "name", "first_user_message"],
    filter: None,
    holds: Holds::Records,
}];

/// Reads `state_<n>.sqlite`.
pub(super) struct State {
    pub(super) file: SourceFile,
}

impl Decoder for State {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Row { table, rowid, cells } = input else { return Ok(()) };
        let &[id, created, updated, cwd, branch, title, name, first] = cells else {
            return Err(DecodeError::malformed("a row of another shape"));
        };
        let Some(id) = id.text() else { return Ok(()) };
        let (session, place) = (SessionKey::new(CLIENT, id), SourcePosition::Row { table, rowid });
        let facts = SessionFacts {
            started: moment(created),
            cwd: cwd.text().map(PathBuf::from),
            branch: branch.text().map(Untrusted::from),
            ..SessionFacts::default()
        };
        // Facts as of the beginning: whatever a rollout says later is newer.
        Record::new(self.file, place, moment(created), out).emit(&session, EventKind::Facts(Box::new(facts)));
        if let Some(title) = thread_title(title, name, first) {
            Record::new(self.file, place, moment(updated), out).emit(&session, title);
        }
        Ok(())
    }
}

/// Seconds, or milliseconds since early 2026.
fn moment(cell: Cell<'_>) -> Option<Timestamp> {
    cell.integer().filter(|&n| n > 0).map(Timestamp::from_seconds_or_millis)
}

/// A thread's title is its first message until it gets another.
fn thread_title(text: Cell<'_>, name: Cell<'_>, first: Cell<'_>) -> Option<EventKind> {
    if let Some(name) = name.text() {
        return Some(named(name));
    }
    let text = text.text()?;
    if first.text().is_some_and(|first| first != text && !first.starts_with(text)) {
        return Some(named(text));
    }
    Some(EventKind::Title(Title { rank: TitleRank::FirstPrompt, text: title(asked(text)?) }))
}
