//! A run with the ledger gives the same as a run without one, and the usage of deleted files besides.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Env;
use agtop_collect::{Collector, LedgerMode, RunMode, Sampling, Scope, Settings};
use agtop_model::{ModelSpend, Session, Snapshot, TimeGranularity, Timestamp, UsageRow};
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use proptest::prelude::*;
use tempfile::TempDir;

/// Tokens and responses by day and model.
type ByDay = BTreeMap<(String, Option<Arc<str>>), (u64, u64)>;

fn by_day_of_totals(snapshot: &Snapshot) -> ByDay {
    let mut days = ByDay::new();
    for day in &snapshot.totals.by_day {
        add(&mut days, day.day.clone(), &day.spend);
    }
    days
}

fn by_day_of_sessions(snapshot: &Snapshot) -> ByDay {
    let mut days = ByDay::new();
    let mut sessions: Vec<&Arc<Session>> = snapshot.sessions.iter().collect();
    while let Some(session) = sessions.pop() {
        sessions.extend(&session.children);
        for used in &*session.own_days {
            let date =
                |day| jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap().to_string();
            add(&mut days, used.day.map_or_else(|| "unknown".to_owned(), date), &used.spend);
        }
    }
    days
}

fn add(days: &mut ByDay, day: String, spend: &ModelSpend) {
    let sum = days.entry((day, spend.model.clone())).or_default();
    *sum = (sum.0 + spend.usage.total(), sum.1 + spend.turns);
}

/// A tool call with its result, at that time before now.
fn called(message: u64, ago: std::time::Duration, output: u64, is_error: bool) -> String {
    let at = |ago: std::time::Duration| jiff::Timestamp::now() - ago;
    let session = r#""sessionId":"aaaaaaaa-0000-4000-8000-000000000001","cwd":"/work""#;
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"{}",{session},"message":{{"id":"m{m}","model":"claude-opus-4-8","#,
            r#""stop_reason":"tool_use","content":[{{"type":"tool_use","id":"t{m}","name":"Bash","input":{{"command":"make"}}}}],"#,
            r#""usage":{{"input_tokens":9000,"output_tokens":{output}}}}}}}"#,
            "\n",
            r#"{{"type":"user","timestamp":"{}",{session},"message":{{"role":"user","content":"#,
            r#"[{{"type":"tool_result","tool_use_id":"t{m}","is_error":{is_error},"content":"x"}}]}}}}"#,
            "\n"
        ),
        at(ago),
        at(ago.saturating_sub(std::time::Duration::from_secs(10))),
        session = session,
        m = message,
        output = output,
        is_error = is_error,
    )
}

