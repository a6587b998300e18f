//! Decoders: fed as the collector feeds them, and held to what their traits promise.

use std::path::Path;

use agtop_clients::{Client, Decoder, Env, Format, Input, Source, SqlValue, Store, Table};
use agtop_model::{Event, EventKind, FileId, PicoUsd, ResponseCopy, Timestamp};
use jiff::tz::TimeZone;
use serde_json::Value;

/// No response has more tokens: a count above it is damage, and must not reach a total.
const MAX_RESPONSE_TOKENS: u64 = 1_000_000_000_000;

/// A client, and the paths below `/home/u` of files of one of its formats.
pub(crate) struct DecodeTarget {
    client: &'static dyn Client,
    paths: Vec<&'static str>,
}

impl DecodeTarget {
    /// # Panics
    ///
    /// If there is no such client.
    pub(crate) fn new(client: &str, paths: Vec<&'static str>) -> Self {
        let Some(client) = agtop_clients::client(client) else { panic!("no client is called {client}") };
        Self { client, paths }
    }

    /// Feeds the input to the client's decoder for each file, in the way that the file's store is read: as lines, as a
    /// document or as rows.
    ///
    /// # Panics
    ///
    /// If a decoder breaks a promise.
    pub(crate) fn run(&self, input: &[u8]) {
        for path in &self.paths {
            let events = decode(self.client, path, input);
            let again = decode(self.client, path, input);
            assert_eq!(events.len(), again.len(), "another decoder returns as many events for the same input");
            for event in &events {
                if let EventKind::Response(response) = &event.kind {
                    check(response);
                }
            }
        }
    }
}

fn check(response: &ResponseCopy) {
    let usage = &response.usage;
    assert!(usage.reasoning <= usage.output, "reasoning is part of output: {usage:?}");
    let buckets = [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h, usage.output];
    assert!(buckets.iter().all(|&tokens| tokens <= MAX_RESPONSE_TOKENS), "no response is so large: {usage:?}");
    let cost = response.embedded_cost.unwrap_or(PicoUsd::ZERO);
    assert!(cost >= PicoUsd::ZERO, "no response has a negative cost: {cost:?}");
}

fn decode(client: &dyn Client, path: &str, input: &[u8]) -> Vec<Event> {
    let (store, decoder) = open(client, Path::new(path));
    let mut feeder = Feeder { decoder, events: Vec::new() };
    match store.format {
        Format::Lines => {
            let mut offset = 0;
            for line in input.split_inclusive(|&byte| byte == b'\n') {
                feeder.feed(Input::Line { bytes: line.strip_suffix(b"\n").unwrap_or(line), offset });
                offset += line.len() as u64;
            }
        }
        Format::Document => feeder.feed(Input::Document(input)),
        Format::Sqlite(tables) => match serde_json::from_slice(input) {
            Ok(json) => feeder.json_rows(tables, &json),
            Err(_) => feeder.raw_rows(tables, input),
        },
    }
    feeder.events
}

/// The store that accepts a file, and its decoder. The first of two environments in which a store does counts: one with
/// nothing but the home, and one with the variables that name further files.
fn open(client: &dyn Client, path: &Path) -> (Store, Box<dyn Decoder>) {
    let bare = Env { home: "/home/u".into(), work_dirs: vec!["/home/u/work".into()], ..Env::default() };
    let vars = [("AIDER_ANALYTICS_LOG".to_owned(), "/home/u/aider.jsonl".into())].into();
    let named = Env { vars, ..bare.clone() };
    let mut stores = [bare, named].into_iter().flat_map(|env| client.stores(&env));
    let accepts = |store: &Store| path.strip_prefix(&store.root).is_ok_and(|relative| (store.accepts)(relative));
    let Some(store) = stores.find(accepts) else { panic!("no store of {} accepts {path:?}", client.info().id) };
    let relative = path.strip_prefix(&store.root).unwrap_or(path);
    let modified = Timestamp::from_millis(1_790_000_000_000);
    let source =
        Source { file: FileId(0), path, relative, modified, text_since: Timestamp::EARLIEST, zone: &TimeZone::UTC };
    let decoder = client.decoder(&store, &source);
    (store, decoder)
}

struct Feeder {
    decoder: Box<dyn Decoder>,
    events: Vec<Event>,
}

impl Feeder {
    /// Feeds a record. The collector feeds a line or row that fails again: with replaced bytes if they are not UTF-8, or
    /// with the rest of a last line. Events without an id count each time, so the second try must not return them.
    fn feed(&mut self, input: Input<'_>) {
        let has_failed = self.decoder.feed(input, &mut self.events).is_err();
        if !has_failed || matches!(input, Input::Document(_)) {
            return;
        }
        let mut again = Vec::new();
        assert!(self.decoder.feed(input, &mut again).is_err(), "what failed fails again");
        let counts =
            |event: &Event| matches!(event.kind, EventKind::Prompt { .. } | EventKind::Error(_) | EventKind::Compacted);
        assert!(!again.iter().any(counts), "a record that failed counts twice: {again:?}");
    }

    /// Feeds rows as the fixtures have them: `{"table": [{"column": value, …}, …]}`. Objects and lists stand for JSON text.
    fn json_rows(&mut self, tables: &[Table], json: &Value) {
        for table in tables {
            for (row, rowid) in json[table.name].as_array().into_iter().flatten().zip(1..) {
                let texts: Vec<String> = table.columns.iter().map(|column| text(&row[column])).collect();
                let cells: Vec<_> =
                    table.columns.iter().zip(&texts).map(|(column, text)| cell(&row[column], text)).collect();
                self.feed(Input::Row { table: table.name, rowid, cells: &cells });
            }
        }
    }

    /// Feeds a row per line: the first byte chooses the table, tabs separate its cells, a missing cell is NULL.
    fn raw_rows(&mut self, tables: &[Table], input: &[u8]) {
        for (line, rowid) in input.split(|&byte| byte == b'\n').zip(1..) {
            let Some((first, line)) = line.split_first() else { continue };
            let table = &tables[usize::from(*first) % tables.len()];
            let mut values = line.split(|&byte| byte == b'\t').map(raw_cell);
            let cells: Vec<_> = table.columns.iter().map(|_| values.next().unwrap_or(SqlValue::Null)).collect();
            self.feed(Input::Row { table: table.name, rowid, cells: &cells });
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cell<'a>(value: &Value, text: &'a str) -> SqlValue<'a> {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(flag) => SqlValue::Integer(i64::from(*flag)),
        Value::Number(_) => number(text).unwrap_or(SqlValue::Null),
        Value::String(_) | Value::Array(_) | Value::Object(_) => SqlValue::Bytes(text.as_bytes()),
    }
}

fn raw_cell(bytes: &[u8]) -> SqlValue<'_> {
    std::str::from_utf8(bytes).ok().and_then(number).unwrap_or(SqlValue::Bytes(bytes))
}

fn number<'a>(text: &str) -> Option<SqlValue<'a>> {
    let whole = text.parse().ok().map(SqlValue::Integer);
    whole.or_else(|| text.parse().ok().map(SqlValue::Real))
}
