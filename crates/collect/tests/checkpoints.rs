//! A decoder that continues from a checkpoint gives the same events as one that never stopped.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use agtop_clients::{Client, Decoder, Env, Input, Source, Store, client};
use agtop_model::{Event, FileId, Timestamp};
use jiff::tz::TimeZone;

/// Every transcript among a client's fixtures, with its path.
fn transcripts(name: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                found.push((text, path));
            }
        }
    }
    found.sort();
    found
}

fn decoder(client: &dyn Client, store: &Store, path: &Path) -> Box<dyn Decoder> {
    let relative = Path::new(path.file_name().unwrap());
    let modified = Timestamp::from_millis(1_790_000_000_000);
    client.decoder(
        store,
        &Source { file: FileId(0), path, relative, modified, text_since: Timestamp::EARLIEST, zone: &TimeZone::UTC },
    )
}

/// Feeds the lines between two bytes to the decoder; returns their events as text.
fn decode(decoder: &mut dyn Decoder, text: &str, from: usize, to: usize) -> Vec<String> {
    let (mut events, mut offset): (Vec<Event>, usize) = (Vec::new(), from);
    for line in text.get(from..to).unwrap().split_inclusive('\n') {
        let input = Input::Line { bytes: line.trim_end().as_bytes(), offset: offset as u64 };
        // Records that cannot be decoded are covered by other tests.
        let _ = decoder.feed(input, &mut events);
        offset += line.len();
    }
    events.iter().map(|event| format!("{event:?}")).collect()
}

fn check(name: &str, layout: &str) {
    let client = client(name).unwrap();
    let env = Env { home: "/home/u".into(), ..Env::default() };
    let store = client.stores(&env).into_iter().find(|store| store.layout == layout).unwrap();
    let mut resumed = 0;
    for (text, path) in transcripts(name) {
        let whole = decode(&mut *decoder(client, &store, &path), &text, 0, text.len());
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        for cut in ends {
            let mut first = decoder(client, &store, &path);
            let mut all = decode(&mut *first, &text, 0, cut);
            let Some(checkpoint) = first.checkpoint() else { continue };
            let mut second = decoder(client, &store, &path);
            assert!(second.resume(&checkpoint), "{}", path.display());
            all.extend(decode(&mut *second, &text, cut, text.len()));
            assert_eq!(all, whole, "{} cut at {cut}", path.display());
            resumed += 1;
        }
    }
    assert!(resumed > 40, "{resumed}");
    assert!(!decoder(client, &store, Path::new("/x.jsonl")).resume(b"\x00no checkpoint"));
}

#[test]
fn claude_continues_from_every_line() {
    check("claude", "projects");
}

#[test]
fn codex_continues_from_every_line_where_no_call_is_open() {
    check("codex", "sessions");
}

#[test]
fn a_checkpoint_contains_no_message_text() {
    let secret = "xyzzy";
    let line = format!(
        r#"{{"type":"user","sessionId":"s","cwd":"/w","timestamp":"2026-03-01T00:00:00Z","message":{{"content":"{secret}"}}}}"#
    );
    let client = client("claude").unwrap();
    let store = client.stores(&Env { home: "/home/u".into(), ..Env::default() }).remove(0);
    let mut decoder = decoder(client, &store, Path::new("/w/s.jsonl"));
    assert!(!decode(&mut *decoder, &line, 0, line.len()).is_empty());
    let checkpoint = String::from_utf8(decoder.checkpoint().unwrap()).unwrap();
    assert!(checkpoint.contains("\"s\"") && !checkpoint.contains(secret), "{checkpoint}");
}