/// The score needs what the ledger does not keep: when calls failed, and which were repeated. A run that reads the
/// transcript, one that loads it from the ledger and a live view must print the same score.
#[test]
fn the_decay_of_a_session_is_the_same_in_every_run() {
    let minutes = std::time::Duration::from_mins;
    let records = |last: u64| -> Vec<String> {
        (0..12).map(|n| called(n, minutes(last + 12 - n), if n < 6 { 800 } else { 200 }, n >= 9)).collect()
    };
    for (last, is_known) in [(1, true), (22 * 60, true), (23 * 60 + 30, false), (48 * 60, false)] {
        let home = Home::new();
        let path = home.directory.path().join(".claude/projects/-work/aaaaaaaa-0000-4000-8000-000000000001.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut live = home.collector(RunMode::Repeated, LedgerMode::Off);
        let mut whole = String::new();
        for record in records(last) {
            whole += &record;
            fs::write(&path, &whole).unwrap();
            live.request_full_sweep();
            live.refresh();
        }
        let decay = |snapshot: &Snapshot| snapshot.sessions[0].decay;
        let in_live_view = decay(&live.snapshot());
        let run = || {
            let mut collector = home.collector(RunMode::Once, home.ledger());
            let snapshot = collector.refresh();
            collector.finish();
            decay(&snapshot)
        };
        assert_eq!([run(), run()], [in_live_view; 2], "{last}");
        assert_eq!(in_live_view.is_some(), is_known, "{last}");
        let Some(decay) = in_live_view else { continue };
        assert!(decay.errors > 0.0 && decay.output > 10.0 && decay.repeats > 19.0, "{decay:?}");
    }
}

struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn collector(&self, run_mode: RunMode, ledger: LedgerMode) -> Collector {
        let settings = self.settings(run_mode, ledger);
        Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()))
    }

    fn settings(&self, run_mode: RunMode, ledger: LedgerMode) -> Settings {
        Settings {
            run_mode,
            sampling: Sampling::None,
            ledger,
            ..Settings::new(Env { home: self.directory.path().to_owned(), ..Env::default() })
        }
    }

    fn ledger(&self) -> LedgerMode {
        LedgerMode::ReadWrite(self.directory.path().join("data/agtop/ledger.db"))
    }

    /// The snapshot of a run with the ledger, and its messages about the ledger.
    fn run_with_notices(&self) -> (Snapshot, Vec<String>) {
        let mut collector = self.collector(RunMode::Once, self.ledger());
        let snapshot = collector.refresh();
        assert_eq!(by_day_of_sessions(&snapshot), by_day_of_totals(&snapshot));
        collector.finish();
        (snapshot, collector.take_notices())
    }

    /// The snapshot of a run with the ledger, which has no messages.
    fn run(&self) -> Snapshot {
        let (snapshot, notices) = self.run_with_notices();
        assert_eq!(notices, Vec::<String>::new());
        snapshot
    }

    /// The output tokens, the responses and the number of records read of a report, which continues where earlier runs
    /// stopped.
    fn report(&self) -> (u64, u64, u64) {
        let mut collector = self.collector(RunMode::Once, self.ledger());
        let table = collector.usage_table(TimeGranularity::QuarterHour);
        collector.finish();
        assert_eq!(collector.take_notices(), Vec::<String>::new());
        let records = collector.snapshot().health.clients.iter().map(|client| client.records).sum();
        let sum = |count: fn(&UsageRow) -> u64| table.rows.iter().map(count).sum();
        (sum(|row| row.usage.output), sum(|row| row.turns), records)
    }

    /// The snapshot of a run that loads every response from the ledger, and no sums.
    fn run_response_by_response(&self) -> Snapshot {
        let mut collector = self.collector(RunMode::Once, self.ledger());
        collector.usage_table(TimeGranularity::Response);
        collector.snapshot()
    }

    /// The usage by quarters of an hour since a time, as text.
    fn usage_since(&self, since: Timestamp, ledger: LedgerMode) -> String {
        let scope = Scope { since: Some(since), ..Scope::default() };
        let mut collector = Collector::new(
            Settings { scope, ..self.settings(RunMode::Once, ledger) },
            Box::new(FakeOs::new()),
            Arc::new(PriceBook::bundled()),
        );
        let table = collector.usage_table(TimeGranularity::QuarterHour);
        let row = |row: &UsageRow| {
            let session = table.session(row).map(|session| &session.key);
            format!("{session:?} {:?} {:?} {:?} {:?} {}", row.at, row.model, row.usage, row.spend, row.turns)
        };
        let mut rows: Vec<String> = table.rows.iter().map(row).collect();
        rows.sort();
        rows.join("\n")
    }

    /// The snapshot of a run without a ledger.
    fn run_without_ledger(&self) -> Snapshot {
        self.collector(RunMode::Once, LedgerMode::Off).refresh()
    }

    fn transcript(&self, name: &str) -> PathBuf {
        let directory = self.directory.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        directory.join(format!("{name}.jsonl"))
    }
}

/// A response of the session, that many minutes after the beginning of a month in the past.
fn line(session: &str, message: u32, minute: u32, output: u32) -> String {
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"2026-03-{:02}T{:02}:{:02}:00.000Z","sessionId":"{}","cwd":"/work/api","gitBranch":"main","#,
            r#""message":{{"id":"m{}","model":"claude-opus-4-8","stop_reason":"end_turn","content":[{{"type":"tool_use","id":"t{}","name":"Bash","input":{{}}}}],"#,
            r#""usage":{{"input_tokens":3,"cache_read_input_tokens":900,"output_tokens":{}}}}}}}"#,
            "\n"
        ),
        1 + minute / 1440 % 28,
        minute / 60 % 24,
        minute % 60,
        session,
        message,
        message,
        output
    )
}

fn append(path: &Path, text: &str) {
    use std::io::Write;
    fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// All figures, as text.
fn figures(snapshot: &Snapshot) -> String {
    let mut sessions: Vec<String> = snapshot
        .sessions
        .iter()
        .map(|session| {
            format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                session.key,
                session.usage,
                session.spend,
                session.turns,
                session.tools,
                session.project,
                session.branch,
                session.model,
                session.started,
                session.last_active,
                session.context,
                session.status,
            )
        })
        .collect();
    sessions.sort();
    format!("{}\n{:?}", sessions.join("\n"), snapshot.totals)
}

