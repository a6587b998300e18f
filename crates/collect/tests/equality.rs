//! A first and a second run, a rebuilt ledger, files that grow between runs, a live view and any order of reading give the
//! same: every field of every session, all totals and all issues, for all fixtures of all clients.
//!
//! `fixtures/<client>/paths.tsv` has the path of each fixture. `AGTOP_SAMPLE_HOMES=DIR cargo test -p agtop-collect --test
//! equality -- --ignored` does the same for the homes in a directory.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agtop_clients::{CLIENTS, Client, Env, Format};
use agtop_collect::{Collector, LedgerMode, RunMode, Sampling, Settings};
use agtop_ledger::{Ledger, LedgerOptions};
use agtop_model::{Session, Snapshot, TimeGranularity, Timestamp, UsageTable};
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use tempfile::TempDir;

/// A home with some fixtures.
struct Home {
    name: String,
    directory: TempDir,
    /// All files of the home.
    files: Vec<HomeFile>,
    work_dirs: Vec<PathBuf>,
}

struct HomeFile {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Whether an agent appends to the file; all others are written as a whole.
    grows: bool,
}

impl Home {
    fn env(&self) -> Env {
        let root = self.directory.path();
        let vars = [("AIDER_ANALYTICS_LOG".to_owned(), root.join("home/u/aider.jsonl").into())];
        let vars = if self.name.starts_with("aider") { vars.into() } else { BTreeMap::new().into_iter().collect() };
        Env { home: root.join("home/u"), vars, work_dirs: self.work_dirs.clone() }
    }

    fn ledger_path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name).join("ledger.db")
    }

    fn collector(&self, run_mode: RunMode, ledger: LedgerMode) -> Collector {
        let settings = Settings { run_mode, sampling: Sampling::None, ledger, ..Settings::new(self.env()) };
        Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()))
    }

    /// The result of a run, with the ledger of this name or without one, as text.
    fn result(&self, ledger: Option<&str>, order: Option<u64>) -> String {
        let ledger_mode = ledger.map_or(LedgerMode::Off, |name| LedgerMode::ReadWrite(self.ledger_path(name)));
        let mut collector = self.collector(RunMode::Once, ledger_mode);
        if let Some(seed) = order {
            collector = collector.with_read_order(seed);
        }
        let snapshot = collector.refresh();
        collector.finish();
        assert_eq!(collector.take_notices(), Vec::<String>::new());
        describe(&snapshot)
    }

    /// The usage of reports in both grains, with the ledger of this name or without one, as text.
    fn report(&self, ledger: Option<&str>) -> String {
        let ledger_mode = || ledger.map_or(LedgerMode::Off, |name| LedgerMode::ReadWrite(self.ledger_path(name)));
        let table = |grain| {
            let mut collector = self.collector(RunMode::Once, ledger_mode());
            let table = collector.usage_table(grain);
            collector.finish();
            rows(&table)
        };
        format!("{}\n{}", table(TimeGranularity::Response), table(TimeGranularity::QuarterHour))
    }

    /// The usage of every response, from the events of all files and not from their summaries.
    fn report_from_events(&self) -> String {
        let collector = self.collector(RunMode::Once, LedgerMode::Off);
        rows(&collector.with_audit("no such session").usage_table(TimeGranularity::Response))
    }

    /// The last result of a live view, while files are written in this many steps.
    fn live_result(&self, steps: usize, seed: u64) -> String {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut collector = self.collector(RunMode::Repeated, LedgerMode::ReadWrite(self.ledger_path("live")));
        let cuts: Vec<Vec<usize>> = self.files.iter().map(|file| cuts(file, steps, &mut rng)).collect();
        for step in 0..=steps {
            for (file, cuts) in self.files.iter().zip(&cuts) {
                write(&file.path, &file.bytes[..cuts.get(step).copied().unwrap_or(file.bytes.len())]);
            }
            collector.request_full_sweep();
            collector.refresh();
        }
        collector.finish();
        describe(&collector.snapshot())
    }

    /// Truncates every file that grows.
    fn truncate(&self, seed: u64) {
        let mut rng = fastrand::Rng::with_seed(seed);
        for file in &self.files {
            write(&file.path, &file.bytes[..cuts(file, 1, &mut rng)[0]]);
        }
    }

    fn restore(&self) {
        for file in &self.files {
            write(&file.path, &file.bytes);
        }
    }

    /// The output tokens of an export, each response once.
    fn exported(&self, ledger: &str) -> u64 {
        let clients: Vec<_> = CLIENTS.iter().map(|client| client.info().id).collect();
        let (path, now) = (self.ledger_path(ledger), Timestamp::from_millis(0));
        let opening = LedgerOptions { path: &path, clients: &clients, now, busy_timeout: LedgerOptions::BUSY_TIMEOUT };
        let mut lines = Vec::new();
        Ledger::open(&opening).unwrap().ledger.export(&mut lines).unwrap();
        let mut responses: BTreeMap<String, u64> = BTreeMap::new();
        let mut coarse = BTreeSet::new();
        for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            coarse.extend(line["part_of"].as_str().map(ToOwned::to_owned));
            coarse.extend(line["also_part_of"].as_array().into_iter().flatten().map(text));
            let output = responses.entry(text(&line["message"])).or_default();
            *output = line["output"].as_u64().unwrap().max(*output);
        }
        responses.iter().filter(|(key, _)| !coarse.contains(*key)).map(|(_, output)| output).sum()
    }
}

