//! A writer that is killed at any moment loses at most the batch it was in.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test fails the test")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use agtop_ledger::{
    FileHead, FileIdentity, FileRecord, FileStamp, FileSummary, Ledger, LedgerOptions, ReadPosition, ResponseRecord,
    SessionSummary,
};
use agtop_model::{ClientId, CoarserRecords, MessageKey, RecordTime, Response, SessionKey, Timestamp, Usage};

const CLIENT: ClientId = ClientId::new("claude");
/// The environment variable that says where the child writes.
const LEDGER_PATH_VARIABLE: &str = "AGTOP_TEST_KILLED_LEDGER";
const ROUNDS: u64 = 200;
/// How many files there are. Each batch writes a longer record of each.
const FILES: u64 = 3;

fn opening(path: &Path) -> LedgerOptions<'_> {
    let now = Timestamp::from_millis(1_793_491_200_000);
    LedgerOptions { path, clients: &[CLIENT], now, busy_timeout: Duration::from_secs(20) }
}

/// The file as it is after so many batches: that many turns.
fn record(file: u64, batches: u64) -> FileRecord {
    let responses = (0..batches).map(|n| ResponseRecord {
        session: 0,
        message: MessageKey::global(CLIENT, &format!("{file}/{n}")),
        part_of: CoarserRecords::none(),
        time: RecordTime { stated: Some(Timestamp::from_millis(1_793_491_200_000)), before: None },
        counted: Response::plain(Usage { output: n + 1, ..Usage::default() }, None, Timestamp::from_millis(0)),
    });
    let sessions = vec![SessionSummary::new(SessionKey::new(CLIENT, file.to_string()))];
    let identity = FileIdentity { device: 1, inode: file, size: batches, modified: Timestamp::from_millis(0) };
    FileRecord {
        client: CLIENT,
        path: format!("/{file}").into(),
        stamp: FileStamp { file: identity, log: None },
        head: FileHead::default(),
        position: ReadPosition { offset: batches, fragment: None },
        checkpoint: None,
        seen: Timestamp::from_millis(0),
        summary: FileSummary { sessions, responses: responses.collect(), ..FileSummary::default() },
    }
}

/// How many batches are there; every file must have the same ones, and nothing else.
fn batches(path: &Path) -> u64 {
    let opened = Ledger::open(&opening(path)).unwrap();
    assert_eq!(opened.notice, None);
    let report = opened.ledger.verify().unwrap();
    assert!(report.is_clean(), "{:?}", report.faults);
    let mut state = Vec::new();
    opened.ledger.for_each_summary(|entry, summary| state.push((entry.responses, summary.unwrap()))).unwrap();
    let Some((batches, _)) = state.first().cloned() else { return 0 };
    assert_eq!(state.len() as u64, FILES);
    for (file, (responses, summary)) in (0..).zip(state) {
        assert_eq!(responses, batches, "a batch is whole or not there");
        assert_eq!(summary, record(file, batches).summary);
    }
    batches
}

/// Waits until something is being written.
fn wait_for_writing(path: &Path) {
    let log = path.with_file_name("ledger.db-wal");
    let state = || log.metadata().ok().map(|log| (log.len(), log.modified().ok()));
    let before = state();
    for _ in 0..10_000 {
        if state().is_some() && state() != before {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the child writes nothing");
}

/// Not a test: what the other one starts, to kill it.
#[test]
#[ignore = "writes until it is killed"]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(LEDGER_PATH_VARIABLE) else { return };
    let path = Path::new(&path);
    let mut ledger = Ledger::open(&opening(path)).unwrap().ledger;
    for done in batches(path).. {
        let mut batch = ledger.batch().unwrap();
        for file in 0..FILES {
            batch.put(&record(file, done + 1)).unwrap();
        }
        batch.commit().unwrap();
        if done % 4 == 0 {
            ledger.build_rollup().unwrap();
        }
    }
}

#[test]
fn a_writer_killed_at_any_moment_loses_at_most_its_batch() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let mut dice = fastrand::Rng::with_seed(4);
    let mut before = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--ignored"])
            .env(LEDGER_PATH_VARIABLE, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some are killed while they start, the others while they write.
        if round % 2 == 1 {
            wait_for_writing(&path);
        }
        std::thread::sleep(Duration::from_micros(dice.u64(0..10_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = batches(&path);
        assert!(after >= before, "round {round}: {after} batches after {before}");
        before = after;
    }
    assert!(before > 0, "nothing was ever written, so nothing was shown");
}
