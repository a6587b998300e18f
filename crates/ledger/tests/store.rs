//! The ledger as its users see it: opened wherever, written to, read again.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_ledger::{
    FileHead, FileIdentity, FilePresence, FileRecord, FileSelector, FileStamp, FileSummary, Ledger, LedgerAccess,
    LedgerErrorKind, LedgerOptions, NameIndex, OpenNotice, OpenedLedger, PutOutcome, RateLimitSeries, ReadPosition,
    ResponseRecord, SessionSummary,
};
use agtop_model::{
    ClientId, CoarserRecords, FileSession, MessageKey, RateLimit, RateLimitReading, RateLimitWindow, RecordTime,
    Response, SessionKey, Timestamp, Usage,
};

const CLIENT: ClientId = ClientId::new("claude");
const CODEX: ClientId = ClientId::new("codex");

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_793_491_200_000 + minutes * 60_000)
}

fn try_open(path: &Path) -> Result<OpenedLedger, agtop_ledger::LedgerError> {
    let busy_timeout = Duration::from_millis(200);
    Ledger::open(&LedgerOptions { path, clients: &[CLIENT, CODEX], now: at(0), busy_timeout })
}

fn open(path: &Path) -> Ledger {
    try_open(path).unwrap().ledger
}

fn response(message: u32) -> ResponseRecord {
    ResponseRecord {
        session: 0,
        message: MessageKey::global(CLIENT, &message.to_string()),
        part_of: CoarserRecords::none(),
        time: RecordTime { stated: Some(at(message.into())), before: None },
        counted: Response::plain(
            Usage { input: 1, output: u64::from(message), ..Usage::default() },
            Some(NameIndex(0)),
            at(0),
        ),
    }
}

/// A file of that content, looked at in that minute.
fn record(path: &str, messages: impl IntoIterator<Item = u32>, seen: i64) -> FileRecord {
    let responses: Vec<ResponseRecord> = messages.into_iter().map(response).collect();
    let last = responses.iter().filter_map(|response| response.time.stated).max();
    let state = FileSession { last, ..FileSession::default() };
    let session = SessionSummary { state, ..SessionSummary::new(SessionKey::new(CLIENT, path)) };
    let size = responses.len() as u64 * 100;
    FileRecord {
        client: CLIENT,
        path: path.into(),
        stamp: FileStamp { file: FileIdentity { device: 1, inode: 2, size, modified: at(seen) }, log: None },
        head: FileHead::of(path.as_bytes()),
        position: ReadPosition { offset: size, fragment: Some(3) },
        checkpoint: Some(vec![1, 2, 3]),
        seen: at(seen),
        summary: FileSummary { names: vec!["m".into()], sessions: vec![session], responses, ..FileSummary::default() },
    }
}

fn put(ledger: &mut Ledger, records: &[FileRecord]) -> Vec<PutOutcome> {
    let mut batch = ledger.batch().unwrap();
    let put = records.iter().map(|record| batch.put(record).unwrap()).collect();
    batch.commit().unwrap();
    put
}

/// Every response that is known, with what became of its file.
fn known(ledger: &Ledger) -> Vec<(u64, FilePresence)> {
    let mut known = Vec::new();
    ledger
        .for_each_summary(|file, summary| {
            known.extend(summary.unwrap().responses.iter().map(|response| (response.counted.usage.output, file.state)));
        })
        .unwrap();
    known.sort_by_key(|(output, _)| *output);
    known
}

fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data/agtop/ledger.db");
    (home, path)
}

#[test]
fn a_record_is_loaded_by_the_next_process() {
    let (_home, path) = home();
    let written = record("/a", [1, 2], 5);
    put(&mut open(&path), std::slice::from_ref(&written));
    let ledger = open(&path);
    let entry = ledger.entry(CLIENT, Path::new("/a")).unwrap().unwrap();
    assert_eq!((entry.stamp, entry.head, entry.position), (written.stamp, written.head, written.position));
    assert_eq!((entry.state, entry.responses, entry.last_active), (FilePresence::Live, 2, Some(at(2))));
    let loaded = ledger.load(entry.id).unwrap().unwrap();
    assert_eq!((loaded.summary, loaded.checkpoint), (written.summary, written.checkpoint));
    assert_eq!(ledger.entry(CODEX, Path::new("/a")).unwrap(), None);
}