/// The length of a file after each step but the last.
fn cuts(file: &HomeFile, steps: usize, rng: &mut fastrand::Rng) -> Vec<usize> {
    let whole = file.bytes.len();
    let mut cuts: Vec<usize> = (0..steps).map(|_| if file.grows { rng.usize(0..=whole) } else { whole }).collect();
    cuts.sort_unstable();
    cuts
}

/// Writes a file with a fixed modification time, so that no time depends on when the test runs.
fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if fs::read(path).is_ok_and(|known| known == bytes) {
        return;
    }
    if fs::read(path).is_ok_and(|known| bytes.starts_with(&known)) {
        use std::io::Write as _;
        let known = fs::metadata(path).unwrap().len();
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&bytes[usize::try_from(known).unwrap()..]).unwrap();
    } else {
        fs::write(path, bytes).unwrap();
    }
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_300_000);
    fs::File::options().append(true).open(path).unwrap().set_modified(written).unwrap();
}

/// Every field of every session, the totals and all issues. Counts of records read differ between runs, and titles from
/// message text are not kept; both are left out.
fn describe(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let mut sessions: Vec<&Arc<Session>> = snapshot.sessions.iter().collect();
    sessions.sort_by(|a, b| a.key.cmp(&b.key));
    for session in sessions {
        writeln!(text, "{:#?}", bare(session)).unwrap();
    }
    writeln!(text, "{:#?}", snapshot.totals).unwrap();
    writeln!(text, "{:#?}", snapshot.rate_limits).unwrap();
    for client in &snapshot.health.clients {
        let mut issues: Vec<String> = client.issues.iter().map(|issue| format!("{issue:?}")).collect();
        issues.sort();
        writeln!(text, "{} {} {} {issues:#?}", client.client, client.sessions, client.issues_total).unwrap();
        writeln!(text, "{:?}", client.versions).unwrap();
    }
    text
}

fn bare(session: &Session) -> Session {
    let mut days = session.own_days.to_vec();
    days.sort_by_key(|day| format!("{day:?}"));
    Session {
        title: None,
        own_days: days.into(),
        children: session.children.iter().map(|child| Arc::new(bare(child))).collect(),
        ..session.clone()
    }
}

