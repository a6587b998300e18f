//! Ledgers of every schema that was ever released open, and tell what they told.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::Path;

use agtop_ledger::{
    FileRecord, Head, Identity, Ledger, LimitReading, Memory, Name, Opened, Opening, ProjectRoot, Reach, Series,
    SessionMemory, Stamp, State, Tag, TurnMemory,
};
use agtop_model::{
    ClientId, CoarserRecords, FileSession, Lineage, MessageKey, PicoUsd, RateLimit, RateLimitWindow, RecordTime,
    Response, ServiceTier, SessionFacts, SessionKey, StopReason, Timestamp, Title, TitleRank, ToolKey, Usage,
    UsageExtent,
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

fn open(path: &Path) -> Opened {
    let patience = Opening::PATIENCE;
    Ledger::open(&Opening { path, clients: &[CLIENT], now: at(0), patience }).unwrap()
}

fn turn(message: u32) -> TurnMemory {
    TurnMemory {
        session: 0,
        message: MessageKey::global(CLIENT, &message.to_string()),
        part_of: CoarserRecords::none(),
        time: RecordTime { stated: Some(at(message.into())), before: None },
        response: Response {
            stop: Some(StopReason::EndTurn),
            ..Response::plain(
                Usage {
                    input: 3,
                    cache_read: 20_000,
                    cache_write_1h: 400,
                    output: u64::from(message),
                    ..Usage::default()
                },
                Some(Name(0)),
                at(0),
            )
        },
    }
}

fn reading() -> LimitReading {
    let windows = vec![RateLimitWindow { minutes: 300, used_percent: 12.5, resets_at: Some(at(90)) }];
    LimitReading { client: CLIENT, at: at(5), limit: RateLimit { limit: "five".into(), plan: None, windows } }
}

fn tag() -> Tag {
    Tag { session: SessionKey::new(CLIENT, "session"), text: "a fixture".into(), at: at(6) }
}

/// What the first file of every fixture tells. Once released, it stays as it is.
fn told() -> Memory {
    let odd = TurnMemory {
        part_of: CoarserRecords::one(turn(1).message),
        response: Response {
            embedded_cost: Some(PicoUsd::new(1_234_567)),
            tier: ServiceTier::Priority,
            extent: UsageExtent::Sum,
            lineage: Lineage::Sidechain,
            context_used: Some(77),
            ..turn(3).response
        },
        ..turn(3)
    };
    let told = FileSession {
        facts: SessionFacts {
            parent: Some(SessionKey::new(CLIENT, "parent")),
            cwd: Some("/work/größe".into()),
            branch: Some("main".into()),
            started: Some(at(0)),
            ..SessionFacts::default()
        },
        title: Some(Title { rank: TitleRank::Given, text: "A fixture".into() }),
        prompts: 2,
        first: Some(at(0)),
        last: Some(at(3)),
        // The first format of memories does not have these two, and they are taken for these.
        facts_at: Some(at(0)),
        stated: Some(at(3)),
        ..FileSession::default()
    };
    let calls = vec![(ToolKey::new(CLIENT, "call"), Name(1))];
    let session = SessionMemory { key: SessionKey::new(CLIENT, "session"), told, calls };
    Memory {
        names: vec!["claude-opus-4-5".into(), "Bash".into()],
        sessions: vec![session],
        turns: vec![turn(1), turn(2), odd],
        limits: vec![reading()],
        roots: vec![ProjectRoot { client: CLIENT, project: "p".into(), root: "/work".into() }],
        ..Memory::default()
    }
}

fn record(path: &str, memory: Memory) -> FileRecord {
    let file = Identity { device: 1, inode: 2, size: 300, modified: at(3) };
    FileRecord {
        client: CLIENT,
        path: path.into(),
        stamp: Stamp { file, log: Some(Identity { size: 9, ..file }) },
        head: Head::of(b"{}"),
        reach: Reach { offset: 290, fragment: Some(10) },
        checkpoint: Some(vec![1, 2, 3]),
        seen: at(4),
        memory,
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
    let rewritten = Memory { turns: vec![turn(8)], ..told() };
    let records =
        [record("/a", told()), record("/b", Memory { turns: vec![turn(7)], ..told() }), record("/b", rewritten)];
    let mut batch = ledger.batch().unwrap();
    for record in &records {
        batch.put(record).unwrap();
    }
    batch.append_limits(&[reading()]).unwrap();
    batch.put_tags(&[tag()]).unwrap();
    batch.commit().unwrap();
    ledger.make_image().unwrap();
    drop(ledger);
    // As small as it can be, and without a log beside it.
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM;").unwrap();
}

#[test]
fn ledgers_of_every_schema_open_and_tell_what_they_told() {
    let mut schemas = 0;
    for directory in fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        schemas += 1;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        fs::copy(directory.join("ledger.db"), &path).unwrap();
        let Opened { mut ledger, notice } = open(&path);
        assert_eq!(notice, None, "{directory:?}");
        assert_eq!(ledger.verify().unwrap().faults, Vec::<String>::new(), "{directory:?}");
        let entry = ledger.entry(CLIENT, Path::new("/a")).unwrap().unwrap();
        let expected = record("/a", told());
        assert_eq!((entry.stamp, entry.head, entry.reach), (expected.stamp, expected.head, expected.reach));
        let recalled = ledger.recall(entry.id).unwrap().unwrap();
        assert_eq!((recalled.memory, recalled.checkpoint), (told(), expected.checkpoint), "{directory:?}");
        let states: Vec<State> = ledger.entries().unwrap().into_iter().map(|entry| entry.state).collect();
        assert_eq!(states, [State::Live, State::Live, State::Replaced], "{directory:?}");
        let series = Series { client: CLIENT, limit: "five", minutes: 300 };
        assert_eq!(ledger.limits(&series, at(0)).unwrap(), [(at(5), reading().limit.windows[0])]);
        let tags = if directory.ends_with("schema-1") { vec![] } else { vec![tag()] };
        assert_eq!(ledger.tags(9).unwrap(), tags, "the first schema had none");
        if directory.ends_with(NEWEST) {
            assert_eq!(ledger.image().unwrap().unwrap().files.len(), 3, "what was added up is readable, too");
        } else {
            assert_eq!(ledger.image().unwrap(), None, "sums of an older schema are made again");
        }
        ledger.make_image().unwrap();
        assert_eq!(ledger.image().unwrap().unwrap().files.len(), 3, "{directory:?}");
    }
    assert!(schemas >= 3);
}
