//! What the ledger remembers is what a fresh look would tell, and what is gone besides.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Env;
use agtop_collect::{Collector, Remembering, Runs, Sampling, Scope, Settings};
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

/// A call of a tool with its answer, so long ago.
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

/// The score needs what the ledger does not keep: when calls failed, and which was repeated. A run that read the
/// transcript, one that had it from the ledger and a loop that saw it grow must not print different scores.
#[test]
fn a_session_has_decayed_alike_in_every_run() {
    let minutes = std::time::Duration::from_mins;
    let records = |last: u64| -> Vec<String> {
        (0..12).map(|n| called(n, minutes(last + 12 - n), if n < 6 { 800 } else { 200 }, n >= 9)).collect()
    };
    for (last, is_known) in [(1, true), (22 * 60, true), (23 * 60 + 30, false), (48 * 60, false)] {
        let home = Home::new();
        let path = home.directory.path().join(".claude/projects/-work/aaaaaaaa-0000-4000-8000-000000000001.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut live = home.collector(Runs::Again, Remembering::Nothing);
        let mut whole = String::new();
        for record in records(last) {
            whole += &record;
            fs::write(&path, &whole).unwrap();
            live.look_everywhere();
            live.refresh();
        }
        let decay = |snapshot: &Snapshot| snapshot.sessions[0].decay;
        let looped = decay(&live.snapshot());
        let run = || {
            let mut collector = home.collector(Runs::Once, home.ledger());
            let snapshot = collector.refresh();
            collector.finish();
            decay(&snapshot)
        };
        assert_eq!([run(), run()], [looped; 2], "{last}");
        assert_eq!(looped.is_some(), is_known, "{last}");
        let Some(decay) = looped else { continue };
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

    fn collector(&self, runs: Runs, remembering: Remembering) -> Collector {
        let settings = self.settings(runs, remembering);
        Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()))
    }

    fn settings(&self, runs: Runs, remembering: Remembering) -> Settings {
        Settings {
            runs,
            sampling: Sampling::None,
            remembering,
            ..Settings::new(Env { home: self.directory.path().to_owned(), ..Env::default() })
        }
    }

    fn ledger(&self) -> Remembering {
        Remembering::Everything(self.directory.path().join("data/agtop/ledger.db"))
    }

    /// What a run with the ledger tells, and what it says of the ledger.
    fn remembered(&self) -> (Snapshot, Vec<String>) {
        let mut collector = self.collector(Runs::Once, self.ledger());
        let snapshot = collector.refresh();
        assert_eq!(by_day_of_sessions(&snapshot), by_day_of_totals(&snapshot));
        collector.finish();
        (snapshot, collector.take_notices())
    }

    fn look(&self) -> Snapshot {
        let (snapshot, notices) = self.remembered();
        assert_eq!(notices, Vec::<String>::new());
        snapshot
    }

    /// What a report tells, which goes on with files where an earlier run stopped: tokens, responses and records read.
    fn report(&self) -> (u64, u64, u64) {
        let mut collector = self.collector(Runs::Once, self.ledger());
        let table = collector.usage_table(TimeGranularity::QuarterHour);
        collector.finish();
        assert_eq!(collector.take_notices(), Vec::<String>::new());
        let records = collector.snapshot().health.clients.iter().map(|client| client.records).sum();
        let sum = |count: fn(&UsageRow) -> u64| table.rows.iter().map(count).sum();
        (sum(|row| row.usage.output), sum(|row| row.turns), records)
    }

    /// What a run tells that takes every response from the ledger, none of them added up.
    fn look_at_each_response(&self) -> Snapshot {
        let mut collector = self.collector(Runs::Once, self.ledger());
        collector.usage_table(TimeGranularity::Response);
        collector.snapshot()
    }

    /// What is used by quarters of an hour from a moment on, as text.
    fn usage_since(&self, since: Timestamp, remembering: Remembering) -> String {
        let scope = Scope { since: Some(since), ..Scope::default() };
        let mut collector = Collector::new(
            Settings { scope, ..self.settings(Runs::Once, remembering) },
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

    /// What a run tells that remembers nothing.
    fn fresh(&self) -> Snapshot {
        self.collector(Runs::Once, Remembering::Nothing).refresh()
    }

    fn transcript(&self, name: &str) -> PathBuf {
        let directory = self.directory.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        directory.join(format!("{name}.jsonl"))
    }
}

/// A response of the session, some minutes into a day long ago.
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

/// Everything that is counted, as text.
fn told(snapshot: &Snapshot) -> String {
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
fn a_second_run_reads_nothing_and_tells_the_same() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    append(&home.transcript("b"), &(line("b", 2, 20, 50) + &line("b", 3, 30, 70)));
    let first = home.look();
    assert_eq!(first.health.clients[0].records, 4);
    let second = home.look();
    assert_eq!(second.health.clients[0].records, 0);
    assert_eq!(told(&second), told(&first));
    assert_eq!(told(&second), told(&home.fresh()));
}

#[test]
fn what_was_said_is_in_the_view_and_not_in_the_ledger() {
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
    let mut collector = home.collector(Runs::Again, home.ledger());
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
    assert!(
        format!("{:?}", home.look().sessions[0].recent).contains("digging on"),
        "it is read again where it is fresh"
    );
}

#[test]
fn what_agents_delete_stays_counted() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    append(&home.transcript("b"), &line("b", 2, 20, 50));
    let before = home.look();
    fs::remove_file(home.transcript("a")).unwrap();
    assert_eq!(told(&home.look()), told(&before));
    assert_eq!(told(&home.look()), told(&before), "and once it is known to be gone, too");
    assert_eq!(home.fresh().totals.usage.output, 50);
}

#[test]
fn what_a_rewritten_file_no_longer_tells_stays_counted() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.look();
    fs::write(home.transcript("a"), line("a", 3, 30, 7)).unwrap();
    assert_eq!(home.look().totals.usage.output, 157);
    assert_eq!(home.look().totals.usage.output, 157);
}

