//! Files that are compressed, locked, damaged or unexpected: each affects only itself.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use agtop_clients::Env;
use agtop_collect::{Collector, LedgerMode, Settings};
use agtop_model::{IssueKind, Snapshot};
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

const ROLLOUT: &[u8] = include_bytes!("../../../fixtures/codex/0.119/parent.jsonl");
const NAME: &str = "rollout-2026-04-15T17-56-48-019d9249-0000-7000-8000-00000000000a.jsonl";

fn scan(home: &Path) -> Snapshot {
    scan_env(Env { home: home.to_owned(), ..Env::default() }, LedgerMode::Off)
}

fn scan_env(env: Env, ledger: LedgerMode) -> Snapshot {
    let settings = Settings { ledger, ..Settings::new(env) };
    let mut collector = Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()));
    let snapshot = collector.refresh();
    collector.finish();
    snapshot
}

fn home_with(directory: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(directory);
    fs::create_dir_all(&directory).unwrap();
    (home, directory)
}

fn issues(snapshot: &Snapshot) -> Vec<IssueKind> {
    snapshot.health.issues().map(|(_, issue)| issue.kind).collect()
}

#[test]
fn a_compressed_rollout_gives_the_same_as_the_plain_one() {
    let (plain_home, plain) = home_with(".codex/archived_sessions");
    fs::write(plain.join(NAME), ROLLOUT).unwrap();
    let (home, directory) = home_with(".codex/archived_sessions");
    fs::write(directory.join(format!("{NAME}.zst")), compress_to_vec(ROLLOUT, CompressionLevel::Fastest)).unwrap();
    let (plain, compressed) = (scan(plain_home.path()), scan(home.path()));
    assert!(compressed.totals.usage.total() > 0);
    assert_eq!(compressed.totals.usage, plain.totals.usage);
    assert_eq!(compressed.sessions.len(), 1);
}

#[test]
fn a_compressed_rollout_is_not_read_beside_its_plain_original() {
    let (home, directory) = home_with(".codex/archived_sessions");
    fs::write(directory.join(NAME), ROLLOUT).unwrap();
    fs::write(directory.join(format!("{NAME}.zst")), b"not even zstd").unwrap();
    let snapshot = scan(home.path());
    assert_eq!((snapshot.sessions[0].files, issues(&snapshot)), (1, vec![]));
}

#[test]
fn a_truncated_compressed_file_gives_what_it_contains_and_an_issue() {
    let (home, directory) = home_with(".codex/sessions");
    let whole = compress_to_vec(ROLLOUT, CompressionLevel::Fastest);
    fs::write(directory.join(format!("{NAME}.zst")), &whole[..whole.len() / 2]).unwrap();
    fs::write(directory.join(NAME.replace("0000a", "0000b")), ROLLOUT).unwrap();
    let snapshot = scan(home.path());
    assert_eq!(issues(&snapshot), [IssueKind::Unreadable]);
    assert!(snapshot.totals.usage.total() > 0, "the other file is read");
}

/// A zstd frame (RFC 8878) with this text, then blocks that repeat one byte, then the end.
fn inflated(text: &[u8], times: usize, end: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 128 * 1024;
    let header = |is_last: bool, kind: usize, size: usize| {
        let bits = usize::from(is_last) | kind << 1 | size << 3;
        u32::try_from(bits).unwrap().to_le_bytes()[..3].to_vec()
    };
    // The magic number, a frame of unknown length, a window of 2 MiB.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58];
    for piece in text.chunks(BLOCK) {
        frame.extend([header(false, 0, piece.len()), piece.to_vec()].concat());
    }
    for _ in 0..times {
        frame.extend([header(false, 1, BLOCK), b"\n".to_vec()].concat());
    }
    frame.extend([header(true, 0, end.len()), end.to_vec()].concat());
    frame
}