fn rows(table: &UsageTable) -> String {
    let mut sums: BTreeMap<String, (agtop_model::Usage, agtop_model::Spend, u64)> = BTreeMap::new();
    for row in &table.rows {
        let session = table.session(row).map(|session| &session.key);
        let sum = sums.entry(format!("{session:?} {:?} {:?}", row.at, row.model)).or_default();
        sum.0 += row.usage;
        sum.1 += row.spend;
        sum.2 += row.turns;
    }
    format!("{sums:#?}")
}

/// A home for the fixtures of each version of each client.
fn homes() -> Vec<Home> {
    CLIENTS.iter().flat_map(|client| homes_of(*client)).collect()
}

fn homes_of(client: &dyn Client) -> Vec<Home> {
    let id = client.info().id.as_str();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(id);
    let list = fs::read_to_string(fixtures.join("paths.tsv")).unwrap();
    let mut homes: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for line in list.lines() {
        let (fixture, path) = line.split_once('\t').unwrap();
        homes.entry(fixture.split('/').next().unwrap()).or_default().push((fixture, path));
    }
    homes.into_iter().map(|(version, files)| home(client, &fixtures, version, &files)).collect()
}

fn home(client: &dyn Client, fixtures: &Path, version: &str, files: &[(&str, &str)]) -> Home {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let work_dirs = vec![root.join("srv/cellar"), root.join("srv/attic"), root.join("srv/p")];
    let mut home = Home { name: format!("{} {version}", client.info().id), files: Vec::new(), work_dirs, directory };
    for (fixture, place) in files {
        let path = home.directory.path().join(place.trim_start_matches('/'));
        let source = fixtures.join(fixture);
        let (format, bytes) = (format_of(client, &home.env(), &path), fs::read(&source).unwrap());
        let bytes = match format {
            Some(Format::Sqlite(_)) => database(&serde_json::from_slice(&bytes).unwrap()),
            _ => bytes,
        };
        let is_plain = path.extension().is_none_or(|extension| extension != "zst");
        home.files.push(HomeFile { path, bytes, grows: is_plain && matches!(format, Some(Format::Lines)) });
    }
    home.restore();
    home
}

fn format_of(client: &dyn Client, env: &Env, path: &Path) -> Option<Format> {
    let is_it =
        |store: &agtop_clients::Store| path.strip_prefix(&store.root).is_ok_and(|relative| (store.accepts)(relative));
    client.stores(env).into_iter().find(is_it).map(|store| store.format)
}

/// A database with these rows, `{"table": [{"column": value, …}, …]}`.
fn database(tables: &serde_json::Value) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fixture.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    for (table, rows) in tables.as_object().unwrap() {
        let rows = rows.as_array().unwrap();
        let columns: BTreeSet<&String> = rows.iter().flat_map(|row| row.as_object().unwrap().keys()).collect();
        let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        database.execute_batch(&format!("CREATE TABLE \"{table}\" ({})", names.join(", "))).unwrap();
        for row in rows {
            let values: Vec<rusqlite::types::Value> = columns.iter().map(|column| value(&row[*column])).collect();
            let marks = vec!["?"; columns.len()].join(", ");
            let sql = format!("INSERT INTO \"{table}\" VALUES ({marks})");
            database.execute(&sql, rusqlite::params_from_iter(values)).unwrap();
        }
    }
    drop(database);
    fs::read(path).unwrap()
}

fn value(value: &serde_json::Value) -> rusqlite::types::Value {
    match value {
        serde_json::Value::Null => rusqlite::types::Value::Null,
        serde_json::Value::Bool(flag) => i64::from(*flag).into(),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| n.as_f64().unwrap().into(), rusqlite::types::Value::from)
        }
        serde_json::Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}