#[test]
fn a_file_that_is_not_understood_is_told_of_each_time() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + "{\"type\":\"assistant\", broken \"usage\"\n"));
    for _ in 0..2 {
        let snapshot = home.look();
        assert!(snapshot.health.is_degraded());
        assert_eq!(snapshot.totals.usage.output, 100);
    }
}

#[test]
fn what_is_elsewhere_is_neither_told_nor_gone() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    home.look();
    let other = Home::new();
    let ledger = home.ledger();
    assert_eq!(other.collector(Runs::Once, ledger).refresh().sessions.len(), 0);
    assert_eq!(home.look().health.clients[0].records, 0);
}

/// Droid writes down a session's running total alone, and this much of it.
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
fn a_running_total_becomes_usage_over_time_across_restarts_and_resets() {
    let home = Home::new();
    for (output, day) in [(100, "2026-03-01"), (100, "2026-03-02"), (250, "2026-03-03"), (30, "2026-03-05")] {
        droid(&home, output, day);
        home.look();
        home.look();
    }
    let day = |day: &str, output| (day.to_owned(), output);
    let wanted = [day("2026-03-01", 100), day("2026-03-03", 150), day("2026-03-05", 30)];
    assert_eq!(output_by_day(&home.look()), wanted);
    assert_eq!(home.report().0, 280);
    fs::remove_dir_all(home.directory.path().join(".factory")).unwrap();
    assert_eq!(output_by_day(&home.look()), wanted, "what was used stays used");
}

#[test]
fn a_live_loop_sees_a_running_total_grow_and_writes_down_the_same() {
    let home = Home::new();
    droid(&home, 100, "2026-03-01");
    let mut collector = home.collector(Runs::Again, home.ledger());
    assert_eq!(collector.refresh().totals.usage.output, 100);
    for (output, day, sum) in [(250, "2026-03-03", 250), (30, "2026-03-05", 280)] {
        droid(&home, output, day);
        collector.look_everywhere();
        assert_eq!(collector.refresh().totals.usage.output, sum);
        // As if time had passed: what waits is written down.
        collector.finish();
    }
    let live = output_by_day(&collector.snapshot());
    drop(collector);
    assert_eq!(output_by_day(&home.look()), live);
    assert_eq!(live.len(), 3);
}

#[test]
fn a_broken_ledger_is_one_line_and_no_failure() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    home.look();
    let Remembering::Everything(path) = home.ledger() else { unreachable!() };
    fs::write(&path, "no ledger at all, but long enough to be looked at as one".repeat(200)).unwrap();
    let (snapshot, notices) = home.remembered();
    assert_eq!(snapshot.totals.usage.output, 100);
    assert!(notices.len() == 1 && notices[0].contains("set aside"), "{notices:?}");
    assert_eq!(home.look().health.clients[0].records, 0);
}

