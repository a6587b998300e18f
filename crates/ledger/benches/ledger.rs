//! How fast a history of 300,000 responses in 1,000 files is written, read, and loaded from its rollup.
//!
//! `cargo bench -p agtop-ledger` prints medians, and first what a response takes up; compare with the previous commit's
//! on the same machine.

#![expect(clippy::unwrap_used, reason = "a bench that cannot set its scene has nothing to measure")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use agtop_ledger::{
    FileHead, FileIdentity, FileRecord, FileStamp, FileSummary, Ledger, LedgerOptions, NameIndex, ReadPosition,
    ResponseRecord, SessionSummary,
};
use agtop_model::{
    ClientId, CoarserRecords, FileSession, MessageKey, RecordTime, Response, SessionFacts, SessionKey, StopReason,
    Timestamp, Title, TitleRank, ToolKey, Usage,
};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tempfile::TempDir;

const CLIENT: ClientId = ClientId::new("claude");
const FILES: u64 = 1000;
const TURNS: u64 = 300;
const ALL: u64 = FILES * TURNS;

static RECORDS: LazyLock<Vec<FileRecord>> = LazyLock::new(|| {
    let mut dice = fastrand::Rng::with_seed(1);
    (0..FILES).map(|file| record(file, TURNS, &mut dice)).collect()
});
static BLOBS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| RECORDS.iter().map(|record| record.summary.encode()).collect());
/// A ledger with all of it and its rollup.
static HOME: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let mut ledger = open(&path);
    put(&mut ledger, &RECORDS);
    ledger.build_rollup().unwrap();
    (home, path)
});

/// As many responses in many small files.
static SMALL: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let mut dice = fastrand::Rng::with_seed(3);
    let records: Vec<FileRecord> = (0..6_600).map(|file| record(file, 45, &mut dice)).collect();
    let mut ledger = open(&path);
    put(&mut ledger, &records);
    ledger.build_rollup().unwrap();
    (home, path)
});

#[expect(clippy::print_stdout, reason = "sizes are a measurement, too")]
fn main() {
    let bytes: usize = BLOBS.iter().map(Vec::len).sum();
    println!("{:.1} bytes a response, sessions and tool calls included", bytes as f64 / ALL as f64);
    let stats = open(&HOME.1).stats().unwrap();
    println!("{:.1} MB on disk, the rollup included", stats.bytes as f64 / 1e6);
    let rollup = open(&HOME.1).rollup().unwrap().unwrap();
    let cells: usize = rollup.files.iter().map(|file| file.cells.len()).sum();
    println!("{:.1} responses a cell", ALL as f64 / cells as f64);
    divan::main();
}

fn record(file: u64, responses: u64, dice: &mut fastrand::Rng) -> FileRecord {
    let mut at = 1_780_000_000_000 + i64::try_from(file).unwrap() * 9_000_000;
    let opened = Timestamp::from_millis(at);
    let mut prompt = 20_000;
    let responses: Vec<ResponseRecord> = (0..responses)
        .map(|_| {
            at += dice.i64(1_000..40_000);
            let written = dice.u64(100..4_000);
            prompt = if prompt > 190_000 { 30_000 } else { prompt + written };
            let message = MessageKey::from_bits(dice.u128(..));
            let model = NameIndex(u32::from(dice.u8(0..20) == 0));
            let usage = Usage {
                input: dice.u64(1..12),
                cache_read: prompt,
                cache_write_5m: written,
                output: dice.u64(20..3_000),
                ..Usage::default()
            };
            let stop = if dice.u8(0..8) == 0 { StopReason::EndTurn } else { StopReason::ToolUse };
            ResponseRecord {
                session: 0,
                message,
                part_of: CoarserRecords::none(),
                time: RecordTime { stated: Some(Timestamp::from_millis(at)), before: None },
                counted: Response { stop: Some(stop), ..Response::plain(usage, Some(model), opened) },
            }
        })
        .collect();
    let path = format!("/home/someone/.claude/projects/-home-someone-src-project-{}/{file:036x}.jsonl", file % 40);
    let identity =
        FileIdentity { device: 66_306, inode: 9_000_000 + file, size: 900_000, modified: Timestamp::from_millis(at) };
    FileRecord {
        client: CLIENT,
        path: path.into(),
        stamp: FileStamp { file: identity, log: None },
        head: FileHead::of(b"{\"type\":\"summary\"}"),
        position: ReadPosition { offset: 900_000, fragment: None },
        checkpoint: None,
        seen: Timestamp::from_millis(at),
        summary: FileSummary {
            names: ["claude-opus-4-5", "claude-haiku-4-5", "Bash", "Read", "Edit", "Grep"].map(Into::into).to_vec(),
            sessions: vec![session(file, &responses, dice)],
            responses,
            ..FileSummary::default()
        },
    }
}