/// The first line in which two texts differ, with some lines before it.
fn difference(one: &str, other: &str) -> String {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let at = one.iter().zip(&other).position(|(a, b)| a != b).unwrap_or(one.len().min(other.len()));
    let shown = |lines: &[&str]| lines.get(at..(at + 6).min(lines.len())).unwrap_or_default().join("\n");
    let key = one[..at.min(one.len())].iter().rev().find(|line| line.contains("id: \"")).copied().unwrap_or_default();
    format!("after {key}:\n{}\n--- not\n{}", shown(&other), shown(&one))
}

/// The differences between each home's results by several ways and the result of a run without a ledger.
fn faults(homes: &[Home], check: impl Fn(&Home, &str) -> Vec<(String, String)>) -> Vec<String> {
    let mut faults = Vec::new();
    for home in homes {
        let expected = home.result(None, None);
        for (way, result) in check(home, &expected) {
            if result != expected {
                faults.push(format!("{}, {way}: {}", home.name, difference(&expected, &result)));
            }
        }
    }
    faults
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} differences\n{}", faults.len(), faults.join("\n\n"));
}

/// The usage of Copilot 1.0.60 once grew from the second run on: output 653, then 803. One total stands for several
/// messages, and the ledger kept one of the links between them.
#[test]
fn later_runs_give_the_same_as_the_first() {
    assert_none(&faults(&homes(), |home, _| {
        let runs = ["first", "second", "third"];
        let mut results: Vec<(String, String)> =
            runs.iter().map(|run| ((*run).to_owned(), home.result(Some("runs"), None))).collect();
        fs::remove_file(home.ledger_path("runs")).unwrap();
        results.extend(["rebuilt", "after it"].map(|run| (run.to_owned(), home.result(Some("runs"), None))));
        results
    }));
}

#[test]
fn reports_are_the_same_on_every_run_in_both_grains() {
    for home in homes() {
        let expected = home.report(None);
        for run in ["first", "second", "third"] {
            let report = home.report(Some("runs"));
            assert_eq!(report, expected, "{}, {run}: {}", home.name, difference(&expected, &report));
        }
    }
}

#[test]
fn the_summaries_of_files_give_the_same_usage_as_their_events() {
    for home in homes() {
        let from_summaries =
            rows(&home.collector(RunMode::Once, LedgerMode::Off).usage_table(TimeGranularity::Response));
        let from_events = home.report_from_events();
        assert_eq!(from_summaries, from_events, "{}: {}", home.name, difference(&from_events, &from_summaries));
    }
}

/// A one-shot reads files that were not written for a day as summaries, and explains sessions from events.
#[test]
fn sessions_of_old_files_are_the_same_from_summaries_and_from_events() {
    for home in homes() {
        let then = SystemTime::now() - Duration::from_hours(72);
        for file in &home.files {
            fs::File::options().append(true).open(&file.path).unwrap().set_modified(then).unwrap();
        }
        let from_summaries = home.result(None, None);
        let collector = home.collector(RunMode::Once, LedgerMode::Off);
        let from_events = describe(&collector.with_audit("no such session").refresh());
        assert_eq!(from_summaries, from_events, "{}: {}", home.name, difference(&from_events, &from_summaries));
    }
}

#[test]
fn an_export_adds_up_to_the_totals() {
    for home in homes() {
        home.result(Some("runs"), None);
        let snapshot = home.collector(RunMode::Once, LedgerMode::Off).refresh();
        assert_eq!(home.exported("runs"), snapshot.totals.usage.output, "{}", home.name);
    }
}

#[test]
fn files_that_grow_between_runs_give_the_same_as_whole_ones() {
    assert_none(&faults(&homes(), |home, _| {
        let grown = |seed: u64| {
            let ledger = format!("grown{seed}");
            home.truncate(seed);
            home.result(Some(&ledger), None);
            home.report(Some(&ledger));
            home.restore();
            // A report continues where the previous run stopped.
            home.report(Some(&ledger));
            (format!("cut by {seed}"), home.result(Some(&ledger), None))
        };
        (0..4).map(grown).collect()
    }));
}