#[test]
fn a_live_loop_writes_down_what_grows() {
    let home = Home::new();
    append(&home.transcript("a"), &line("a", 1, 10, 100));
    let mut collector = home.collector(Runs::Again, home.ledger());
    collector.refresh();
    append(&home.transcript("a"), &line("a", 2, 20, 50));
    collector.look_everywhere();
    assert_eq!(collector.refresh().totals.usage.output, 150);
    collector.finish();
    drop(collector);
    let next = home.look();
    assert_eq!((next.health.clients[0].records, next.totals.usage.output), (0, 150));
}

#[test]
fn news_of_a_response_that_was_added_up_takes_the_sum_apart() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.look();
    home.look();
    // The response goes on in a copy, which tells more of it.
    append(&home.transcript("b"), &(line("b", 2, 20, 90) + &line("b", 3, 30, 70)));
    let snapshot = home.look();
    assert_eq!(told(&snapshot), told(&home.fresh()));
    assert_eq!(snapshot.totals.usage.output, 100 + 90 + 70);
}

#[test]
fn a_tool_call_that_was_added_up_and_is_told_again_counts_once() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    home.look();
    home.look();
    append(&home.transcript("a-again"), &line("a", 2, 20, 50).replace(r#""id":"m2""#, r#""id":"m9""#));
    let snapshot = home.look();
    assert_eq!(told(&snapshot), told(&home.fresh()));
    assert_eq!(snapshot.sessions[0].tools[0].calls, 2);
}

#[test]
fn a_report_reads_only_what_was_appended() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    assert_eq!(home.report(), (150, 2, 2));
    append(&home.transcript("a"), &line("a", 3, 40, 7));
    assert_eq!(home.report(), (157, 3, 1));
    // The last response was still being written: its sum is taken apart.
    append(&home.transcript("a"), &line("a", 3, 40, 9));
    assert_eq!(home.report(), (159, 3, 1));
    assert_eq!(home.report(), (159, 3, 0));
    assert_eq!(told(&home.look()), told(&home.fresh()));
}

#[test]
fn a_file_that_begins_otherwise_is_read_from_its_beginning() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    assert_eq!(home.report(), (150, 2, 2));
    fs::write(home.transcript("a"), line("a", 5, 10, 1) + &line("a", 2, 20, 50) + &line("a", 6, 30, 2)).unwrap();
    assert_eq!(home.report(), (153, 4, 3), "what was used stays used");
}

#[test]
fn a_period_that_begins_within_a_quarter_of_an_hour_takes_sums_apart() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 16, 100) + &line("a", 2, 20, 50) + &line("a", 3, 29, 7)));
    home.look();
    home.look();
    let moment = "2026-03-01T00:19:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let since = Timestamp::from_millis(moment);
    let told = home.usage_since(since, home.ledger());
    assert!(told.contains("output: 57"), "{told}");
    assert_eq!(told, home.usage_since(since, Remembering::Nothing));
}

/// Something that happens to a home between two runs.
#[derive(Clone, Debug)]
enum Step {
    Append(u8, u32),
    Copy(u8, u8),
    Truncate(u8),
    Rewrite(u8, u32),
    Delete(u8),
    Rename(u8, u8),
    Look,
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
        2 => Just(Step::Look),
        3 => Just(Step::Report),
    ];
    prop::collection::vec(step, 1..24)
}