#[test]
fn a_database_is_known_by_its_log_too() {
    let (_home, path) = home();
    let mut written = record("/a.db", [1], 5);
    written.stamp.log = Some(FileIdentity { device: 1, inode: u64::MAX, size: 7, modified: at(-9) });
    let mut ledger = open(&path);
    put(&mut ledger, std::slice::from_ref(&written));
    assert_eq!(ledger.entries().unwrap()[0].stamp, written.stamp);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_comes_back_as_it_was() {
    use std::os::unix::ffi::OsStrExt as _;
    let (_home, path) = home();
    let odd = PathBuf::from(std::ffi::OsStr::from_bytes(b"/odd-\xff\xfe"));
    let mut ledger = open(&path);
    put(&mut ledger, &[FileRecord { path: odd.clone(), ..record("/a", [1], 5) }]);
    assert_eq!(ledger.entries().unwrap()[0].path, odd);
    assert!(ledger.entry(CLIENT, &odd).unwrap().is_some());
}

#[test]
fn a_batch_that_is_dropped_was_never_there() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    ledger.batch().unwrap().put(&record("/a", [1], 5)).unwrap();
    assert!(ledger.entries().unwrap().is_empty());
}

#[test]
fn usage_of_a_file_that_is_gone_stays_and_lives_again_with_it() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1, 2], 5)]);
    let entry = ledger.entries().unwrap().remove(0);
    let mut batch = ledger.batch().unwrap();
    batch.mark_gone(&entry).unwrap();
    batch.commit().unwrap();
    assert_eq!(known(&ledger), [(1, FilePresence::Gone), (2, FilePresence::Gone)]);
    assert_eq!(put(&mut ledger, &[record("/a", [1, 2, 3], 6)]), [PutOutcome::Kept]);
    assert_eq!(known(&ledger), [1, 2, 3].map(|output| (output, FilePresence::Live)));
}

#[test]
fn usage_of_a_rewritten_file_stays_once() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1, 2, 3], 5)]);
    put(&mut ledger, &[record("/a", [3, 4], 6)]);
    put(&mut ledger, &[record("/a", [5], 7)]);
    let left = [1, 2, 3, 4].map(|output| (output, FilePresence::Replaced));
    assert_eq!(known(&ledger), [&left[..], &[(5, FilePresence::Live)]].concat());
    assert_eq!(ledger.entries().unwrap().len(), 2, "what is left of a file is kept together");
}

#[test]
fn a_document_that_is_rewritten_with_more_leaves_nothing_behind() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    for last in 1..20 {
        let mut document = record("/chat.json", 0..last, i64::from(last));
        document.stamp.file.inode = last.into();
        put(&mut ledger, &[document]);
    }
    assert_eq!(ledger.entries().unwrap().len(), 1);
}

#[test]
fn of_two_writers_the_one_that_had_read_more_wins_and_the_other_loses_nothing() {
    let (_home, path) = home();
    let (mut fast, mut slow) = (open(&path), open(&path));
    put(&mut fast, &[record("/a", [1, 2, 3], 6)]);
    assert_eq!(put(&mut slow, &[record("/a", [1, 2, 9], 5)]), [PutOutcome::Kept], "as long, so as good");
    assert_eq!(put(&mut slow, &[record("/a", [1, 8], 4)]), [PutOutcome::Outdated]);
    let outputs: Vec<u64> = known(&fast).into_iter().map(|(output, _)| output).collect();
    assert_eq!(outputs, [1, 2, 3, 8, 9]);
}

#[test]
fn a_moved_file_keeps_its_summary() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/sessions/a", [1], 5)]);
    let entry = ledger.entries().unwrap().remove(0);
    let mut batch = ledger.batch().unwrap();
    batch.mark_moved(&entry, Path::new("/archived/a")).unwrap();
    batch.commit().unwrap();
    let moved = ledger.entry(CLIENT, Path::new("/archived/a")).unwrap().unwrap();
    assert_eq!((moved.id, moved.state), (entry.id, FilePresence::Live));
    assert_eq!(ledger.entry(CLIENT, Path::new("/sessions/a")).unwrap(), None);
}

#[test]
fn a_file_moved_to_where_another_is_known_is_gone() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1], 5), record("/b", [2], 5)]);
    let entry = ledger.entry(CLIENT, Path::new("/a")).unwrap().unwrap();
    let mut batch = ledger.batch().unwrap();
    batch.mark_moved(&entry, Path::new("/b")).unwrap();
    batch.commit().unwrap();
    assert_eq!(known(&ledger), [(1, FilePresence::Gone), (2, FilePresence::Live)]);
}

