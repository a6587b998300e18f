//! Whatever damages a ledger on disk, figures are right or the damage is reported.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Env;
use agtop_collect::{Collector, LedgerMode, Sampling, Settings};
use agtop_model::Usage;
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use tempfile::TempDir;

fn ledger(home: &Path) -> PathBuf {
    home.join("data/agtop/ledger.db")
}

/// The result of a run.
#[derive(Debug, PartialEq)]
struct RunResult {
    usage: Usage,
    turns: u64,
    sessions: usize,
    is_degraded: bool,
    notices: Vec<String>,
}

impl RunResult {
    fn figures(&self) -> (Usage, u64, usize) {
        (self.usage, self.turns, self.sessions)
    }
}

fn run(home: &Path) -> RunResult {
    let settings = Settings {
        sampling: Sampling::None,
        ledger: LedgerMode::ReadWrite(ledger(home)),
        ..Settings::new(Env { home: home.to_owned(), ..Env::default() })
    };
    let mut collector = Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()));
    let snapshot = collector.refresh();
    collector.finish();
    RunResult {
        usage: snapshot.totals.usage,
        turns: snapshot.totals.turns,
        sessions: snapshot.sessions.len(),
        is_degraded: snapshot.health.is_degraded(),
        notices: collector.take_notices(),
    }
}

fn transcript(session: usize) -> String {
    let line = |at: usize| {
        let usage = format!(r#"{{"input_tokens":{},"output_tokens":{}}}"#, 10 + at, 100 + 7 * at);
        let message = format!(
            r#"{{"id":"m{session}-{at}","role":"assistant","model":"claude-opus-4-8","content":[],"usage":{usage}}}"#
        );
        let time = format!("2026-09-{:02}T10:{at:02}:00.000Z", 1 + session % 28);
        format!(
            r#"{{"type":"assistant","sessionId":"{}","cwd":"/work/shop","uuid":"u{session}-{at}","timestamp":"{time}","requestId":"r{session}-{at}","message":{message}}}"#,
            id(session)
        ) + "\n"
    };
    (0..40).map(line).collect()
}

fn id(session: usize) -> String {
    format!("00000000-0000-4000-8000-{session:012}")
}

/// A home whose ledger contains forty files. Every second file was deleted.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join(".claude/projects/-work");
    fs::create_dir_all(&place).unwrap();
    for session in 0..40 {
        fs::write(place.join(id(session) + ".jsonl"), transcript(session)).unwrap();
    }
    run(home.path());
    for session in (0..40).step_by(2) {
        fs::remove_file(place.join(id(session) + ".jsonl")).unwrap();
    }
    home
}

/// Pseudo-random numbers, the same on every run (`SplitMix64`).
fn pseudo_random(at: u64) -> u64 {
    let mixed = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Flips bits of the ledger, one at a time, with two runs each. Returns those that change figures without a report.
fn silent_changes(home: &Path, expected: &RunResult, flips: u64) -> Vec<String> {
    let path = ledger(home);
    let sound = fs::read(&path).unwrap();
    // Zero bytes are mostly unused parts of pages, so only others are changed.
    let used: Vec<usize> = (0..sound.len()).filter(|&at| sound[at] != 0).collect();
    let mut silent = Vec::new();
    for number in (0..flips).map(pseudo_random) {
        let place = used[usize::try_from(number % used.len() as u64).unwrap()];
        let mut bytes = sound.clone();
        bytes[place] ^= 1 << (number >> 48 & 7);
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        fs::write(&path, &bytes).unwrap();
        for round in 1..=2 {
            let result = run(home);
            let is_reported = result.is_degraded && (round == 2 || !result.notices.is_empty());
            if result.figures() != expected.figures() && !is_reported {
                silent.push(format!("byte {place} of {}, run {round}: {result:?}", sound.len()));
            }
        }
    }
    silent
}

/// 31 of 40 flipped bits once changed totals without a report: damaged records of deleted files were skipped, and sums made
/// without them hid that from every later run.
#[test]
fn a_flipped_bit_in_the_ledger_changes_no_figure_without_a_report() {
    let home = home();
    let sound = fs::read(ledger(home.path())).unwrap();
    let expected = run(home.path());
    assert_eq!((expected.turns, expected.sessions, expected.is_degraded), (1600, 40, false), "{expected:?}");
    // Without sums: each file is loaded by itself.
    fs::write(ledger(home.path()), sound).unwrap();
    assert_eq!(silent_changes(home.path(), &expected, 150), [""; 0]);
}

/// The same for a ledger with sums over its files.
#[test]
fn a_flipped_bit_in_the_sums_changes_no_figure_without_a_report() {
    let home = home();
    run(home.path());
    let expected = run(home.path());
    assert_eq!((expected.turns, expected.is_degraded, expected.notices.len()), (1600, false, 0), "{expected:?}");
    assert_eq!(silent_changes(home.path(), &expected, 150), [""; 0]);
}
