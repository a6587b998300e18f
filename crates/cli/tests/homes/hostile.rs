//! Homes with files that no agent should have written: agtop ends, counts the others correctly, and reports what is
//! lost.

use std::io;
use std::path::PathBuf;

use agtop_testkit::corpus::{self, Plan, Profile};
use agtop_testkit::{Home, hostile};
use serde_json::Value;

use crate::program::answer_of;
use crate::support::{agtop, command, json};

/// A file that agtop must survive.
struct HostileFile {
    name: &'static str,
    /// Creates it in place of a transcript.
    create: fn(&Home, &str) -> io::Result<PathBuf>,
    /// Whether records may be lost; something other than a file has none.
    is_loss: bool,
}

const HOSTILE_FILES: &[HostileFile] = &[
    #[cfg(all(unix, not(target_vendor = "apple")))]
    HostileFile { name: "pipe", create: |home, path| hostile::fifo(home, path), is_loss: false },
    #[cfg(unix)]
    HostileFile { name: "links", create: |home, path| hostile::symlink_loop(home, path), is_loss: false },
    #[cfg(unix)]
    HostileFile { name: "home", create: |home, path| hostile::symlink_home(home, path), is_loss: false },
    HostileFile { name: "directory", create: |home, path| hostile::directory(home, path), is_loss: false },
    HostileFile { name: "noise", create: |home, path| hostile::noise(home, path, 9_000, 1), is_loss: true },
    HostileFile { name: "damage", create: |home, path| hostile::damaged_lines(home, path), is_loss: true },
    HostileFile { name: "depth", create: depth, is_loss: true },
    HostileFile { name: "giant", create: |home, path| hostile::giant_line(home, path, 17 << 20), is_loss: true },
];

/// Nested arrays in place of a count.
fn depth(home: &Home, path: &str) -> io::Result<PathBuf> {
    home.write(path, hostile::claude_line("deep", &hostile::nested(NESTED_LEVELS), RESPONSE_TIME) + "\n")
}

/// More levels than the stack of a recursive parser holds.
const NESTED_LEVELS: usize = 200_000;
const RESPONSE_TIME: &str = "2026-04-01T12:00:00.000Z";

/// Paths of transcripts; `*` is the name of a hostile file.
const TRANSCRIPT_PATHS: &[&str] = &[
    ".claude/projects/-trap/*.jsonl",
    ".claude/projects/-trap/x/subagents/agent-*.meta.json",
    ".codex/sessions/2026/04/01/rollout-2026-04-01T10-00-00-*.jsonl",
    ".codex/sessions/2026/04/01/rollout-2026-04-01T10-00-01-*.jsonl.zst",
    ".gemini/tmp/trap/chats/session-*.jsonl",
    ".gemini/tmp/trap/chats/session-old-*.json",
    ".local/share/opencode/opencode-*.db",
    ".local/share/opencode/storage/message/ses_trap/msg_*.json",
    ".local/share/goose/sessions/*.jsonl",
    "projects/trap *.d/.aider.chat.history.md",
];

#[test]
fn hostile_files_do_not_change_the_figures_of_others() {
    let home = Home::temporary().unwrap();
    for hostile in HOSTILE_FILES {
        for place in TRANSCRIPT_PATHS {
            (hostile.create)(&home, &place.replace('*', hostile.name)).unwrap();
        }
    }
    let plan = Plan { seed: 5, size: 1_000_000, profile: Profile::Real };
    let expected = corpus::write(home.root(), plan).unwrap();
    let output: Value = serde_json::from_str(&output_for(&home, "--json=sessions")).unwrap();
    for (client, wanted) in &expected.by_client {
        for (bucket, tokens) in wanted.tokens.buckets() {
            assert_eq!(output["totals"]["by_client"][client][bucket], tokens, "{client} {bucket}");
        }
    }
    for shape in ["--json=agents", "--json=tree"] {
        serde_json::from_str::<Value>(&output_for(&home, shape)).unwrap();
    }
    for shape in ["--once", "--list", "--csv"] {
        output_for(&home, shape);
    }
}

/// The output for a home with hostile files. Standard error names the files and databases that cannot be read, and has
/// no other messages.
fn output_for(home: &Home, shape: &str) -> String {
    let answer = agtop(home.root(), &[shape]);
    let is_named =
        |line: &str| line.starts_with("agtop: figures may be missing: ") || line.starts_with("agtop: … and ");
    assert!(answer.status.success() && answer.stderr.lines().all(is_named), "{shape}: {}", answer.stderr);
    assert!(answer.stderr.contains("file is not a database"), "{shape}: {}", answer.stderr);
    answer.stdout
}

/// The totals of a home with one response, which has one token in each bucket.
const ONE_RESPONSE: &[(&str, u64)] =
    &[("input", 1), ("cache_read", 1), ("cache_write_5m", 1), ("output", 1), ("turns", 1)];

fn is_named(issues: &Value, name: &str) -> bool {
    issues.as_array().unwrap().iter().any(|issue| issue["path"].as_str().unwrap().ends_with(name))
}

