//! Homes with what no agent should have written in them: agtop ends, counts the rest right, and says what it lost.

use std::io;
use std::path::PathBuf;

use agtop_testkit::corpus::{self, Plan, Profile};
use agtop_testkit::{Home, hostile};
use serde_json::Value;

use crate::program::answer_of;
use crate::support::{agtop, command, json};

/// Something to stumble over.
struct Trap {
    name: &'static str,
    /// Makes it where a transcript may lie.
    make: fn(&Home, &str) -> io::Result<PathBuf>,
    /// Whether it may have held records; what is no file never did.
    is_loss: bool,
}

const TRAPS: &[Trap] = &[
    #[cfg(all(unix, not(target_vendor = "apple")))]
    Trap { name: "pipe", make: |home, path| hostile::fifo(home, path), is_loss: false },
    #[cfg(unix)]
    Trap { name: "links", make: |home, path| hostile::symlink_loop(home, path), is_loss: false },
    #[cfg(unix)]
    Trap { name: "home", make: |home, path| hostile::symlink_home(home, path), is_loss: false },
    Trap { name: "directory", make: |home, path| hostile::directory(home, path), is_loss: false },
    Trap { name: "noise", make: |home, path| hostile::noise(home, path, 9_000, 1), is_loss: true },
    Trap { name: "damage", make: |home, path| hostile::damaged_lines(home, path), is_loss: true },
    Trap { name: "depth", make: depth, is_loss: true },
    Trap { name: "giant", make: |home, path| hostile::giant_line(home, path, 17 << 20), is_loss: true },
];

/// Arrays in arrays where a count belongs.
fn depth(home: &Home, path: &str) -> io::Result<PathBuf> {
    home.write(path, hostile::claude_line("deep", &hostile::nested(LEVELS), NOON) + "\n")
}

/// A parser that calls itself for each level has no stack for so many.
const LEVELS: usize = 200_000;
const NOON: &str = "2026-04-01T12:00:00.000Z";