/// 34 KB of `.jsonl.zst` once took 93 s at every start: it expanded to a gigabyte without any record.
#[test]
fn a_compressed_file_is_read_up_to_its_expansion_limit_and_later_runs_report_that() {
    let (home, directory) = home_with(".codex/sessions");
    let other = String::from_utf8(ROLLOUT.to_vec()).unwrap().replace("\"output_tokens\":", "\"output_tokens\":1");
    let file = directory.join(format!("{NAME}.zst"));
    fs::write(&file, inflated(ROLLOUT, 1, b"\n")).unwrap();
    let (sound, found) = (scan(home.path()), vec![IssueKind::TooLarge]);
    assert_eq!(issues(&sound), []);
    fs::write(&file, inflated(ROLLOUT, 64, other.as_bytes())).unwrap();
    let ledger = || LedgerMode::ReadWrite(home.path().join("data/ledger.db"));
    for _ in 0..2 {
        let snapshot = scan_env(Env { home: home.path().to_owned(), ..Env::default() }, ledger());
        assert_eq!(issues(&snapshot), found);
        assert_eq!(snapshot.totals.usage, sound.totals.usage);
        // The second run knows it from the ledger, even if the file can no longer be read.
        let modified = file.metadata().unwrap().modified().unwrap();
        let length = fs::read(&file).unwrap().len();
        fs::write(&file, vec![b'x'; length]).unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    }
}

/// A file of 50 MB of torn lines once took 35 s and 680 MB, because each line was an issue with its own path.
#[test]
fn the_first_issues_of_a_file_are_kept_and_all_are_counted_on_every_run() {
    const TORN: usize = 20_000;
    let (home, directory) = home_with(".claude/projects/-work");
    fs::write(directory.join("11111111-1111-4111-8111-111111111111.jsonl"), "{\"a\n".repeat(TORN)).unwrap();
    let env = || Env { home: home.path().to_owned(), ..Env::default() };
    let ledger_mode = || LedgerMode::ReadWrite(home.path().join("data/ledger.db"));
    for _ in 0..2 {
        let snapshot = scan_env(env(), ledger_mode());
        let claude = snapshot.health.clients.iter().find(|client| client.client.as_str() == "claude").unwrap();
        assert_eq!(claude.issues_total, TORN as u64);
        assert!((32..=200).contains(&claude.issues.len()), "{}", claude.issues.len());
    }
}

/// 2.1 MB of `.jsonl.zst` may expand to 200 MB; as blank lines, these once took 26 s to read.
#[test]
fn a_compressed_file_of_blank_lines_is_not_read_to_its_end() {
    let (home, directory) = home_with(".codex/sessions");
    let other = String::from_utf8(ROLLOUT.to_vec()).unwrap().replace("\"output_tokens\":", "\"output_tokens\":1");
    let file = directory.join(format!("{NAME}.zst"));
    // Blocks that are not compressed, so that the file is large enough for a high limit.
    let padding = vec![b' '; 1024 * 1024];
    let beginning = [ROLLOUT, b"\n", &padding, b"\n"].concat();
    fs::write(&file, inflated(&beginning, 1, b"\n")).unwrap();
    let sound = scan(home.path());
    assert_eq!(issues(&sound), []);
    fs::write(&file, inflated(&beginning, 12, other.as_bytes())).unwrap();
    let snapshot = scan(home.path());
    assert_eq!(issues(&snapshot), [IssueKind::TooLarge]);
    assert_eq!(snapshot.totals.usage, sound.totals.usage, "the end was not read");
}

/// A configured directory with a path of 8,000 bytes was once treated as missing.
#[test]
fn a_path_that_is_too_long_to_open_is_an_issue() {
    let home = tempfile::tempdir().unwrap();
    let long = Path::new("/").join("directory/".repeat(800));
    let vars = [("CLAUDE_CONFIG_DIR".to_owned(), long.into_os_string())].into();
    let snapshot = scan_env(Env { home: home.path().to_owned(), vars, ..Env::default() }, LedgerMode::Off);
    assert!(issues(&snapshot).contains(&IssueKind::Unreadable), "{:?}", issues(&snapshot));
}