#[test]
fn a_second_run_reads_nothing_and_gives_the_same() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    append(&home.transcript("b"), &(line("b", 2, 20, 50) + &line("b", 3, 30, 70)));
    let first = home.run();
    assert_eq!(first.health.clients[0].records, 4);
    let second = home.run();
    assert_eq!(second.health.clients[0].records, 0);
    assert_eq!(figures(&second), figures(&first));
    assert_eq!(figures(&second), figures(&home.run_without_ledger()));
}

#[test]
fn message_text_is_shown_and_not_kept_in_the_ledger() {
    let home = Home::new();
    let now = jiff::Timestamp::now();
    let said = format!(
        concat!(
            r#"{{"type":"user","timestamp":"{}","sessionId":"a","message":{{"content":"grow plumquat trees"}}}}"#,
            "\n",
            r#"{{"type":"assistant","timestamp":"{}","sessionId":"a","message":{{"id":"m","content":[{{"type":"text","text":"digging for plumquat"}}],"usage":{{"output_tokens":1}}}}}}"#,
            "\n"
        ),
        now, now
    );
    append(&home.transcript("a"), &said);
    let mut collector = home.collector(RunMode::Repeated, home.ledger());
    collector.refresh();
    append(&home.transcript("a"), &said.replace(r#""id":"m""#, r#""id":"n""#).replace("digging", "digging on"));
    let snapshot = collector.refresh();
    collector.finish();
    let recent = format!("{:?}", snapshot.sessions[0].recent);
    assert!(["grow plumquat trees", "digging for", "digging on"].iter().all(|said| recent.contains(said)), "{recent}");
    let files = fs::read_dir(home.directory.path().join("data/agtop")).unwrap();
    let written: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(written.iter().any(|bytes| bytes.len() > 1000));
    for bytes in written {
        assert!(!String::from_utf8_lossy(&bytes).contains("plumquat"));
    }
    assert!(format!("{:?}", home.run().sessions[0].recent).contains("digging on"), "recent files are read again");
}

#[test]
fn the_usage_of_deleted_files_still_counts() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    append(&home.transcript("b"), &line("b", 2, 20, 50));
    let before = home.run();
    fs::remove_file(home.transcript("a")).unwrap();
    assert_eq!(figures(&home.run()), figures(&before));
    assert_eq!(figures(&home.run()), figures(&before), "also when the ledger knows that it was deleted");
    assert_eq!(home.run_without_ledger().totals.usage.output, 50);
}

#[test]
fn usage_that_a_rewritten_file_no_longer_contains_still_counts() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.run();
    fs::write(home.transcript("a"), line("a", 3, 30, 7)).unwrap();
    assert_eq!(home.run().totals.usage.output, 157);
    assert_eq!(home.run().totals.usage.output, 157);
}

#[test]
fn an_issue_of_a_file_is_reported_on_each_run() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + "{\"type\":\"assistant\", broken \"usage\"\n"));
    for _ in 0..2 {
        let snapshot = home.run();
        assert!(snapshot.health.is_degraded());
        assert_eq!(snapshot.totals.usage.output, 100);
    }
}

#[test]
fn files_of_another_home_are_neither_counted_nor_marked_as_deleted() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    home.run();
    let other = Home::new();
    let ledger = home.ledger();
    assert_eq!(other.collector(RunMode::Once, ledger).refresh().sessions.len(), 0);
    assert_eq!(home.run().health.clients[0].records, 0);
}

/// Writes a session of Droid, which records only a running total.
fn droid(home: &Home, output: u64, day: &str) {
    let path = home.directory.path().join(".factory/sessions/-work/aaaaaaaa-0000-4000-8000-00000000000d.settings.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = format!(
        r#"{{"model":"claude-opus-4-8","providerLockTimestamp":"2026-03-01T08:00:00.000Z","tokenUsage":{{"inputTokens":10,"outputTokens":{output}}}}}"#
    );
    fs::write(&path, text).unwrap();
    let written = format!("{day}T12:00:00Z").parse::<jiff::Timestamp>().unwrap();
    fs::File::options().append(true).open(&path).unwrap().set_modified(written.into()).unwrap();
}

fn output_by_day(snapshot: &Snapshot) -> Vec<(String, u64)> {
    snapshot.totals.by_day.iter().map(|day| (day.day.clone(), day.spend.usage.output)).collect()
}

