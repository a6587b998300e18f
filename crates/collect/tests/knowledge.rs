//! What each client claims to know is what its fixtures show, no more and no less.
//!
//! `fixtures/<client>/paths.tsv` says of each fixture where it would lie on a disk.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use agtop_clients::{Cell, Client, Decoder, Env, Format, Input, Known, Source, Store, Table, clients};
use agtop_model::{Activity, Event, EventKind, Extent, FileId, Timestamp, Turn};
use jiff::tz::TimeZone;

/// What a claim about each aspect rests on, in the order of `Knowledge::aspects`.
const EVIDENCE: [fn(&EventKind) -> bool; 8] = [
    |kind| turn(kind).is_some_and(|turn| !turn.usage.is_zero()),
    |kind| turn(kind).is_some_and(|turn| turn.embedded_cost.is_some() || turn.model.is_some()),
    |kind| turn(kind).is_some_and(|turn| turn.usage.cache_read + turn.usage.cache_write() > 0),
    |kind| match kind {
        EventKind::Facts(facts) => facts.context_used.is_some(),
        _ => turn(kind).is_some_and(|turn| turn.extent == Extent::Response && turn.usage.prompt() > 0),
    },
    |kind| matches!(kind, EventKind::ToolStarted { .. }),
    |kind| match kind {
        EventKind::Facts(facts) => facts.parent.is_some(),
        _ => matches!(kind, EventKind::SubagentStarted { .. }),
    },
    |kind| match kind {
        EventKind::Running(running) => running.activity == Some(Activity::Waiting),
        _ => matches!(kind, EventKind::Waiting),
    },
    |kind| matches!(kind, EventKind::RateLimit(_)),
];

fn turn(kind: &EventKind) -> Option<&Turn> {
    if let EventKind::Turn(turn) = kind { Some(turn) } else { None }
}

fn fixtures(client: &dyn Client) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(client.info().id.as_str())
}

/// All that the client's fixtures tell; nothing of one of which only processes are seen.
fn events(client: &dyn Client) -> Vec<Event> {
    let directory = fixtures(client);
    let list = fs::read_to_string(directory.join("paths.tsv")).unwrap_or_default();
    let mut events = Vec::new();
    for line in list.lines() {
        let (fixture, path) = line.split_once('\t').unwrap();
        let bytes = fs::read(directory.join(fixture)).unwrap_or_else(|error| panic!("{fixture}: {error}"));
        decode(client, Path::new(path), &bytes, &mut events);
    }
    events
}

/// The store that accepts the file, and a decoder for it.
fn open(client: &dyn Client, path: &Path) -> (Store, Box<dyn Decoder>) {
    let vars = [("AIDER_ANALYTICS_LOG".to_owned(), "/home/u/aider.jsonl".into())].into();
    let work_dirs = vec!["/srv/cellar".into(), "/srv/attic".into()];
    let env = Env { home: "/home/u".into(), vars, work_dirs };
    let relative = |store: &Store| path.strip_prefix(&store.root).ok().filter(|relative| (store.accepts)(relative));
    let found = client.stores(&env).into_iter().find_map(|store| Some((relative(&store)?, store)));
    let (relative, store) = found.unwrap_or_else(|| panic!("no store accepts {}", path.display()));
    let modified = Timestamp::from_millis(1_790_000_000_000);
    let decoder = client.decoder(
        &store,
        &Source { file: FileId(7), path, relative, modified, prose_from: Timestamp::EARLIEST, zone: &TimeZone::UTC },
    );
    (store, decoder)
}

/// What is broken in a fixture is broken on purpose: errors are passed over.
fn decode(client: &dyn Client, path: &Path, bytes: &[u8], events: &mut Vec<Event>) {
    let (store, mut decoder) = open(client, path);
    match store.format {
        Format::Lines => {
            for (bytes, offset) in bytes.split(|&byte| byte == b'\n').zip(0..) {
                drop(decoder.feed(Input::Line { bytes, offset }, events));
            }
        }
        Format::Document => drop(decoder.feed(Input::Document(bytes), events)),
        Format::Sqlite(tables) => decode_rows(&mut *decoder, tables, &serde_json::from_slice(bytes).unwrap(), events),
    }
}

/// Rows as JSON, `{"table": [{"column": value, …}, …]}`; objects and lists stand for JSON text.
fn decode_rows(decoder: &mut dyn Decoder, tables: &'static [Table], rows: &serde_json::Value, events: &mut Vec<Event>) {
    for table in tables {
        for (row, rowid) in rows[table.name].as_array().into_iter().flatten().zip(1..) {
            let texts: Vec<String> = table.columns.iter().map(|column| text(&row[column])).collect();
            let cells: Vec<Cell<'_>> =
                table.columns.iter().zip(&texts).map(|(column, text)| cell(&row[column], text)).collect();
            drop(decoder.feed(Input::Row { table: table.name, rowid, cells: &cells }, events));
        }
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cell<'a>(value: &serde_json::Value, text: &'a str) -> Cell<'a> {
    match value {
        serde_json::Value::Null => Cell::Null,
        serde_json::Value::Bool(flag) => Cell::Integer(i64::from(*flag)),
        serde_json::Value::Number(n) => n.as_i64().map_or_else(|| Cell::Real(n.as_f64().unwrap()), Cell::Integer),
        _ => Cell::Bytes(text.as_bytes()),
    }
}

#[test]
fn every_cell_of_the_matrix_is_what_the_fixtures_show() {
    let mut wrong = Vec::new();
    for client in clients() {
        let events = events(client);
        for ((aspect, known), shows) in client.info().knowledge.aspects().into_iter().zip(EVIDENCE) {
            let is_shown = events.iter().any(|event| shows(&event.kind));
            if is_shown != (known != Known::No) {
                wrong.push(format!("{} {aspect}: {} but shown: {is_shown}", client.info().id, known.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A fixture that is not read could show what its client is said not to tell.
#[test]
fn every_fixture_is_read() {
    for client in agtop_clients::CLIENTS {
        let directory = fixtures(*client);
        let list = fs::read_to_string(directory.join("paths.tsv")).unwrap();
        let listed: BTreeSet<PathBuf> = list.lines().map(|line| line.split('\t').next().unwrap().into()).collect();
        let mut found = BTreeSet::new();
        let mut waiting = vec![directory.clone()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else if !path.ends_with("README.md") && !path.ends_with("paths.tsv") {
                    found.insert(path.strip_prefix(&directory).unwrap().to_owned());
                }
            }
        }
        assert_eq!(listed, found, "{}", client.info().id);
    }
}

#[test]
fn every_client_whose_files_are_read_has_something_to_show() {
    for client in agtop_clients::CLIENTS {
        assert!(!events(*client).is_empty(), "{}", client.info().id);
    }
}

#[test]
fn a_gap_is_a_phrase_that_fits_a_table() {
    for client in clients() {
        for gap in client.info().knowledge.aspects().iter().filter_map(|(_, known)| known.gap()) {
            assert!((1..60).contains(&gap.len()) && !gap.contains('|') && !gap.ends_with('.'), "{gap}");
        }
    }
}
