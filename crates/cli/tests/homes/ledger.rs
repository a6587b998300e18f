//! The ledger: nothing is lost when transcripts are deleted and processes are killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use agtop_hooks::{HookDirs, Listener, ListenerOptions};
use agtop_model::{Event, EventKind};
use agtop_testkit::corpus::{self, Plan, Profile};
use serde_json::Value;

use crate::support::{agtop, command, json};

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    corpus::write(home.path(), Plan { seed: 7, size: 2_000_000, profile: Profile::Real }).unwrap();
    home
}

/// Every figure in the totals, by its path.
fn figures(home: &Path, args: &[&str]) -> BTreeMap<String, String> {
    let output = json(home, &[&["--json=sessions"], args].concat());
    let mut figures = BTreeMap::new();
    flatten("", &output["totals"], &mut figures);
    figures.insert("sessions".to_owned(), output["sessions"].as_array().unwrap().len().to_string());
    figures
}

fn flatten(place: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(&format!("{place}/{key}"), value, into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&format!("{place}/{at}"), value, into));
        }
        leaf => drop(into.insert(place.to_owned(), leaf.to_string())),
    }
}

/// Compares hundreds of figures, and prints only those that differ.
fn assert_same(output: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) {
    let without = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| -> Vec<String> {
        a.iter().filter(|(place, value)| b.get(*place) != Some(value)).map(|(p, v)| format!("{p}: {v}")).collect()
    };
    assert_eq!(without(output, wanted), without(wanted, output));
}

fn transcripts(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let is_transcript = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
    let below = directories.iter().flat_map(|directory| transcripts(directory));
    files.into_iter().filter(is_transcript).chain(below).collect()
}

#[test]
fn a_second_run_has_the_figures_of_the_first_and_of_one_without_a_ledger() {
    let home = home();
    let fresh = figures(home.path(), &["--no-ledger"]);
    assert!(!home.path().join(".local/share/agtop").exists(), "--no-ledger writes nothing");
    assert_same(&figures(home.path(), &[]), &fresh);
    assert_same(&figures(home.path(), &[]), &fresh);
    let verdict = agtop(home.path(), &["ledger", "verify"]);
    assert!(verdict.status.success() && verdict.stdout.ends_with("sound\n"), "{}", verdict.stdout);
}

#[test]
fn a_report_is_the_same_after_half_of_the_transcripts_are_deleted() {
    let home = home();
    let report = |kind: &str| agtop(home.path(), &["report", kind, "--json"]).stdout;
    let strip = |text: String| {
        let mut report: Value = serde_json::from_str(&text).unwrap();
        report["generated_at"].take();
        report
    };
    let before = ["monthly", "session", "model"].map(|kind| strip(report(kind)));
    for path in transcripts(home.path()).iter().step_by(2) {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(["monthly", "session", "model"].map(|kind| strip(report(kind))), before);
    assert_eq!(["monthly", "session", "model"].map(|kind| strip(report(kind))), before);
}

#[test]
fn a_process_that_is_killed_while_writing_loses_nothing() {
    let home = home();
    let expected = figures(home.path(), &["--no-ledger"]);
    let run = || {
        let mut command = command(home.path());
        command.args(["--json=sessions", "--no-sample"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for round in 0..40_u64 {
        let mut child = run();
        // The delays reach from before the ledger is opened to after it is written, on fast machines and slow ones.
        std::thread::sleep(Duration::from_millis(round * round / 4));
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 10 == 0 {
            drop(fs::remove_file(home.path().join(".local/share/agtop/ledger.db")));
        }
    }
    let verdict = agtop(home.path(), &["ledger", "verify"]);
    assert!(verdict.status.success(), "{}{}", verdict.stdout, verdict.stderr);
    assert_same(&figures(home.path(), &[]), &expected);
}

#[test]
fn several_processes_share_one_ledger() {
    let home = home();
    let expected = figures(home.path(), &["--no-ledger"]);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| figures(home.path(), &[]))).collect();
        let report = scope.spawn(|| json(home.path(), &["report", "monthly", "--json"]));
        for run in runs {
            assert_same(&run.join().unwrap(), &expected);
        }
        report.join().unwrap();
    });
    assert_same(&figures(home.path(), &[]), &expected);
}

#[test]
fn forgotten_files_are_read_again_if_they_exist() {
    let home = home();
    let before = figures(home.path(), &[]);
    assert_eq!(agtop(home.path(), &["ledger", "forget"]).status.code(), Some(2), "no files are named");
    assert!(agtop(home.path(), &["ledger", "forget", "--all"]).stdout.starts_with("forgot "));
    assert!(agtop(home.path(), &["ledger", "stats"]).stdout.contains(" 0  responses\n"));
    assert_same(&figures(home.path(), &[]), &before);
    assert!(agtop(home.path(), &["ledger", "rebuild"]).status.success());
    assert_same(&figures(home.path(), &[]), &before);
}