#[test]
fn a_running_total_gives_usage_by_day_across_runs_and_resets() {
    let home = Home::new();
    for (output, day) in [(100, "2026-03-01"), (100, "2026-03-02"), (250, "2026-03-03"), (30, "2026-03-05")] {
        droid(&home, output, day);
        home.run();
        home.run();
    }
    let day = |day: &str, output| (day.to_owned(), output);
    let expected = [day("2026-03-01", 100), day("2026-03-03", 150), day("2026-03-05", 30)];
    assert_eq!(output_by_day(&home.run()), expected);
    assert_eq!(home.report().0, 280);
    fs::remove_dir_all(home.directory.path().join(".factory")).unwrap();
    assert_eq!(output_by_day(&home.run()), expected, "usage that was read still counts");
}

#[test]
fn a_live_view_of_a_running_total_writes_the_same_into_the_ledger() {
    let home = Home::new();
    droid(&home, 100, "2026-03-01");
    let mut collector = home.collector(RunMode::Repeated, home.ledger());
    assert_eq!(collector.refresh().totals.usage.output, 100);
    for (output, day, sum) in [(250, "2026-03-03", 250), (30, "2026-03-05", 280)] {
        droid(&home, output, day);
        collector.request_full_sweep();
        assert_eq!(collector.refresh().totals.usage.output, sum);
        // Writes what is pending, as the live view does at its interval.
        collector.finish();
    }
    let live = output_by_day(&collector.snapshot());
    drop(collector);
    assert_eq!(output_by_day(&home.run()), live);
    assert_eq!(live.len(), 3);
}

#[test]
fn a_broken_ledger_gives_one_message_and_the_run_continues() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    home.run();
    let LedgerMode::ReadWrite(path) = home.ledger() else { unreachable!() };
    fs::write(&path, "not a ledger, but long enough to be opened as one .......".repeat(200)).unwrap();
    let (snapshot, notices) = home.run_with_notices();
    assert_eq!(snapshot.totals.usage.output, 100);
    assert!(notices.len() == 1 && notices[0].contains("set aside"), "{notices:?}");
    assert_eq!(home.run().health.clients[0].records, 0);
}

#[test]
fn a_live_view_writes_appended_records_into_the_ledger() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    let mut collector = home.collector(RunMode::Repeated, home.ledger());
    collector.refresh();
    append(&home.transcript("a"), &line("a", 2, 20, 50));
    collector.request_full_sweep();
    assert_eq!(collector.refresh().totals.usage.output, 150);
    collector.finish();
    drop(collector);
    let next = home.run();
    assert_eq!((next.health.clients[0].records, next.totals.usage.output), (0, 150));
}

#[test]
fn a_new_copy_of_a_response_in_a_sum_expands_the_sum() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.run();
    home.run();
    // The copy contains more usage of the response.
    append(&home.transcript("b"), &(line("b", 2, 20, 90) + &line("b", 3, 30, 70)));
    let snapshot = home.run();
    assert_eq!(figures(&snapshot), figures(&home.run_without_ledger()));
    assert_eq!(snapshot.totals.usage.output, 100 + 90 + 70);
}

#[test]
fn a_new_copy_of_a_tool_call_in_a_sum_counts_once() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.run();
    home.run();
    append(&home.transcript("a-again"), &line("a", 2, 20, 50).replace(r#""id":"m2""#, r#""id":"m9""#));
    let snapshot = home.run();
    assert_eq!(figures(&snapshot), figures(&home.run_without_ledger()));
    assert_eq!(snapshot.sessions[0].tools[0].calls, 2);
}

#[test]
fn a_report_reads_only_appended_records() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    assert_eq!(home.report(), (150, 2, 2));
    append(&home.transcript("a"), &line("a", 3, 40, 7));
    assert_eq!(home.report(), (157, 3, 1));
    // The last response was still being written, so its sum is expanded.
    append(&home.transcript("a"), &line("a", 3, 40, 9));
    assert_eq!(home.report(), (159, 3, 1));
    assert_eq!(home.report(), (159, 3, 0));
    assert_eq!(figures(&home.run()), figures(&home.run_without_ledger()));
}

#[test]
fn a_file_with_another_beginning_is_read_from_its_beginning() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    assert_eq!(home.report(), (150, 2, 2));
    fs::write(home.transcript("a"), line("a", 5, 10, 1) + &line("a", 2, 20, 50) + &line("a", 6, 30, 2)).unwrap();
    assert_eq!(home.report(), (153, 4, 3), "usage that was read still counts");
}

