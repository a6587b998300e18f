//! Test helpers for all clients: feeding decoders, and a simple tally of the events.

#[path = "../tests/shapes/process.rs"]
mod process_fixture;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use agtop_model::{
    Event, EventKind, FileId, MessageKey, Process, ResponseCopy, SessionFacts, SessionKey, Timestamp, TitleRank, Usage,
};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::{Client, DecodeError, Decoder, Env, Format, Input, Source, SqlValue, Store};

/// The modification time of files in tests.
pub(crate) const FILE_MODIFIED: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// An environment with nothing but a home.
pub(crate) fn home() -> Env {
    Env { home: "/home/u".into(), ..Env::default() }
}

/// Later than all test data: message text is not emitted.
const NO_MESSAGE_TEXT: Timestamp = Timestamp::from_millis(i64::MAX);

/// The store that accepts the file, and a decoder for it.
pub(crate) fn open(client: &dyn Client, env: &Env, path: &str) -> (Store, Box<dyn Decoder>) {
    open_for(client, env, path, NO_MESSAGE_TEXT)
}

fn open_for(client: &dyn Client, env: &Env, path: &str, text_since: Timestamp) -> (Store, Box<dyn Decoder>) {
    let path = Path::new(path);
    let accepting = |store: &Store| path.strip_prefix(&store.root).is_ok_and(|relative| (store.accepts)(relative));
    let store = client.stores(env).into_iter().find(accepting).unwrap_or_else(|| panic!("no store accepts {path:?}"));
    let relative = path.strip_prefix(&store.root).unwrap();
    let source = Source { file: FileId(7), path, relative, modified: FILE_MODIFIED, text_since, zone: &TimeZone::UTC };
    let decoder = client.decoder(&store, &source);
    (store, decoder)
}

/// All events of a line-by-line file below `/home/u`, and the errors with their offsets.
pub(crate) fn decode_lines(client: &dyn Client, path: &str, text: &[u8]) -> (Vec<Event>, Vec<(u64, DecodeError)>) {
    let (_, mut decoder) = open(client, &home(), path);
    let (mut events, mut errors, mut offset) = (Vec::new(), Vec::new(), 0);
    for line in text.split_inclusive(|&b| b == b'\n') {
        let bytes = line.strip_suffix(b"\n").unwrap_or(line);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if !bytes.is_empty()
            && let Err(error) = decoder.feed(Input::Line { bytes, offset }, &mut events)
        {
            errors.push((offset, error));
        }
        offset += line.len() as u64;
    }
    (events, errors)
}

/// All events of a document below `/home/u`.
pub(crate) fn decode_document(client: &dyn Client, path: &str, text: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let (_, mut decoder) = open(client, &home(), path);
    let mut events = Vec::new();
    decoder.feed(Input::Document(text), &mut events)?;
    Ok(events)
}

/// All events of database rows: table, rowid, cells.
pub(crate) fn decode_rows(
    client: &dyn Client,
    path: &str,
    rows: &[(&'static str, i64, Vec<SqlValue<'_>>)],
) -> Vec<Event> {
    let (_, mut decoder) = open(client, &home(), path);
    let mut events = Vec::new();
    for (table, rowid, cells) in rows {
        decoder.feed(Input::Row { table, rowid: *rowid, cells }, &mut events).unwrap();
    }
    events
}

/// Rows for [`decode_rows`], from JSON: `{"table": [{"column": value, …}, …]}`, in the order of the store's tables.
/// Missing columns are NULL; objects and lists stand for JSON text.
pub(crate) fn fixture_rows(
    client: &dyn Client,
    path: &str,
    json: &str,
) -> Vec<(&'static str, i64, Vec<SqlValue<'static>>)> {
    let Format::Sqlite(tables) = open(client, &home(), path).0.format else { panic!("{path} is no database") };
    let fixture: serde_json::Value = serde_json::from_str(json).unwrap();
    let mut rows = Vec::new();
    for table in tables {
        for (row, rowid) in fixture[table.name].as_array().into_iter().flatten().zip(1..) {
            let cells = table.columns.iter().map(|column| cell(&row[column])).collect();
            rows.push((table.name, rowid, cells));
        }
    }
    rows
}

fn cell(value: &serde_json::Value) -> SqlValue<'static> {
    match value {
        serde_json::Value::Null => SqlValue::Null,
        serde_json::Value::Bool(flag) => SqlValue::Integer(i64::from(*flag)),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| SqlValue::Real(n.as_f64().unwrap()), SqlValue::Integer)
        }
        serde_json::Value::String(text) => SqlValue::Bytes(text.clone().leak().as_bytes()),
        json => SqlValue::Bytes(json.to_string().leak().as_bytes()),
    }
}