#[test]
fn the_ledger_has_no_message_text() {
    let home = home();
    let directory = home.path().join(".claude/projects/-work");
    fs::create_dir_all(&directory).unwrap();
    let line = r#"{"type":"user","sessionId":"s","timestamp":"2026-03-01T10:00:00Z","cwd":"/work","message":{"content":"xyzzy-plugh-secret"}}"#;
    fs::write(directory.join("s.jsonl"), format!("{line}\n")).unwrap();
    figures(home.path(), &[]);
    let bytes = fs::read(home.path().join(".local/share/agtop/ledger.db")).unwrap();
    assert!(!bytes.windows(18).any(|window| window == b"xyzzy-plugh-secret"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(".local/share/agtop"), mode(".local/share/agtop/ledger.db")), (0o700, 0o600));
    }
}

/// Runs the status line with an input as Claude Code sends it.
fn statusline(home: &Path, used: f64, flags: &[&str]) -> String {
    let input = format!(
        r#"{{"session_id":"s","model":{{"display_name":"Opus"}},"context_window":{{"context_window_size":200000,"used_percentage":42}},"rate_limits":{{"five_hour":{{"used_percentage":{used},"resets_at":4102444800}}}}}}"#
    );
    let mut command = command(home);
    command.args(["statusline", "--no-color"]).args(flags).env("PATH", std::env::var_os("PATH").unwrap());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn limits_in_the_input_of_the_status_line_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".claude/projects/-work");
    fs::create_dir_all(&directory).unwrap();
    assert!(!statusline(home.path(), 12.0, &[]).contains("today"), "the ledger is empty");
    let now = jiff::Timestamp::now();
    let line = format!(
        r#"{{"type":"assistant","timestamp":"{now}","sessionId":"s","cwd":"/work","message":{{"id":"m","model":"claude-opus-4-8","stop_reason":"end_turn","content":[],"usage":{{"input_tokens":100000,"output_tokens":1000}}}}}}"#
    );
    fs::write(directory.join("s.jsonl"), format!("{line}\n")).unwrap();
    figures(home.path(), &[]);
    let shown = statusline(home.path(), 34.0, &[]);
    assert!(shown.contains("today") && shown.contains("34%"), "{shown}");
    let limits = json(home.path(), &["--json=sessions"])["rate_limits"].to_string();
    assert!(limits.contains("34"), "{limits}");
}

#[test]
fn the_status_line_sends_the_use_of_the_context_to_a_listener_only() {
    let home = tempfile::tempdir().unwrap();
    let places = HookDirs::new(None, Some(home.path()));
    let mut listener = Listener::bind(&places, ListenerOptions::default()).unwrap();
    // On a busy machine the listener may not answer in time: then the next run sends it.
    let received = (0..50).find_map(|_| {
        statusline(home.path(), 1.0, &[]);
        listener.poll().pop()
    });
    let event = received.unwrap().event;
    let [Event { kind: EventKind::Facts(facts), .. }] = &event.events[..] else { panic!("{event:?}") };
    assert_eq!((facts.context_limit, facts.context_used), (Some(200_000), Some(84_000)));
    drop(listener);
    statusline(home.path(), 2.0, &[]);
    assert!(Listener::bind(&places, ListenerOptions::default()).unwrap().poll().is_empty(), "nothing is spooled");
}

#[cfg(unix)]
#[test]
fn a_wrapped_status_line_prints_its_own_output_and_limits_are_kept() {
    let home = tempfile::tempdir().unwrap();
    figures(home.path(), &[]);
    let command_line = "grep -o 'display_name\":\"[A-Za-z]*' | tr -d '\n'; printf ' \\033[1mmine\\033[0m'";
    let shown = statusline(home.path(), 56.0, &["--wrap", command_line]);
    assert_eq!(shown, "display_name\":\"Opus \u{1b}[1mmine\u{1b}[0m");
    let limits = json(home.path(), &["--json=sessions"])["rate_limits"].to_string();
    assert!(limits.contains("56"), "{limits}");
    // A command may ignore its input, and may print nothing.
    assert_eq!(statusline(home.path(), 57.0, &["--wrap", "echo x"]), "x\n");
    assert_eq!(statusline(home.path(), 58.0, &["--wrap", "exit 3"]), "");
}