#[test]
fn a_period_that_begins_within_a_quarter_of_an_hour_expands_its_sums() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 16, 100) + &line("a", 2, 20, 50) + &line("a", 3, 29, 7)));
    home.run();
    home.run();
    let start = "2026-03-01T00:19:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let since = Timestamp::from_millis(start);
    let usage = home.usage_since(since, home.ledger());
    assert!(usage.contains("output: 57"), "{usage}");
    assert_eq!(usage, home.usage_since(since, LedgerMode::Off));
}

/// A change of a home between two runs, or a run.
#[derive(Clone, Debug)]
enum Step {
    Append(u8, u32),
    Copy(u8, u8),
    Truncate(u8),
    Rewrite(u8, u32),
    Delete(u8),
    Rename(u8, u8),
    Run,
    Report,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let file = || 0..4_u8;
    let step = prop_oneof![
        4 => (file(), 0..40_u32).prop_map(|(file, message)| Step::Append(file, message)),
        1 => (file(), file()).prop_map(|(from, to)| Step::Copy(from, to)),
        1 => file().prop_map(Step::Truncate),
        1 => (file(), 0..40_u32).prop_map(|(file, message)| Step::Rewrite(file, message)),
        1 => file().prop_map(Step::Delete),
        1 => (file(), file()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => Just(Step::Run),
        3 => Just(Step::Report),
    ];
    prop::collection::vec(step, 1..24)
}

impl Home {
    fn apply(&self, step: &Step) {
        let path = |file: u8| self.transcript(&format!("s{file}"));
        let text = |file: u8, message: u32| line(&format!("s{file}"), message, message * 37, message + 1);
        // A step on a file that does not exist does nothing.
        match *step {
            Step::Append(file, message) => append(&path(file), &text(file, message)),
            Step::Copy(from, to) => append(&path(to), &fs::read_to_string(path(from)).unwrap_or_default()),
            Step::Truncate(file) => {
                let whole = fs::read_to_string(path(file)).unwrap_or_default();
                let first: String = whole.lines().take(1).map(|line| line.to_owned() + "\n").collect();
                fs::write(path(file), first).unwrap();
            }
            Step::Rewrite(file, message) => fs::write(path(file), text(file, message)).unwrap(),
            Step::Delete(file) => drop(fs::remove_file(path(file))),
            Step::Rename(from, to) => drop(fs::rename(path(from), path(to))),
            Step::Run | Step::Report => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Usage that a run has read counts in all later ones, each message once.
    #[test]
    fn usage_that_was_read_is_never_lost_or_counted_twice(steps in steps()) {
        let home = Home::new();
        let mut seen = std::collections::BTreeSet::new();
        for step in steps.iter().chain([&Step::Report, &Step::Run]) {
            home.apply(step);
            if matches!(step, Step::Run | Step::Report) {
                for file in 0..4 {
                    let text = fs::read_to_string(home.transcript(&format!("s{file}"))).unwrap_or_default();
                    let messages = (0..40_u32).filter(|message| text.contains(&format!(r#""id":"m{message}""#)));
                    seen.extend(messages);
                }
                let expected: u32 = seen.iter().map(|message| message + 1).sum();
                if matches!(step, Step::Report) {
                    let (output, turns, _) = home.report();
                    prop_assert_eq!((output, turns), (u64::from(expected), seen.len() as u64));
                    continue;
                }
                let snapshot = home.run();
                prop_assert_eq!(snapshot.totals.usage.output, u64::from(expected));
                prop_assert_eq!(snapshot.totals.turns, seen.len() as u64);
                let by_session: u64 = snapshot.sessions.iter().map(|session| session.usage.output).sum();
                prop_assert_eq!(by_session, u64::from(expected));
                // Sums and single responses give the same.
                let (by_sums, by_responses) = (home.run(), home.run_response_by_response());
                prop_assert_eq!(figures(&by_sums), figures(&by_responses));
            }
        }
    }
}

/// One torn line once made every run read a file of 87 MB, because only the file contained the issue. The ledger keeps it
/// now.
#[test]
fn a_file_with_a_torn_line_is_read_once_and_its_issue_is_reported_on_every_run() {
    let home = Home::new();
    let torn = r#"{"type":"assistant","timestamp":"2026-03-01T00:11:00.000Z","mess"#;
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + torn + "\n" + &line("a", 2, 20, 50)));
    let first = home.run();
    let issues = |snapshot: &Snapshot| format!("{:?}", snapshot.health.issues().collect::<Vec<_>>());
    assert_eq!((first.health.clients[0].records, first.health.clients[0].issues_total), (3, 1));
    for _ in 0..3 {
        let again = home.run();
        assert_eq!((again.health.clients[0].records, again.health.clients[0].issues_total), (0, 1));
        assert_eq!((figures(&again), issues(&again)), (figures(&first), issues(&first)));
    }
    append(&home.transcript("a"), &(torn.to_owned() + "\n" + &line("a", 3, 30, 7)));
    let (output, turns, records) = home.report();
    assert_eq!((output, turns, records), (157, 3, 2), "a report continues where the last run stopped");
    let grown = home.run();
    assert_eq!((grown.health.clients[0].records, grown.health.clients[0].issues_total), (0, 2));
    assert_eq!(figures(&grown), figures(&home.run_without_ledger()));
}

/// A run with a clock that was days behind refused later times, and the time of the file once replaced them for ever.
#[test]
fn times_that_a_slow_clock_refused_are_read_again_with_a_correct_clock() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    let expected = figures(&home.run());
    // What a run leaves whose clock is before the second response.
    let LedgerMode::ReadWrite(path) = home.ledger() else { unreachable!() };
    let ids = [agtop_model::ClientId::new("claude")];
    let now = Timestamp::from_millis(0);
    let opening = agtop_ledger::LedgerOptions {
        path: &path,
        clients: &ids,
        now,
        busy_timeout: agtop_ledger::LedgerOptions::BUSY_TIMEOUT,
    };
    let mut ledger = agtop_ledger::Ledger::open(&opening).unwrap().ledger;
    let entry = ledger.entries().unwrap().remove(0);
    let agtop_ledger::LoadedFile { mut summary, checkpoint } = ledger.load(entry.id).unwrap().unwrap();
    let second = summary.responses[1].time.stated;
    (summary.responses[1].time.before, summary.earliest_future_time) = (summary.responses[0].time.stated, second);
    summary.sessions[0].state.last = summary.responses[0].time.stated;
    let agtop_ledger::FileEntry { client, path, stamp, head, position, seen, .. } = entry;
    let record = agtop_ledger::FileRecord { client, path, stamp, head, position, checkpoint, seen, summary };
    let mut batch = ledger.batch().unwrap();
    batch.put(&record).unwrap();
    batch.commit().unwrap();
    drop(ledger);
    assert_eq!(figures(&home.run()), expected);
    let again = home.run();
    assert_eq!((figures(&again), again.health.clients[0].records), (expected, 0), "and the ledger has the right time");
}

/// A moved transcript counts at its new path alone; its prompts once counted twice. A name that many files share does not
/// show a move: all transcripts of Copilot are called `events.jsonl`, and one of them was deleted.
#[test]
fn a_moved_transcript_counts_once_and_a_deleted_one_still_counts() {
    let events = include_str!("../../../fixtures/copilot/1.0.60/events.jsonl");
    let ids = ["0c0c0c0c-0102-4000-8000-000000000002", "0c0c0c0c-0102-4000-8000-00000000000f"];
    let home = Home::new();
    let directory = |id: &str| home.directory.path().join(".copilot/session-state").join(id);
    for id in ids {
        fs::create_dir_all(directory(id)).unwrap();
        fs::write(directory(id).join("events.jsonl"), events.replace(ids[0], id)).unwrap();
    }
    append(
        &home.transcript("aaaaaaaa-0000-4000-8000-000000000001"),
        &line("aaaaaaaa-0000-4000-8000-000000000001", 1, 10, 100),
    );
    let prompts = |snapshot: &Snapshot| -> Vec<_> {
        let mut all: Vec<_> = snapshot.sessions.iter().map(|s| (s.key.clone(), s.prompts, s.turns, s.files)).collect();
        all.sort();
        all
    };
    let mut live = home.collector(RunMode::Repeated, home.ledger());
    let before = prompts(&live.refresh());
    assert_eq!(before.len(), 3);
    fs::remove_dir_all(directory(ids[1])).unwrap();
    let place = home.transcript("aaaaaaaa-0000-4000-8000-000000000001");
    let elsewhere = place.parent().unwrap().with_file_name("-elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::rename(&place, elsewhere.join(place.file_name().unwrap())).unwrap();
    live.request_full_sweep();
    assert_eq!(prompts(&live.refresh()), before, "in the live view");
    live.finish();
    for run in ["first", "second", "third"] {
        assert_eq!(prompts(&home.run()), before, "{run} run after it");
    }
}