#[test]
fn a_reader_does_not_wait_for_a_writer_and_a_second_writer_gives_up_in_time() {
    let (_home, path) = home();
    let (mut writer, mut other) = (open(&path), open(&path));
    put(&mut writer, &[record("/a", [1], 5)]);
    let mut batch = writer.batch().unwrap();
    batch.put(&record("/b", [2], 5)).unwrap();
    assert_eq!(known(&other).len(), 1, "the batch is not there yet");
    assert!(matches!(other.batch().map(drop).unwrap_err().kind, LedgerErrorKind::Busy));
    batch.commit().unwrap();
    assert_eq!(known(&other).len(), 2);
}

#[test]
fn a_broken_ledger_is_set_aside_and_a_new_one_created() {
    let (_home, path) = home();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "this is no database, whatever its name says ".repeat(100)).unwrap();
    let OpenedLedger { mut ledger, notice } = try_open(&path).unwrap();
    let Some(OpenNotice::SetAside { to, .. }) = notice else { panic!("{notice:?}") };
    assert!(to.to_string_lossy().ends_with("ledger.db.corrupt-20261101T000000Z"), "{to:?}");
    assert!(fs::read_to_string(&to).unwrap().starts_with("this is no database"));
    put(&mut ledger, &[record("/a", [1], 5)]);
    drop(ledger);
    fs::write(&path, "broken again ".repeat(1000)).unwrap();
    let OpenedLedger { notice, .. } = try_open(&path).unwrap();
    let Some(OpenNotice::SetAside { to: second, .. }) = notice else { panic!("{notice:?}") };
    assert_ne!(to, second, "what was set aside first is not overwritten");
}

#[test]
fn a_ledger_that_turns_out_broken_can_be_replaced() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1], 5)]);
    let OpenedLedger { ledger, notice } = ledger.replace(at(1), "a page is unreadable").unwrap();
    assert!(notice.unwrap().to_string().contains("a page is unreadable"));
    assert!(ledger.entries().unwrap().is_empty());
}

#[test]
fn a_damaged_summary_makes_that_file_be_read_again_and_no_other() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1], 5), record("/b", [2], 5)]);
    drop(ledger);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE memories SET memory = x'0102' WHERE file = 1", []).unwrap();
    let mut ledger = open(&path);
    let entries = ledger.entries().unwrap();
    assert_eq!(ledger.load(entries[0].id).unwrap(), None);
    assert!(ledger.load(entries[1].id).unwrap().is_some());
    let report = ledger.verify().unwrap();
    assert_eq!(report.faults, ["/a: its summary is damaged"]);
    put(&mut ledger, &[record("/a", [1], 6)]);
    assert!(ledger.verify().unwrap().is_clean());
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (_home, path) = home();
    put(&mut open(&path), &[record("/a", [1], 5)]);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let error = try_open(&path).unwrap_err();
    assert!(matches!(error.kind, LedgerErrorKind::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_home, path) = home();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE mail (body)").unwrap();
    assert!(matches!(try_open(&path).unwrap_err().kind, LedgerErrorKind::Foreign));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1], 5)]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    drop(ledger);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    drop(open(&path));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(home.path()), 0o755, "a directory that is not ours stays as it is");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_but_one_in_the_directory_is() {
    let (home, path) = home();
    let elsewhere = home.path().join("elsewhere.db");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(matches!(try_open(&path).unwrap_err().kind, LedgerErrorKind::Unsafe("a symbolic link")));
    assert!(!elsewhere.exists());
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(home.path(), path.with_file_name("ledger.db-wal")).unwrap();
    assert!(matches!(try_open(&path).unwrap_err().kind, LedgerErrorKind::Unsafe(_)));
    fs::remove_file(path.with_file_name("ledger.db-wal")).unwrap();
    let link = home.path().join("link");
    std::os::unix::fs::symlink(path.parent().unwrap(), &link).unwrap();
    let ledger = open(&link.join("ledger.db"));
    assert_eq!(ledger.path(), fs::canonicalize(path.parent().unwrap()).unwrap().join("ledger.db"));
}

