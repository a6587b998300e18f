//! Reports equal what was written into a home, budgets set the exit code, and the status line never fails.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use agtop_testkit::corpus::{self, Plan, Profile};
use agtop_testkit::{ExpectedUsageFile, Tokens};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{agtop, command, json};

const REPORTS: [&str; 10] =
    ["daily", "weekly", "monthly", "session", "project", "model", "client", "branch", "tag", "blocks"];

fn home() -> (TempDir, ExpectedUsageFile) {
    let home = tempfile::tempdir().unwrap();
    let expected = corpus::write(home.path(), Plan { seed: 11, size: 1_500_000, profile: Profile::Real }).unwrap();
    (home, expected)
}

fn bucket(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap()
}

/// The sum of a bucket over all rows.
fn sum(report: &Value, name: &str) -> u64 {
    report["rows"].as_array().unwrap().iter().map(|row| bucket(row, name)).sum()
}

#[test]
fn every_report_adds_up_to_what_was_written() {
    let (home, expected) = home();
    for kind in REPORTS {
        // Blocks are of Claude, unless other clients are named.
        let clients: Vec<&str> = expected.by_client.keys().map(String::as_str).collect();
        let report = json(home.path(), &["report", kind, "--json", "--client", &clients.join(",")]);
        for (at, (name, _)) in Tokens::default().buckets().into_iter().enumerate() {
            let wanted: u64 = expected.by_client.values().map(|sum| sum.tokens.buckets()[at].1).sum();
            assert_eq!(sum(&report, name), wanted, "{kind}: {name}");
            assert_eq!(bucket(&report["totals"], name), wanted, "{kind}: {name} in total");
        }
    }
}

#[test]
fn days_and_models_are_those_that_were_written() {
    let (home, expected) = home();
    let report = json(home.path(), &["report", "--json", "--tz", "UTC", "--breakdown"]);
    for day in &expected.by_day {
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["keys"][0] == day.day.as_str()).unwrap();
        let models = row["breakdown"].as_array().unwrap();
        assert!(models.iter().any(|part| part["model"] == day.model.as_str()), "{} {}", day.day, day.model);
    }
}

#[test]
fn the_json_of_reports_matches_the_schemas() {
    let (home, _) = home();
    let empty = tempfile::tempdir().unwrap();
    let validator = |schema: &str| {
        jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(schema).unwrap()).unwrap()
    };
    let report = validator(include_str!("../../../../schema/report.schema.json"));
    for kind in REPORTS.into_iter().chain(["tool"]) {
        for home in [home.path(), empty.path()] {
            let document = json(home, &["report", kind, "--json", "--limit", "2"]);
            let errors: Vec<_> = report.iter_errors(&document).map(|e| format!("{} {e}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{kind}: {errors:#?}");
        }
    }
    let compare = validator(include_str!("../../../../schema/compare.schema.json"));
    let document =
        json(home.path(), &["compare", "--since", "2020-01-01", "--json", "--models", "gpt-5, a-model-of-mine"]);
    assert!(compare.is_valid(&document), "{document:#}");
    assert_eq!(document["models"].as_array().unwrap().len(), 2);
    assert_eq!(document["models"][1]["cost_usd"], Value::Null, "models without a price come last");
}

#[test]
fn a_session_compared_with_its_own_model_costs_the_same() {
    let home = tempfile::tempdir().unwrap();
    let line = agtop_testkit::hostile::claude_line("m1", "1000", "2026-04-01T12:00:00.000Z");
    let place = home.path().join(".claude/projects/-p");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("s1.jsonl"), line + "\n").unwrap();
    let used = json(home.path(), &["report", "model", "--json"]);
    let (model, cost) = (&used["rows"][0]["keys"][0], &used["totals"]["cost_usd"]);
    assert!(cost.as_f64().unwrap() > 0.0);
    let sessions = json(home.path(), &["report", "session", "--json"]);
    let session = sessions["rows"][0]["session"]["id"].as_str().unwrap();
    let compared = json(home.path(), &["compare", session, "--json", "--models", model.as_str().unwrap()]);
    assert_eq!(&compared["models"][0]["cost_usd"], cost);
    assert_eq!(compared["models"][0]["ratio"], 1.0);
}

#[test]
fn an_exceeded_budget_ends_with_exit_code_5() {
    let home = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let line = agtop_testkit::hostile::claude_line("m1", "1000000", &now);
    let place = home.path().join(".claude/projects/-p");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("s1.jsonl"), line + "\n").unwrap();
    // A month or a block seldom ends between the write and the report.
    for kind in ["monthly", "blocks"] {
        let passed = agtop(home.path(), &["report", kind, "--budget", "0.5"]);
        assert_eq!(passed.status.code(), Some(5), "{kind}: {}", passed.stdout);
        assert!(passed.stderr.starts_with("agtop: the budget is passed: $") && passed.stderr.lines().count() == 1);
        let kept = agtop(home.path(), &["report", kind, "--budget", "10000"]);
        assert!(kept.status.success() && kept.stderr.is_empty(), "{kind}: {}", kept.stderr);
    }
}

fn statusline(home: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut command = command(home);
    // The home may not exist.
    command.arg("statusline").args(args).current_dir(std::env::temp_dir());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A long input is not read completely.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

#[test]
fn the_status_line_is_one_line_and_never_fails() {
    let home = tempfile::tempdir().unwrap();
    let settings = home.path().join(".config/agtop");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(settings.join("config.toml"), "nonsense = [").unwrap();
    let long = vec![b' '; 3 << 20];
    let deep = "[".repeat(1 << 20);
    let inputs: [&[u8]; 6] =
        [b"", b"{", b"\xff\xfe\x00", br#"{"model":{"display_name":"Opus"}}"#, &long, deep.as_bytes()];
    for (n, input) in inputs.into_iter().enumerate() {
        for home in [home.path(), Path::new("/nonexistent")] {
            let answer = statusline(home, &["--no-color"], input);
            let line = String::from_utf8(answer.stdout).unwrap();
            assert!(answer.status.success() && answer.stderr.is_empty(), "{n}");
            assert_eq!(line, if n == 3 { "Opus\n" } else { "agtop: no status to read\n" }, "{n}");
        }
    }
}

#[test]
fn the_status_line_is_coloured_by_default() {
    let home = tempfile::tempdir().unwrap();
    let input = br#"{"model":{"display_name":"Opus"}}"#;
    assert_eq!(statusline(home.path(), &[], input).stdout, b"\x1b[1mOpus\x1b[0m\n");
}