#[test]
fn a_live_view_gives_the_same_as_one_run() {
    assert_none(&faults(&homes(), |home, _| {
        let live = |seed| {
            for file in &home.files {
                drop(fs::remove_file(&file.path));
            }
            drop(fs::remove_dir_all(home.directory.path().join("live")));
            (format!("live {seed}"), home.live_result(3, seed))
        };
        let mut results: Vec<(String, String)> = (0..2).map(live).collect();
        results.push(("after the live view".to_owned(), home.result(Some("live"), None)));
        results
    }));
}

/// The sidecar of a subagent named a parent without a file. A session had 1,684,520 or 1,684,597 tokens, depending on the
/// order of reading.
#[test]
fn the_order_of_reading_does_not_change_the_result() {
    assert_none(&faults(&homes(), |home, _| {
        let shuffled = |seed: u64| {
            let ledger = format!("shuffled{seed}");
            let mut results = vec![(format!("order {seed}"), home.result(None, Some(seed)))];
            results
                .extend([1, 2].map(|run| (format!("order {seed}, run {run}"), home.result(Some(&ledger), Some(seed)))));
            results
        };
        (1..4).flat_map(shuffled).collect()
    }));
}

/// The files of a copied home have other times. 7.3 M tokens of Continue once moved to another week, although the list of
/// its sessions has their start. Only what has no date at all is dated by its file.
#[test]
fn a_copied_home_gives_the_same_days() {
    let [written, copied] = [1_795_300_000_000, 1_795_900_000_000].map(Timestamp::from_millis);
    // Sessions without any time in their files.
    let undated = |session: &Session| session.started.is_none_or(|at| at == written || at == copied);
    for home in homes() {
        let days = |snapshot: &Snapshot| -> Vec<String> {
            let sessions = snapshot.sessions.iter().filter(|session| !undated(session));
            sessions
                .map(|session| format!("{:?} {:?} {:?}", session.key, session.started, bare(session).own_days))
                .collect()
        };
        let run = || home.collector(RunMode::Once, LedgerMode::Off).refresh();
        let before = run();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_900_000);
        for file in &home.files {
            fs::File::options().append(true).open(&file.path).unwrap().set_modified(time).unwrap();
        }
        let (before, after) = (sorted(days(&before)), sorted(days(&run())));
        assert_eq!(before, after, "{}: {}", home.name, difference(&before.join("\n"), &after.join("\n")));
    }
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// The homes in `AGTOP_SAMPLE_HOMES`, each copied first.
#[test]
#[ignore = "reads homes outside the project"]
fn sample_homes_give_the_same_in_every_way() {
    let samples = PathBuf::from(std::env::var_os("AGTOP_SAMPLE_HOMES").expect("AGTOP_SAMPLE_HOMES"));
    for sample in fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let directory = tempfile::tempdir().unwrap();
        copy(&sample, &directory.path().join("home/u"));
        let work_dirs = histories(&directory.path().join("home/u"));
        let name = sample.file_name().unwrap().to_string_lossy().into_owned();
        let home = Home { name, files: Vec::new(), work_dirs, directory };
        let ways = |home: &Home, _: &str| {
            let mut results: Vec<_> =
                (1..4).map(|run| (format!("run {run}"), home.result(Some("runs"), None))).collect();
            results.extend((1..4).map(|seed| (format!("order {seed}"), home.result(None, Some(seed)))));
            results.extend((1..3).map(|run| (format!("order 9, run {run}"), home.result(Some("order"), Some(9)))));
            results
        };
        assert_none(&faults(std::slice::from_ref(&home), ways));
        let expected = home.report(None);
        for _ in 0..3 {
            let report = home.report(Some("reports"));
            assert_eq!(report, expected, "{}: {}", home.name, difference(&expected, &report));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The directories with a history of Aider, which keeps no index of them.
fn histories(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(histories(&path));
        } else if path.ends_with(".aider.chat.history.md") {
            found.push(folder.to_owned());
        }
    }
    found
}