/// Where transcripts may lie; `*` is a trap's name.
const PLACES: &[&str] = &[
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
fn a_home_full_of_traps_is_counted_as_if_there_were_none() {
    let home = Home::temporary().unwrap();
    for trap in TRAPS {
        for place in PLACES {
            (trap.make)(&home, &place.replace('*', trap.name)).unwrap();
        }
    }
    let plan = Plan { seed: 5, size: 1_000_000, profile: Profile::Real };
    let truth = corpus::write(home.root(), plan).unwrap();
    let told: Value = serde_json::from_str(&answer_of_traps(&home, "--json=sessions")).unwrap();
    for (client, wanted) in &truth.by_client {
        for (bucket, tokens) in wanted.tokens.buckets() {
            assert_eq!(told["totals"]["by_client"][client][bucket], tokens, "{client} {bucket}");
        }
    }
    for shape in ["--json=agents", "--json=tree"] {
        serde_json::from_str::<Value>(&answer_of_traps(&home, shape)).unwrap();
    }
    for shape in ["--once", "--list", "--csv"] {
        answer_of_traps(&home, shape);
    }
}

/// What agtop prints of a home with traps; on standard error it names files and databases that cannot be read, and says
/// nothing else.
fn answer_of_traps(home: &Home, shape: &str) -> String {
    let answer = agtop(home.root(), &[shape]);
    let is_named =
        |line: &str| line.starts_with("agtop: figures may be missing: ") || line.starts_with("agtop: … and ");
    assert!(answer.status.success() && answer.stderr.lines().all(is_named), "{shape}: {}", answer.stderr);
    assert!(answer.stderr.contains("file is not a database"), "{shape}: {}", answer.stderr);
    answer.stdout
}

/// One response of one token a bucket, as the sum of a home tells it.
const ONE: &[(&str, u64)] = &[("input", 1), ("cache_read", 1), ("cache_write_5m", 1), ("output", 1), ("turns", 1)];

fn is_named(issues: &Value, name: &str) -> bool {
    issues.as_array().unwrap().iter().any(|issue| issue["path"].as_str().unwrap().ends_with(name))
}

/// A home with one sound response, and a trap beside it.
fn home_with(trap: &Trap) -> Home {
    let home = Home::temporary().unwrap();
    let line = hostile::claude_line("m1", "1", NOON);
    home.write(".claude/projects/-p/good.jsonl", line + "\n").unwrap();
    (trap.make)(&home, &format!(".claude/projects/-p/{}.jsonl", trap.name)).unwrap();
    home
}

#[test]
fn each_trap_is_named_and_what_was_lost_makes_the_doctor_fail() {
    let giant = Trap { name: "larger", make: |home, path| hostile::giant_line(home, path, 64 << 20), is_loss: true };
    for trap in TRAPS.iter().chain([&giant]) {
        let (home, file) = (home_with(trap), format!("{}.jsonl", trap.name));
        let told = json(home.root(), &["--json=sessions"]);
        for (figure, wanted) in ONE {
            assert_eq!(told["totals"][figure], *wanted, "{}: {figure}", trap.name);
        }
        assert!(is_named(&told["health"], &file), "{}: {:#}", trap.name, told["health"]);
        let doctor = agtop(home.root(), &["doctor"]);
        assert_eq!(doctor.status.code(), Some(i32::from(trap.is_loss)), "{}: {}", trap.name, doctor.stdout);
        assert!(doctor.stdout.contains(&file), "{}: {}", trap.name, doctor.stdout);
    }
}

/// `--client $'cla\e]ude'` printed `agtop: unknown client 'cla`: what began in the value and never ended took with it
/// the rest of agtop's own message.
#[test]
fn a_value_that_never_ends_leaves_the_message_whole() {
    let home = Home::temporary().unwrap();
    const VALUE: &str = "cla\u{1b}]ude";
    let told = |arguments: &[&str], by_variable: &str| {
        let mut command = command(home.root());
        command.args(arguments).env("AGTOP_MATCH", by_variable);
        let answer = answer_of(command);
        assert!(answer.stderr.chars().all(|c| c == '\n' || agtop_model::is_harmless(c)), "{:?}", answer.stderr);
        answer.stderr
    };
    for (arguments, by_variable, wanted) in [
        (&["--once", "--client", VALUE][..], "", "unknown client 'cla]ude'; choose from claude, codex, "),
        (&["--once", "-m", VALUE], "", "matcher 'cla]ude' is not LABEL=REGEX"),
        (&["--once", "--since", VALUE], "", "'cla]ude' is not a time: write a date"),
        (&["--once", "--sort", VALUE], "", "unknown sort key 'cla]ude'; choose from smart, "),
        (&["--once"], VALUE, "matcher 'cla]ude' is not LABEL=REGEX"),
        (&["explain", VALUE], "", "cla]ude"),
    ] {
        let told = told(arguments, by_variable);
        assert!(told.contains(wanted), "{arguments:?}: {told}");
    }
}

/// The superuser may read anything, and has nothing to test here.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_a_loss() {
    let trap = Trap { name: "secret", make: |home, path| hostile::unreadable(home, path), is_loss: true };
    let home = home_with(&trap);
    if std::fs::read(home.path(".claude/projects/-p/secret.jsonl")).is_ok() {
        return;
    }
    let doctor = agtop(home.root(), &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(doctor.stdout.contains("unreadable: ") && doctor.stdout.contains("secret.jsonl"), "{}", doctor.stdout);
}

#[test]
fn a_response_counts_however_deep_its_content_is() {
    let home = Home::temporary().unwrap();
    let content = format!("\"content\":{}", hostile::nested(LEVELS));
    let line = hostile::claude_line("m1", "1", NOON).replace("\"content\":[]", &content);
    assert!(line.len() > LEVELS);
    home.write(".claude/projects/-p/deep.jsonl", line + "\n").unwrap();
    let told = json(home.root(), &["--json=sessions"]);
    for (figure, wanted) in ONE {
        assert_eq!(told["totals"][figure], *wanted, "{figure}");
    }
}

#[test]
fn counts_and_times_beyond_belief_reach_no_total() {
    let home = Home::temporary().unwrap();
    hostile::claude_extremes(&home, ".claude/projects/-p/extremes.jsonl").unwrap();
    let told = json(home.root(), &["--json=sessions"]);
    // Of the counts, "0.5" is rounded and "null" is none; the others fail. Each of the times has one token a bucket.
    let credible = 1 + u64::try_from(hostile::TIMES.len()).unwrap();
    assert_eq!(told["totals"]["input"], credible);
    assert_eq!(told["totals"]["output"], credible);
    for day in told["totals"]["by_day"].as_object().unwrap().keys() {
        assert!(("2020-01-01".."2100-01-01").contains(&day.as_str()), "{day}");
    }
    assert!(is_named(&told["health"], "extremes.jsonl"));
    assert_eq!(agtop(home.root(), &["doctor"]).status.code(), Some(1));
}