/// A home with one valid response, and a hostile file.
fn home_with(hostile: &HostileFile) -> Home {
    let home = Home::temporary().unwrap();
    let line = hostile::claude_line("m1", "1", RESPONSE_TIME);
    home.write(".claude/projects/-p/good.jsonl", line + "\n").unwrap();
    (hostile.create)(&home, &format!(".claude/projects/-p/{}.jsonl", hostile.name)).unwrap();
    home
}

#[test]
fn each_hostile_file_is_reported_and_the_doctor_fails_if_records_are_lost() {
    let giant =
        HostileFile { name: "larger", create: |home, path| hostile::giant_line(home, path, 64 << 20), is_loss: true };
    for hostile in HOSTILE_FILES.iter().chain([&giant]) {
        let (home, file) = (home_with(hostile), format!("{}.jsonl", hostile.name));
        let output = json(home.root(), &["--json=sessions"]);
        for (figure, wanted) in ONE_RESPONSE {
            assert_eq!(output["totals"][figure], *wanted, "{}: {figure}", hostile.name);
        }
        assert!(is_named(&output["health"], &file), "{}: {:#}", hostile.name, output["health"]);
        let doctor = agtop(home.root(), &["doctor"]);
        assert_eq!(doctor.status.code(), Some(i32::from(hostile.is_loss)), "{}: {}", hostile.name, doctor.stdout);
        assert!(doctor.stdout.contains(&file), "{}: {}", hostile.name, doctor.stdout);
    }
}

/// `--client $'cla\e]ude'` printed `agtop: unknown client 'cla`: the unterminated sequence in the value removed the
/// rest of the message.
#[test]
fn an_unterminated_sequence_in_a_value_leaves_the_message_complete() {
    const VALUE: &str = "cla\u{1b}]ude";
    let home = Home::temporary().unwrap();
    let output = |arguments: &[&str], by_variable: &str| {
        let mut command = command(home.root());
        command.args(arguments).env("AGTOP_MATCH", by_variable);
        let answer = answer_of(command);
        assert!(answer.stderr.chars().all(|c| c == '\n' || agtop_model::is_harmless(c)), "{:?}", answer.stderr);
        answer.stderr
    };
    for (arguments, by_variable, wanted) in [
        (
            &["--once", "--client", VALUE][..],
            "",
            "unknown client 'cla]ude' (did you mean 'claude'?); choose from claude, codex, ",
        ),
        (&["--once", "-m", VALUE], "", "matcher 'cla]ude' is not LABEL=REGEX"),
        (&["--once", "--since", VALUE], "", "'cla]ude' is not a time: write today, "),
        (&["--once", "--sort", VALUE], "", "unknown sort key 'cla]ude'; choose from smart, "),
        (&["--once"], VALUE, "matcher 'cla]ude' is not LABEL=REGEX"),
        (&["explain", VALUE], "", "cla]ude"),
    ] {
        let output = output(arguments, by_variable);
        assert!(output.contains(wanted), "{arguments:?}: {output}");
    }
}

/// Nothing is tested for root, which can read any file.
#[cfg(unix)]
#[test]
fn a_file_without_read_permission_is_a_loss() {
    let hostile = HostileFile { name: "secret", create: |home, path| hostile::unreadable(home, path), is_loss: true };
    let home = home_with(&hostile);
    if std::fs::read(home.path(".claude/projects/-p/secret.jsonl")).is_ok() {
        return;
    }
    let doctor = agtop(home.root(), &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(doctor.stdout.contains("unreadable: ") && doctor.stdout.contains("secret.jsonl"), "{}", doctor.stdout);
}

#[test]
fn a_response_with_deeply_nested_content_is_counted() {
    let home = Home::temporary().unwrap();
    let content = format!("\"content\":{}", hostile::nested(NESTED_LEVELS));
    let line = hostile::claude_line("m1", "1", RESPONSE_TIME).replace("\"content\":[]", &content);
    assert!(line.len() > NESTED_LEVELS);
    home.write(".claude/projects/-p/deep.jsonl", line + "\n").unwrap();
    let output = json(home.root(), &["--json=sessions"]);
    for (figure, wanted) in ONE_RESPONSE {
        assert_eq!(output["totals"][figure], *wanted, "{figure}");
    }
}

#[test]
fn impossible_counts_and_times_reach_no_total() {
    let home = Home::temporary().unwrap();
    hostile::claude_extremes(&home, ".claude/projects/-p/extremes.jsonl").unwrap();
    let output = json(home.root(), &["--json=sessions"]);
    // Of the counts, "0.5" is rounded and "null" is zero; the others fail. Each of the times has one token per bucket.
    let credible = 1 + u64::try_from(hostile::TIMES.len()).unwrap();
    assert_eq!(output["totals"]["input"], credible);
    assert_eq!(output["totals"]["output"], credible);
    for day in output["totals"]["by_day"].as_object().unwrap().keys() {
        assert!(("2020-01-01".."2100-01-01").contains(&day.as_str()), "{day}");
    }
    assert!(is_named(&output["health"], "extremes.jsonl"));
    assert_eq!(agtop(home.root(), &["doctor"]).status.code(), Some(1));
}
