//! A report does not look at the files of idle directories, and misses no change for it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agtop_clients::{Env, clients};
use agtop_collect::{Collector, LedgerMode, Sampling, Settings};
use agtop_ledger::{Ledger, LedgerOptions};
use agtop_model::{ClientId, TimeGranularity, Timestamp};
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use proptest::prelude::*;

const SESSIONS: usize = 2;
const MESSAGES: usize = 3;
const OLD: Duration = Duration::from_hours(5 * 24);
/// Longer than the tick of the system's clock that the collector allows for.
const SETTLING_TIME: Duration = Duration::from_millis(150);

fn storage(home: &Path) -> PathBuf {
    home.join(".local/share/opencode/storage")
}

fn message(session: usize, message: usize) -> PathBuf {
    format!("message/ses_{session}/msg_{session}{message}.json").into()
}

fn part(session: usize, message: usize, part: usize) -> PathBuf {
    format!("part/msg_{session}{message}/prt_{session}{message}{part}.json").into()
}

/// A document of a message or part, with these output tokens.
fn document(path: &Path, output: u64) -> String {
    let id = path.file_stem().unwrap().to_str().unwrap();
    let session = id.get(4..5).unwrap();
    let tokens = format!(r#"{{"input":10,"output":{output},"reasoning":0,"cache":{{"read":5,"write":0}}}}"#);
    if id.starts_with("msg_") {
        let time = r#"{"created":1764265500000,"completed":1764265560000}"#;
        format!(
            r#"{{"id":"{id}","sessionID":"ses_{session}","role":"assistant","modelID":"m","providerID":"p","time":{time},"tokens":{tokens},"cost":0}}"#
        )
    } else {
        let message = id.get(4..6).unwrap();
        format!(
            r#"{{"id":"{id}","sessionID":"ses_{session}","messageID":"msg_{message}","type":"step-finish","tokens":{tokens},"cost":0}}"#
        )
    }
}

fn age(path: &Path, by: Duration) {
    File::open(path).unwrap().set_modified(SystemTime::now() - by).unwrap();
}

/// Writes a document of an old file; its directory gets an old time as well.
fn write_old(home: &Path, path: &Path, output: u64) {
    let file = storage(home).join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, document(path, output)).unwrap();
    age(&file, OLD);
    age(file.parent().unwrap(), OLD);
}

/// A home with old sessions, whose directories are idle.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (session, number) in (0..SESSIONS).flat_map(|session| (0..MESSAGES).map(move |number| (session, number))) {
        write_old(home.path(), &message(session, number), 100);
        write_old(home.path(), &part(session, number, 0), 40);
        write_old(home.path(), &part(session, number, 1), 60);
    }
    std::thread::sleep(SETTLING_TIME);
    home
}

/// A row of a report: session, time, model, output tokens and responses.
type Row = (String, Option<Timestamp>, Option<String>, u64, u64);

fn report(home: &Path, ledger: &Path) -> Vec<Row> {
    let settings = Settings {
        sampling: Sampling::None,
        ledger: LedgerMode::ReadWrite(ledger.to_owned()),
        ..Settings::new(Env { home: home.to_owned(), ..Env::default() })
    };
    let mut collector = Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()));
    let table = collector.usage_table(TimeGranularity::QuarterHour);
    collector.finish();
    let mut rows: Vec<Row> = table
        .rows
        .iter()
        .map(|row| {
            let session = table.session(row).map(|session| session.key.id.to_string()).unwrap_or_default();
            (session, row.at, row.model.as_deref().map(str::to_owned), row.usage.output, row.turns)
        })
        .collect();
    rows.sort();
    rows
}

fn output(rows: &[Row]) -> u64 {
    rows.iter().map(|row| row.3).sum()
}

fn open(path: &Path) -> Ledger {
    let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
    let now = Timestamp::from_millis(0);
    Ledger::open(&LedgerOptions { path, clients: &ids, now, busy_timeout: LedgerOptions::BUSY_TIMEOUT }).unwrap().ledger
}

fn idle_count(ledger: &Path) -> usize {
    let idle = open(ledger).idle_directories().unwrap().unwrap();
    idle.stores.iter().map(|store| store.directories.len()).sum()
}

/// A report by a copy of the ledger that lists no idle directories.
fn complete_report(home: &Path, ledger: &Path) -> Vec<Row> {
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("ledger.db");
    fs::copy(ledger, &path).unwrap();
    open(&path).drop_rollup().unwrap();
    report(home, &path)
}