/// The texts of the user (`>`) and the agent (`<`) in a file below `/home/u` since `text_since`. A prompt without text
/// is the sign alone. Databases are written as for [`fixture_rows`].
pub(crate) fn texts_since(client: &dyn Client, path: &str, text: &str, text_since: Timestamp) -> Vec<String> {
    let (store, mut decoder) = open_for(client, &home(), path, text_since);
    let mut events = Vec::new();
    let mut feed = |input: Input<'_>| decoder.feed(input, &mut events).unwrap();
    match store.format {
        Format::Lines => {
            for (offset, line) in text.lines().enumerate() {
                feed(Input::Line { bytes: line.as_bytes(), offset: offset as u64 });
            }
        }
        Format::Document => feed(Input::Document(text.as_bytes())),
        Format::Sqlite(_) => {
            for (table, rowid, cells) in fixture_rows(client, path, text) {
                feed(Input::Row { table, rowid, cells: &cells });
            }
        }
    }
    let said = |event: &Event| match &event.kind {
        EventKind::Prompt { words } => Some(format!("> {}", words.as_ref().map_or("", |words| words.raw()))),
        EventKind::Said(prose) => Some(format!("< {}", prose.raw())),
        _ => None,
    };
    events.iter().filter_map(said).collect()
}

/// The facts about sessions among the events.
pub(crate) fn facts(events: &[Event]) -> Vec<&SessionFacts> {
    kinds_of(events, |kind| if let EventKind::Facts(facts) = kind { Some(&**facts) } else { None })
}

/// The titles among the events, with their ranks.
pub(crate) fn titles(events: &[Event]) -> Vec<(TitleRank, &str)> {
    kinds_of(
        events,
        |kind| if let EventKind::Title(title) = kind { Some((title.rank, title.text.raw())) } else { None },
    )
}

/// The copies of responses among the events.
pub(crate) fn responses(events: &[Event]) -> Vec<&ResponseCopy> {
    kinds_of(events, |kind| if let EventKind::Response(copy) = kind { Some(&**copy) } else { None })
}

fn kinds_of<'a, T: 'a>(events: &'a [Event], wanted: fn(&'a EventKind) -> Option<T>) -> Vec<T> {
    events.iter().filter_map(|event| wanted(&event.kind)).collect()
}

/// How many events are of such a kind.
pub(crate) fn count(events: &[Event], is_wanted: impl Fn(&EventKind) -> bool) -> usize {
    events.iter().filter(|event| is_wanted(&event.kind)).count()
}

/// The usage of events with each response counted once: a simple model of the collector.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The copy of each response that counts, with its session.
    pub(crate) responses: BTreeMap<MessageKey, (SessionKey, ResponseCopy)>,
}

impl Tally {
    /// Merges copies, and drops a coarse record if a finer one is known.
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut responses: BTreeMap<MessageKey, (SessionKey, ResponseCopy)> = BTreeMap::new();
        let mut coarse = HashSet::new();
        for event in events {
            let EventKind::Response(response) = &event.kind else { continue };
            coarse.extend(response.part_of.iter().filter(|coarse| *coarse != response.message));
            let kept =
                responses.entry(response.message).or_insert_with(|| (event.session.clone(), (**response).clone()));
            if response.usage.total() > kept.1.usage.total() {
                kept.1.usage = response.usage;
            }
            if (response.lineage, response.opened) < (kept.1.lineage, kept.1.opened) {
                kept.0 = event.session.clone();
                kept.1.lineage = response.lineage;
                kept.1.opened = response.opened;
            }
        }
        responses.retain(|key, _| !coarse.contains(key));
        Self { responses }
    }

    /// The usage of everything.
    pub(crate) fn usage(&self) -> Usage {
        self.responses.values().map(|(_, response)| response.usage).sum()
    }

    /// The usage by session id.
    pub(crate) fn by_session(&self) -> BTreeMap<&str, Usage> {
        let mut sums = BTreeMap::<&str, Usage>::new();
        for (session, response) in self.responses.values() {
            *sums.entry(&session.id).or_default() += response.usage;
        }
        sums
    }

    /// The usage by model.
    pub(crate) fn by_model(&self) -> BTreeMap<&str, Usage> {
        let mut sums = BTreeMap::<&str, Usage>::new();
        for (_, response) in self.responses.values() {
            *sums.entry(response.model.as_deref().unwrap_or("?")).or_default() += response.usage;
        }
        sums
    }
}

/// Any value of a row; texts are among these.
pub(crate) fn any_cell(texts: &'static [&'static [u8]]) -> impl Strategy<Value = SqlValue<'static>> {
    prop_oneof![
        Just(SqlValue::Null),
        any::<i64>().prop_map(SqlValue::Integer),
        any::<f64>().prop_map(SqlValue::Real),
        prop::sample::select(texts).prop_map(SqlValue::Bytes),
    ]
}

/// A process with this name, command line and executable; an executable of `-` cannot be read.
pub(crate) fn process(name: &str, argv: &[&str], exe: &str) -> Process {
    let argv = argv.iter().map(|&arg| arg.into()).collect();
    let process = process_fixture::process(name.into(), exe, argv);
    Process { cwd: Ok("/home/u".into()), started_at: Ok(FILE_MODIFIED), ..process }
}