/// Those who may do anything are not stopped by a mode, so the test is theirs only in part.
#[cfg(unix)]
#[test]
fn a_ledger_in_a_read_only_directory_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_home, path) = home();
    put(&mut open(&path), &[record("/a", [1], 5)]);
    let directory = path.parent().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o500)).unwrap();
    let is_almighty = fs::write(directory.join("probe"), "").is_ok();
    let OpenedLedger { mut ledger, notice } = try_open(&path).unwrap();
    assert_eq!(known(&ledger).len(), 1);
    if !is_almighty {
        assert_eq!(ledger.access(), LedgerAccess::Read);
        assert!(matches!(notice, Some(OpenNotice::ReadOnly { .. })));
        assert!(matches!(ledger.batch().map(drop).unwrap_err().kind, LedgerErrorKind::ReadOnly));
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn forgetting_is_for_good_and_only_what_was_chosen() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let codex = FileRecord { client: CODEX, ..record("/x/c", [30], 5) };
    put(&mut ledger, &[record("/x/a", [1], 5), record("/x/b", [20], 5), record("/y/a", [2], 5), codex]);
    let below = Some(PathBuf::from("/x"));
    let chosen = FileSelector { client: Some(CLIENT), below, before: Some(at(10)) };
    assert_eq!(ledger.forget(&chosen).unwrap(), 1);
    let left: Vec<u64> = known(&ledger).into_iter().map(|(output, _)| output).collect();
    assert_eq!(left, [2, 20, 30]);
    assert!(ledger.verify().unwrap().is_clean());
    assert_eq!(ledger.forget(&FileSelector::default()).unwrap(), 3);
    assert_eq!(ledger.stats().unwrap().responses, 0);
}

#[test]
fn forgetting_what_can_be_read_again_keeps_what_cannot() {
    let (home, path) = home();
    let mut ledger = open(&path);
    let here = home.path().join("here.jsonl");
    fs::write(&here, "x").unwrap();
    put(&mut ledger, &[record(here.to_str().unwrap(), [1], 5), record("/nowhere", [2], 5)]);
    assert_eq!(ledger.forget_present().unwrap(), 1);
    assert_eq!(known(&ledger), [(2, FilePresence::Live)]);
}

#[test]
fn statistics_count_what_only_the_ledger_has() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1, 2, 3], 5), record("/b", [4], 5)]);
    put(&mut ledger, &[record("/a", [3], 6)]);
    let gone = ledger.entry(CLIENT, Path::new("/b")).unwrap().unwrap();
    let mut batch = ledger.batch().unwrap();
    batch.mark_gone(&gone).unwrap();
    batch.commit().unwrap();
    let stats = ledger.stats().unwrap();
    assert_eq!((stats.live, stats.gone, stats.replaced), (1, 1, 1));
    assert_eq!((stats.responses, stats.archived_responses), (4, 3));
    assert!(stats.bytes > 0);
}

#[test]
fn an_export_has_a_line_a_response() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    put(&mut ledger, &[record("/a", [1, 2], 5)]);
    let mut lines = Vec::new();
    assert_eq!(ledger.export(&mut lines).unwrap(), 2);
    let lines = String::from_utf8(lines).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["client"], &first["session"], &first["model"]), (&"claude".into(), &"/a".into(), &"m".into()));
    assert_eq!((&first["at"], &first["output"]), (&"2026-11-01T00:01:00Z".into(), &1.into()));
}

#[test]
fn a_series_of_readings_is_kept_where_it_changes_in_any_order() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let reading = |minutes: i64, used_percent: f64| RateLimitReading {
        client: CODEX,
        at: at(minutes),
        limit: RateLimit {
            limit: "codex".into(),
            plan: None,
            windows: vec![RateLimitWindow { minutes: 300, used_percent, resets_at: Some(at(500)) }],
        },
    };
    let readings =
        [reading(1, 5.0), reading(2, 5.0), reading(9, 7.0), reading(8, 7.0), reading(3, 6.0), reading(1, 5.0)];
    let mut batch = ledger.batch().unwrap();
    batch.append_limits(&readings).unwrap();
    batch.append_limits(&readings).unwrap();
    batch.commit().unwrap();
    let series = RateLimitSeries { client: CODEX, limit: "codex", minutes: 300 };
    let kept = ledger.limits(&series, at(0)).unwrap();
    let kept: Vec<_> = kept.into_iter().map(|(at, window)| (at, window.used_percent)).collect();
    assert_eq!(kept, [(at(1), 5.0), (at(3), 6.0), (at(8), 7.0)]);
    assert_eq!(ledger.series().unwrap(), [(CODEX, "codex".to_owned(), 300)]);
}
