//! Ledgers of every schema that was ever released open, and hold what they held.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use agtop_ledger::{
    FileHead, FileIdentity, FilePresence, FileRecord, FileStamp, FileSummary, Ledger, LedgerOptions, NameIndex,
    OpenedLedger, ProjectRoot, RateLimitSeries, ReadPosition, ResponseRecord, SessionSummary, SessionTag,
};
use agtop_model::{
    ClientId, CoarserRecords, FileSession, Lineage, MessageKey, PicoUsd, RateLimit, RateLimitReading, RateLimitWindow,
    RecordTime, Response, ServiceTier, SessionFacts, SessionKey, StopReason, Timestamp, Title, TitleRank, ToolKey,
    Usage, UsageExtent,
};

const CLIENT: ClientId = ClientId::new("claude");
/// The schema that this program writes.
const NEWEST: &str = "schema-3";

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_793_491_200_000 + minutes * 60_000)
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn open(path: &Path) -> OpenedLedger {
    let busy_timeout = LedgerOptions::BUSY_TIMEOUT;
    Ledger::open(&LedgerOptions { path, clients: &[CLIENT], now: at(0), busy_timeout }).unwrap()
}

fn response(message: u32) -> ResponseRecord {
    ResponseRecord {
        session: 0,
        message: MessageKey::global(CLIENT, &message.to_string()),
        part_of: CoarserRecords::none(),
        time: RecordTime { stated: Some(at(message.into())), before: None },
        counted: Response {
            stop: Some(StopReason::EndTurn),
            ..Response::plain(
                Usage {
                    input: 3,
                    cache_read: 20_000,
                    cache_write_1h: 400,
                    output: u64::from(message),
                    ..Usage::default()
                },
                Some(NameIndex(0)),
                at(0),
            )
        },
    }
}

fn reading() -> RateLimitReading {
    let windows = vec![RateLimitWindow { minutes: 300, used_percent: 12.5, resets_at: Some(at(90)) }];
    RateLimitReading { client: CLIENT, at: at(5), limit: RateLimit { limit: "five".into(), plan: None, windows } }
}

fn tag() -> SessionTag {
    SessionTag { session: SessionKey::new(CLIENT, "session"), text: "a fixture".into(), at: at(6) }
}

/// The summary of the first file of every fixture. Once released, it stays as it is.
fn expected_summary() -> FileSummary {
    let odd = ResponseRecord {
        part_of: CoarserRecords::one(response(1).message),
        counted: Response {
            embedded_cost: Some(PicoUsd::new(1_234_567)),
            tier: ServiceTier::Priority,
            extent: UsageExtent::Sum,
            lineage: Lineage::Sidechain,
            context_used: Some(77),
            ..response(3).counted
        },
        ..response(3)
    };
    let state = FileSession {
        facts: Arc::new(SessionFacts {
            parent: Some(SessionKey::new(CLIENT, "parent")),
            cwd: Some("/work/größe".into()),
            branch: Some("main".into()),
            started: Some(at(0)),
            ..SessionFacts::default()
        }),
        title: Some(Title { rank: TitleRank::Given, text: "A fixture".into() }),
        prompts: 2,
        first: Some(at(0)),
        last: Some(at(3)),
        // The first format of summaries does not have these two: the decoder uses the first and the last time.
        facts_at: Some(at(0)),
        stated: Some(at(3)),
        ..FileSession::default()
    };
    let calls = vec![(ToolKey::new(CLIENT, "call"), NameIndex(1))];
    let session = SessionSummary { key: SessionKey::new(CLIENT, "session"), state, calls };
    FileSummary {
        names: vec!["claude-opus-4-5".into(), "Bash".into()],
        sessions: vec![session],
        responses: vec![response(1), response(2), odd],
        limits: vec![reading()],
        roots: vec![ProjectRoot { client: CLIENT, project: "p".into(), root: "/work".into() }],
        ..FileSummary::default()
    }
}

fn record(path: &str, summary: FileSummary) -> FileRecord {
    let file = FileIdentity { device: 1, inode: 2, size: 300, modified: at(3) };
    FileRecord {
        client: CLIENT,
        path: path.into(),
        stamp: FileStamp { file, log: Some(FileIdentity { size: 9, ..file }) },
        head: FileHead::of(b"{}"),
        position: ReadPosition { offset: 290, fragment: Some(10) },
        checkpoint: Some(vec![1, 2, 3]),
        seen: at(4),
        summary,
    }
}

/// Not a test: makes the fixture of the newest schema, once, before that schema is released.
/// `cargo test -p agtop-ledger --test schemas -- --ignored`
#[test]
#[ignore = "writes the fixture"]
fn writes_the_fixture_of_the_newest_schema() {
    let path = fixtures().join(NEWEST).join("ledger.db");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&path);
    let mut ledger = open(&path).ledger;
    let rewritten = FileSummary { responses: vec![response(8)], ..expected_summary() };
    let records = [
        record("/a", expected_summary()),
        record("/b", FileSummary { responses: vec![response(7)], ..expected_summary() }),
        record("/b", rewritten),
    ];
    let mut batch = ledger.batch().unwrap();
    for record in &records {
        batch.put(record).unwrap();
    }
    batch.append_limits(&[reading()]).unwrap();
    batch.put_tags(&[tag()]).unwrap();
    batch.commit().unwrap();
    ledger.build_rollup().unwrap();
    drop(ledger);
    // As small as it can be, and without a log beside it.
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM;").unwrap();
}

#[test]
fn ledgers_of_every_schema_open_and_hold_what_they_held() {
    let mut schemas = 0;
    for directory in fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        schemas += 1;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        fs::copy(directory.join("ledger.db"), &path).unwrap();
        let OpenedLedger { mut ledger, notice } = open(&path);
        assert_eq!(notice, None, "{directory:?}");
        assert_eq!(ledger.verify().unwrap().faults, Vec::<String>::new(), "{directory:?}");
        let entry = ledger.entry(CLIENT, Path::new("/a")).unwrap().unwrap();
        let expected = record("/a", expected_summary());
        assert_eq!((entry.stamp, entry.head, entry.position), (expected.stamp, expected.head, expected.position));
        let loaded = ledger.load(entry.id).unwrap().unwrap();
        assert_eq!((loaded.summary, loaded.checkpoint), (expected_summary(), expected.checkpoint), "{directory:?}");
        let states: Vec<FilePresence> = ledger.entries().unwrap().into_iter().map(|entry| entry.state).collect();
        assert_eq!(states, [FilePresence::Live, FilePresence::Live, FilePresence::Replaced], "{directory:?}");
        let series = RateLimitSeries { client: CLIENT, limit: "five", minutes: 300 };
        assert_eq!(ledger.limits(&series, at(0)).unwrap(), [(at(5), reading().limit.windows[0])]);
        let tags = if directory.ends_with("schema-1") { vec![] } else { vec![tag()] };
        assert_eq!(ledger.tags(9).unwrap(), tags, "the first schema had none");
        if directory.ends_with(NEWEST) {
            assert_eq!(ledger.rollup().unwrap().unwrap().files.len(), 3, "what was added up is readable, too");
        } else {
            assert_eq!(ledger.rollup().unwrap(), None, "sums of an older schema are made again");
        }
        ledger.build_rollup().unwrap();
        assert_eq!(ledger.rollup().unwrap().unwrap().files.len(), 3, "{directory:?}");
    }
    assert!(schemas >= 3);
}