#[test]
fn a_locked_database_is_an_issue_and_other_files_are_read() {
    let (home, directory) = home_with(".local/share/opencode");
    let database = rusqlite::Connection::open(directory.join("opencode.db")).unwrap();
    database.execute_batch("CREATE TABLE message(id TEXT, data TEXT); BEGIN EXCLUSIVE;").unwrap();
    fs::create_dir_all(home.path().join(".codex/sessions")).unwrap();
    fs::write(home.path().join(".codex/sessions").join(NAME), ROLLOUT).unwrap();
    let snapshot = scan(home.path());
    assert_eq!(issues(&snapshot), [IssueKind::Database]);
    let (_, issue) = snapshot.health.issues().next().unwrap();
    assert!(issue.detail.contains("locked") && issue.path.ends_with("opencode.db"), "{issue:?}");
    assert_eq!(snapshot.sessions.len(), 1);
}

#[test]
fn a_line_with_invalid_utf8_is_decoded_without_the_invalid_bytes() {
    let (home, directory) = home_with(".claude/projects/-w");
    let mut line = br#"{"type":"assistant","sessionId":"s","cwd":"/w","gitBranch":"XX","message":{"id":"m","model":"x","usage":{"output_tokens":7}}}"#.to_vec();
    let at = line.windows(2).position(|pair| pair == b"XX").unwrap();
    line[at] = 0xFF;
    line.push(b'\n');
    fs::write(directory.join("s.jsonl"), line).unwrap();
    let snapshot = scan(home.path());
    assert_eq!((snapshot.totals.usage.output, issues(&snapshot)), (7, vec![]));
}

/// The database of a project of Crush.
fn crush_database(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    let database = rusqlite::Connection::open(directory.join("crush.db")).unwrap();
    let rows = "CREATE TABLE sessions(id TEXT, title TEXT, cost REAL, created_at INTEGER);
        CREATE TABLE messages(id TEXT, session_id TEXT);
        INSERT INTO sessions VALUES ('3aaaaaaa-0000-4000-8000-000000000001', 'Oil the bells', 1.25, 1795253400);";
    database.execute_batch(rows).unwrap();
}

/// Crush keeps a database in each project and a list of all projects. agtop once read only the projects where agents run:
/// the history was empty, and doctor did not report deleted projects.
#[test]
fn the_databases_of_listed_projects_are_read_and_missing_ones_are_issues() {
    let (home, data) = home_with(".local/share/crush");
    let (project, deleted, empty) = (home.path().join("tower"), home.path().join("removed"), home.path().join("empty"));
    crush_database(&project.join(".crush"));
    fs::create_dir_all(empty.join(".crush")).unwrap();
    let listed =
        [&project, &deleted, &empty, &project].map(|path| serde_json::json!({ "path": path, "data_dir": ".crush" }));
    fs::write(data.join("projects.json"), serde_json::json!({ "projects": listed }).to_string()).unwrap();
    let snapshot = scan(home.path());
    assert_eq!(snapshot.sessions.len(), 1);
    let missing: Vec<_> = snapshot.health.issues().map(|(_, issue)| (issue.kind, issue.path.clone())).collect();
    let at = |path: &Path| (IssueKind::Missing, path.join(".crush"));
    assert_eq!(missing, [at(&empty), at(&deleted)]);
}

#[test]
fn a_list_of_projects_that_cannot_be_read_is_an_issue() {
    let (home, data) = home_with(".local/share/crush");
    fs::write(data.join("projects.json"), "{\"projects\":").unwrap();
    assert_eq!(issues(&scan(home.path())), [IssueKind::Malformed]);
}

/// OpenCode 2 renamed its tables of messages; a later release may do so again.
#[test]
fn a_database_without_any_known_table_of_messages_is_an_issue() {
    let (home, data) = home_with(".local/share/opencode");
    let database = rusqlite::Connection::open(data.join("opencode.db")).unwrap();
    database.execute_batch("CREATE TABLE session(id TEXT); CREATE TABLE session_message_v3(id TEXT);").unwrap();
    let snapshot = scan(home.path());
    let (_, issue) = snapshot.health.issues().next().unwrap();
    assert_eq!(issue.kind, IssueKind::Database);
    assert!(issue.detail.contains("message, session_message"), "{}", issue.detail);
}
