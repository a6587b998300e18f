//! `--prices-as-of`: usage is priced by the lists of another time, and every view shows the same cost.

use std::path::Path;
use std::process::Stdio;

use agtop_testkit::hostile::claude_line;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{agtop, command, json};

const SESSION: &str = "00000000-0000-4000-8000-000000000000";

/// Responses with a thousand tokens of each kind with o3, whose price fell on 2025-06-11: each costs 6.25 cents before
/// that day, and 1.25 cents after. The first response has an early copy, from before midnight.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let lines = [
        ("m1", "10", "2025-06-10T23:59:59.999Z"),
        ("m1", "1000", "2025-06-11T00:00:09.000Z"),
        ("m2", "1000", "2025-06-11T00:00:00.000Z"),
        ("m3", "1000", "2025-07-01T12:00:00.000Z"),
    ];
    let lines = lines.map(|(id, count, time)| claude_line(id, count, time).replace("claude-opus-4-8", "o3") + "\n");
    let place = home.path().join(".claude/projects/-p");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join(format!("{SESSION}.jsonl")), lines.concat()).unwrap();
    home
}

/// The total cost in JSON.
fn cost(report: &Value) -> String {
    report["totals"]["cost_usd"].to_string()
}

/// Values of `--prices-as-of`, each with the total cost.
const COSTS: [(&str, &str); 5] = [
    ("now", "0.0375"),
    ("2025-06-10", "0.1875"),
    ("2025-06-11", "0.0375"),
    ("2026-11-20", "0.0375"),
    ("usage", "0.0875"),
];

#[test]
fn a_report_uses_the_list_of_that_time() {
    let home = home();
    assert_eq!(cost(&json(home.path(), &["report", "--json"])), "0.0375");
    // The second run reads sums from the ledger.
    for (as_of, wanted) in COSTS.into_iter().chain(COSTS) {
        for kind in ["daily", "model", "blocks"] {
            let report = json(home.path(), &["report", kind, "--json", "--prices-as-of", as_of]);
            assert_eq!(cost(&report), wanted, "{kind} {as_of}");
        }
        let sessions = json(home.path(), &["--json=sessions", "--prices-as-of", as_of]);
        assert_eq!(cost(&sessions), wanted, "{as_of}");
    }
}

#[test]
fn the_last_line_names_the_lists_in_use() {
    let home = home();
    let foot = |as_of: &str| agtop(home.path(), &["report", "--prices-as-of", as_of]).stdout;
    assert!(foot("2025-06-10").contains("\nprices as of 2025-06-10 (litellm 1.72.2 of 2025-06-07) · "));
    assert!(foot("usage").contains("\nprices as of the time of use, by lists of 2024-11-28 to 20"));
    assert_eq!(foot("now"), agtop(home.path(), &["report"]).stdout);
}

#[test]
fn an_explanation_adds_up_to_the_session_with_any_list() {
    let home = home();
    for (as_of, wanted) in COSTS {
        let explained = agtop(home.path(), &["explain", SESSION, "--prices-as-of", as_of]);
        assert!(explained.status.success(), "{as_of}: {}", explained.stderr);
        assert!(explained.stdout.contains(&format!("\n= ${wanted}\n")), "{as_of}: {}", explained.stdout);
        let past = explained.stdout.matches("(rates of o3, exact match, history)").count();
        assert_eq!(
            past,
            match as_of {
                "2025-06-10" => 3,
                "usage" => 1,
                _ => 0,
            },
            "{as_of}"
        );
    }
}

#[test]
fn a_comparison_with_the_used_model_costs_the_same() {
    let home = home();
    for (as_of, wanted) in COSTS {
        let args = ["compare", SESSION, "--json", "--models", "o3", "--prices-as-of", as_of];
        let compared = json(home.path(), &args);
        assert_eq!(compared["models"][0]["cost_usd"].to_string(), wanted, "{as_of}");
        assert_eq!(compared["models"][0]["ratio"], 1.0, "{as_of}");
    }
}

