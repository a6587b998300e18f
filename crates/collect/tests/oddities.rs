//! Every test that `docs/formats/oddities.md` names exists.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All source text below a directory.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| {
        if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap_or_default() }
    };
    entries.map(text).collect()
}

#[test]
fn each_oddity_names_a_test_that_exists() {
    let table = fs::read_to_string(root().join("docs/formats/oddities.md")).unwrap();
    let sources =
        ["crates/clients/src", "crates/collect/src", "crates/collect/tests"].map(|of| sources(&root().join(of)));
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| client")).collect();
    assert!(rows.len() > 50, "the table is no longer found");
    for row in rows {
        let named = row.rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = named.split('`').skip(1).step_by(2).filter(|name| !name.contains(['/', '.'])).collect();
        assert!(!tests.is_empty() || named.contains("recognition.tsv"), "no test in {row}");
        for test in tests {
            let signature = format!("fn {test}(");
            assert!(sources.iter().any(|text| text.contains(&signature)), "there is no test {test}");
        }
    }
}

#[test]
fn every_client_has_an_oddity_or_is_described_elsewhere() {
    let table = fs::read_to_string(root().join("docs/formats/oddities.md")).unwrap();
    for client in agtop_clients::CLIENTS.iter().map(|client| client.info().id.as_str()) {
        let is_described_elsewhere = ["claude", "codex", "gemini", "goose", "aider"].contains(&client);
        let is_there = table
            .lines()
            .any(|row| row.split('|').nth(1).is_some_and(|of| of.split(',').any(|of| of.trim() == client)));
        assert!(is_there || is_described_elsewhere, "{client}");
    }
}