fn session(file: u64, responses: &[ResponseRecord], dice: &mut fastrand::Rng) -> SessionSummary {
    let state = FileSession {
        facts: Arc::new(SessionFacts {
            cwd: Some(format!("/home/someone/src/project-{}", file % 40).into()),
            branch: Some("main".into()),
            version: Some("2.1.197".into()),
            origin: Some("cli".into()),
            ..SessionFacts::default()
        }),
        title: Some(Title { rank: TitleRank::Generated, text: format!("The work of session {file}").into() }),
        prompts: 12,
        first: responses.first().and_then(|response| response.time.stated),
        last: responses.last().and_then(|response| response.time.stated),
        ..FileSession::default()
    };
    let calls = responses.iter().map(|_| (ToolKey::from_bits(dice.u64(..)), NameIndex(dice.u32(2..6)))).collect();
    SessionSummary { key: SessionKey::new(CLIENT, format!("{file:036x}")), state, calls }
}

fn open(path: &Path) -> Ledger {
    let now = Timestamp::from_millis(0);
    Ledger::open(&LedgerOptions { path, clients: &[CLIENT], now, busy_timeout: LedgerOptions::BUSY_TIMEOUT })
        .unwrap()
        .ledger
}

fn put(ledger: &mut Ledger, records: &[FileRecord]) {
    let mut batch = ledger.batch().unwrap();
    for record in records {
        batch.put(record).unwrap();
    }
    batch.commit().unwrap();
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let records = &*RECORDS;
    bencher.counter(ItemsCount::new(ALL)).bench_local(|| {
        for record in records {
            black_box(record.summary.encode());
        }
    });
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let blobs = &*BLOBS;
    bencher.counter(ItemsCount::new(ALL)).bench_local(|| {
        for blob in blobs {
            black_box(FileSummary::decode(blob, &[CLIENT]).unwrap());
        }
    });
}

/// Opening alone.
#[divan::bench]
fn open_ledger(bencher: Bencher<'_, '_>) {
    let path = &HOME.1;
    bencher.bench_local(|| black_box(open(path)));
}

/// A start without a rollup: every response of every file.
#[divan::bench]
fn load_all(bencher: Bencher<'_, '_>) {
    let path = &HOME.1;
    bencher.counter(ItemsCount::new(ALL)).bench_local(|| {
        let mut responses = 0;
        open(path).for_each_summary(|_, summary| responses += summary.unwrap().responses.len()).unwrap();
        responses
    });
}

/// A start with a rollup, when nothing has changed.
#[divan::bench]
fn load_image(bencher: Bencher<'_, '_>) {
    let path = &HOME.1;
    bencher.counter(ItemsCount::new(ALL)).bench_local(|| open(path).rollup().unwrap().unwrap());
}

/// The same with many small files.
#[divan::bench]
fn load_image_of_small_files(bencher: Bencher<'_, '_>) {
    let path = &SMALL.1;
    bencher.counter(ItemsCount::new(6_600_u32 * 45)).bench_local(|| open(path).rollup().unwrap().unwrap());
}

/// What a start costs that lists the files without the rollup.
#[divan::bench]
fn load_entries_of_small_files(bencher: Bencher<'_, '_>) {
    let path = &SMALL.1;
    bencher.bench_local(|| open(path).entries().unwrap());
}

/// What the first new response costs beyond that.
#[divan::bench]
fn load_keys(bencher: Bencher<'_, '_>) {
    let ledger = open(&HOME.1);
    let rollup = ledger.rollup().unwrap().unwrap();
    bencher.bench_local(|| ledger.key_index(rollup.generation).unwrap());
}

#[divan::bench]
fn look_up_key(bencher: Bencher<'_, '_>) {
    let ledger = open(&HOME.1);
    let keys = ledger.key_index(ledger.rollup().unwrap().unwrap().generation).unwrap();
    let mut dice = fastrand::Rng::with_seed(2);
    bencher.with_inputs(|| MessageKey::from_bits(dice.u128(..))).bench_local_values(|key| keys.files_of(key).count());
}

#[divan::bench]
fn build_rollup(bencher: Bencher<'_, '_>) {
    let mut ledger = open(&HOME.1);
    bencher.counter(ItemsCount::new(ALL)).bench_local(|| ledger.build_rollup().unwrap());
}

/// The first scan's one batch.
#[divan::bench(sample_count = 10)]
fn put_all(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| {
            let home = tempfile::tempdir().unwrap();
            let ledger = open(&home.path().join("ledger.db"));
            (home, ledger)
        })
        .bench_local_refs(|(_, ledger)| put(ledger, &RECORDS));
}

/// Ten live files that have grown.
#[divan::bench]
fn put_ten(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().unwrap();
    let mut ledger = open(&home.path().join("ledger.db"));
    let ten = &RECORDS[..10];
    put(&mut ledger, ten);
    bencher.bench_local(|| put(&mut ledger, ten));
}