/// Six responses of a thousand tokens of each kind with claude-opus-4-8 and one with claude-haiku-4-5, which has no
/// surcharge: within the United States a tenth is added, in fast mode as well. It was $0.3016, without a tenth.
#[test]
fn inference_within_the_united_states_costs_the_same_in_every_view() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join(".claude/projects/-p");
    std::fs::create_dir_all(&place).unwrap();
    let fixture = include_str!("../../../../fixtures/claude/2.1.332/geo.jsonl");
    std::fs::write(place.join("ffffffff-0000-4000-8000-000000000006.jsonl"), fixture).unwrap();
    let wanted = "0.31375";
    // The second run reads sums from the ledger.
    for _ in 0..2 {
        assert_eq!(cost(&json(home.path(), &["report", "--json"])), wanted);
        assert_eq!(cost(&json(home.path(), &["report", "blocks", "--json"])), wanted);
        assert_eq!(cost(&json(home.path(), &["--json=sessions"])), wanted);
        let explained = agtop(home.path(), &["explain", "ffffffff"]);
        assert!(explained.status.success(), "{}", explained.stderr);
        assert_eq!(explained.stdout.matches("(within the US)").count(), 8, "{}", explained.stdout);
    }
}

#[test]
fn own_prices_apply_at_all_times() {
    let home = home();
    let own = home.path().join("prices.toml");
    std::fs::write(&own, "[models.o3]\ninput_per_mtok = 1000\noutput_per_mtok = 0\ncache_write_per_mtok = 0\n")
        .unwrap();
    for (as_of, _) in COSTS {
        let args = ["report", "--json", "--prices", own.to_str().unwrap(), "--prices-as-of", as_of];
        assert_eq!(cost(&json(home.path(), &args)), "3.3", "{as_of}");
    }
}

#[test]
fn the_flag_wins_over_the_configuration() {
    let home = home();
    let settings = home.path().join(".config/agtop");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(settings.join("config.toml"), "prices_as_of = \"usage\"\n").unwrap();
    assert_eq!(cost(&json(home.path(), &["report", "--json"])), "0.0875");
    assert_eq!(cost(&json(home.path(), &["report", "--json", "--prices-as-of", "now"])), "0.0375");
}

#[test]
fn a_day_without_a_list_is_refused_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    for (day, reason) in [
        ("2024-11-27", "--prices-as-of 2024-11-27: the oldest price list at hand is of 2024-11-28"),
        ("9999-12-31", "prices as of 9999-12-31: that day is in the future"),
        ("june", "--prices-as-of june: write a day (2026-11-21), 'usage' or 'now'"),
    ] {
        for command in ["report", "doctor", "prices"] {
            let answer = agtop(home.path(), &[command, "--prices-as-of", day]);
            assert_eq!((answer.status.code(), answer.stderr), (Some(2), format!("agtop: {reason}\n")), "{command}");
        }
        assert_eq!(statusline(home.path(), day), "agtop: no status to read\n");
    }
}

fn statusline(home: &Path, as_of: &str) -> String {
    let mut command = command(home);
    command.args(["statusline", "--no-color", "--prices-as-of", as_of]);
    let answer = command.stdin(Stdio::null()).output().unwrap();
    assert!(answer.status.success() && answer.stderr.is_empty());
    String::from_utf8(answer.stdout).unwrap()
}

/// `--plan` changed a note below the table, but not its rows.
#[test]
fn rows_mark_what_the_plan_of_flag_or_configuration_covers() {
    let home = agtop_testkit::Home::temporary().unwrap();
    let line = claude_line("m1", "1000", "2026-11-18T10:00:00.000Z");
    home.write(".claude/projects/-p/s1.jsonl", line + "\n").unwrap();
    let rows = |arguments: &[&str]| {
        let output = agtop(home.root(), &[&["--list", "--client", "claude"], arguments].concat()).stdout;
        output.lines().filter(|line| line.contains("claude-opus-4-8") && line.contains(" incl. ")).count()
    };
    assert_eq!(rows(&[]), 0);
    assert_eq!(rows(&["--plan", "max"]), 1);
    home.write(".config/agtop/config.toml", "plan = \"max\"\n").unwrap();
    assert_eq!(rows(&[]), 1);
    assert_eq!(rows(&["--plan", "retail"]), 0, "the flag wins");
}