impl Home {
    fn undergo(&self, step: &Step) {
        let path = |file: u8| self.transcript(&format!("s{file}"));
        let text = |file: u8, message: u32| line(&format!("s{file}"), message, message * 37, message + 1);
        // What is not there cannot be copied, cut, deleted or renamed.
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
            Step::Look | Step::Report => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The model: usage that any look saw is counted for ever, each message once.
    #[test]
    fn nothing_that_was_seen_is_ever_forgotten_or_counted_twice(steps in steps()) {
        let home = Home::new();
        let mut seen = std::collections::BTreeSet::new();
        for step in steps.iter().chain([&Step::Report, &Step::Look]) {
            home.undergo(step);
            if matches!(step, Step::Look | Step::Report) {
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
                let snapshot = home.look();
                prop_assert_eq!(snapshot.totals.usage.output, u64::from(expected));
                prop_assert_eq!(snapshot.totals.turns, seen.len() as u64);
                let by_session: u64 = snapshot.sessions.iter().map(|session| session.usage.output).sum();
                prop_assert_eq!(by_session, u64::from(expected));
                // Whatever was added up: response by response it is the same.
                let (by_sums, by_responses) = (home.look(), home.look_at_each_response());
                prop_assert_eq!(told(&by_sums), told(&by_responses));
            }
        }
    }
}

/// One torn line made a file of 87 MB be read whole on every run: what could not be understood was to be told again, and
/// the file alone could tell it. The ledger does now.
#[test]
fn a_file_with_a_torn_line_is_read_once_and_its_trouble_is_told_on_every_run() {
    let home = Home::new();
    let torn = r#"{"type":"assistant","timestamp":"2026-03-01T00:11:00.000Z","mess"#;
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + torn + "\n" + &line("a", 2, 20, 50)));
    let first = home.look();
    let issues = |snapshot: &Snapshot| format!("{:?}", snapshot.health.issues().collect::<Vec<_>>());
    assert_eq!((first.health.clients[0].records, first.health.clients[0].issues_total), (3, 1));
    for _ in 0..3 {
        let again = home.look();
        assert_eq!((again.health.clients[0].records, again.health.clients[0].issues_total), (0, 1));
        assert_eq!((told(&again), issues(&again)), (told(&first), issues(&first)));
    }
    append(&home.transcript("a"), &(torn.to_owned() + "\n" + &line("a", 3, 30, 7)));
    let (output, turns, records) = home.report();
    assert_eq!((output, turns, records), (157, 3, 2), "a report goes on where the file was left");
    let grown = home.look();
    assert_eq!((grown.health.clients[0].records, grown.health.clients[0].issues_total), (0, 2));
    assert_eq!(told(&grown), told(&home.fresh()));
}

/// A clock that was days behind could not believe what was written since, and the file's own time stood for it ever after.
#[test]
fn what_a_slow_clock_could_not_believe_is_read_again_by_a_better_one() {
    let home = Home::new();
    append(&home.transcript("a"), &(line("a", 1, 10, 100) + &line("a", 2, 20, 50)));
    let wanted = told(&home.look());
    // As a run with a clock of before the second response leaves it.
    let Remembering::Everything(path) = home.ledger() else { unreachable!() };
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
    let agtop_ledger::LoadedFile { summary: mut memory, checkpoint } = ledger.load(entry.id).unwrap().unwrap();
    let second = memory.responses[1].time.stated;
    (memory.responses[1].time.before, memory.earliest_future_time) = (memory.responses[0].time.stated, second);
    memory.sessions[0].state.last = memory.responses[0].time.stated;
    let agtop_ledger::FileEntry { client, path, stamp, head, position, seen, .. } = entry;
    let record = agtop_ledger::FileRecord { client, path, stamp, head, position, checkpoint, seen, summary: memory };
    let mut batch = ledger.batch().unwrap();
    batch.put(&record).unwrap();
    batch.commit().unwrap();
    drop(ledger);
    assert_eq!(told(&home.look()), wanted);
    let again = home.look();
    assert_eq!((told(&again), again.health.clients[0].records), (wanted, 0), "and it is written down rightly");
}

/// A transcript that was moved is told by its new place alone: its prompts counted twice. But names that many files share
/// say nothing: of Copilot's, which are all called `events.jsonl`, one that was deleted is not the ones that are left.
#[test]
fn a_moved_transcript_counts_once_and_a_deleted_one_stays() {
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
    let mut live = home.collector(Runs::Again, home.ledger());
    let before = prompts(&live.refresh());
    assert_eq!(before.len(), 3);
    fs::remove_dir_all(directory(ids[1])).unwrap();
    let place = home.transcript("aaaaaaaa-0000-4000-8000-000000000001");
    let elsewhere = place.parent().unwrap().with_file_name("-elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::rename(&place, elsewhere.join(place.file_name().unwrap())).unwrap();
    live.look_everywhere();
    assert_eq!(prompts(&live.refresh()), before, "in the live loop");
    live.finish();
    for run in ["first", "second", "third"] {
        assert_eq!(prompts(&home.look()), before, "{run} run after it");
    }
}