#[test]
fn old_directories_are_idle_and_their_files_are_not_looked_at() {
    let (home, data) = (home(), tempfile::tempdir().unwrap());
    let ledger = data.path().join("ledger.db");
    let first = report(home.path(), &ledger);
    assert_eq!(output(&first), 100 * (SESSIONS * MESSAGES) as u64);
    assert_eq!(idle_count(&ledger), SESSIONS + SESSIONS * MESSAGES);
    assert_eq!(report(home.path(), &ledger), first);
    // No client does this: only the next complete look sees it.
    let file = storage(home.path()).join(part(0, 0, 0));
    fs::write(&file, document(&part(0, 0, 0), 1040)).unwrap();
    assert_eq!(report(home.path(), &ledger), first);
    let mut idle = open(&ledger).idle_directories().unwrap().unwrap();
    idle.looked_at = idle.looked_at.map(|at| at.minus(Duration::from_hours(25)));
    open(&ledger).keep_idle_directories(idle).unwrap();
    assert_eq!(output(&report(home.path(), &ledger)), output(&first) + 1000);
    assert_eq!(idle_count(&ledger), SESSIONS + SESSIONS * MESSAGES - 1);
}

#[test]
fn a_young_directory_is_not_idle_even_if_only_its_files_are_young() {
    let (home, data) = (home(), tempfile::tempdir().unwrap());
    let ledger = data.path().join("ledger.db");
    let path = part(0, 0, 0);
    age(&storage(home.path()).join(&path), Duration::from_hours(23));
    let first = report(home.path(), &ledger);
    assert_eq!(idle_count(&ledger), SESSIONS + SESSIONS * MESSAGES - 1);
    fs::write(storage(home.path()).join(&path), document(&path, 1040)).unwrap();
    assert_eq!(output(&report(home.path(), &ledger)), output(&first) + 1000);
}

#[test]
fn files_of_an_idle_directory_that_the_ledger_lacks_are_read() {
    let (home, data) = (home(), tempfile::tempdir().unwrap());
    let ledger = data.path().join("ledger.db");
    let first = report(home.path(), &ledger);
    let idle = open(&ledger).idle_directories().unwrap().unwrap();
    let below = Some(storage(home.path()).join("part/msg_00"));
    let forgotten = open(&ledger).forget(&agtop_ledger::FileSelector { below, ..Default::default() }).unwrap();
    assert_eq!(forgotten, 2);
    assert_eq!(open(&ledger).idle_directories().unwrap(), None);
    open(&ledger).keep_idle_directories(idle).unwrap();
    assert_eq!(report(home.path(), &ledger), first);
    assert_eq!(report(home.path(), &ledger), first);
}

/// What may happen to a file.
#[derive(Clone, Copy, Debug)]
enum Change {
    Create,
    /// A new document is renamed over the old one.
    Replace,
    Delete,
    /// A new document is renamed over the old one, and gets its times; so does the directory.
    Restore,
    /// The directory is moved away, and a copy with the same times takes its place.
    CopyDirectory,
    /// A document is rewritten in place in a directory in which another was created.
    RewriteInPlace,
}

fn change() -> impl Strategy<Value = Change> {
    prop::sample::select(vec![
        Change::Create,
        Change::Replace,
        Change::Delete,
        Change::Restore,
        Change::CopyDirectory,
        Change::RewriteInPlace,
    ])
}

fn replace(file: &Path, text: String) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}

fn apply(home: &Path, path: &Path, change: Change, output: u64) {
    let file = storage(home).join(path);
    let directory = file.parent().unwrap();
    let text = document(path, output);
    match change {
        Change::Create => {
            let other = path.with_file_name(format!("{}9.json", path.file_stem().unwrap().to_str().unwrap()));
            fs::write(storage(home).join(&other), document(&other, output)).unwrap();
        }
        Change::Replace => replace(&file, text),
        Change::Delete => drop(fs::remove_file(&file)),
        Change::Restore => {
            replace(&file, text);
            age(&file, OLD);
            age(directory, OLD);
        }
        Change::CopyDirectory => {
            let away = directory.with_extension("away");
            fs::rename(directory, &away).unwrap();
            fs::create_dir(directory).unwrap();
            for entry in fs::read_dir(&away).unwrap() {
                let from = entry.unwrap().path();
                let to = directory.join(from.file_name().unwrap());
                fs::copy(&from, &to).unwrap();
                age(&to, OLD);
            }
            fs::remove_dir_all(&away).unwrap();
            age(directory, OLD);
        }
        Change::RewriteInPlace => {
            fs::write(directory.join("note.txt"), "x").unwrap();
            fs::write(&file, text).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_in_an_idle_directory_is_missed(
        changes in prop::collection::vec(
            (change(), 0..SESSIONS, 0..MESSAGES, prop::option::of(0..2_usize), 100..1000_u64), 1..5,
        ),
    ) {
        let (home, data) = (home(), tempfile::tempdir().unwrap());
        let ledger = data.path().join("ledger.db");
        report(home.path(), &ledger);
        prop_assert!(idle_count(&ledger) > 0);
        for (change, session, number, of_part, output) in changes {
            let path = of_part.map_or_else(|| message(session, number), |at| part(session, number, at));
            apply(home.path(), &path, change, output);
            prop_assert_eq!(complete_report(home.path(), &ledger), report(home.path(), &ledger), "{:?} {:?}", change, path);
        }
    }
}
