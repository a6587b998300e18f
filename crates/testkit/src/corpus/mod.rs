//! A home of agents of any size, as a user has it after 300 days of daily use.
//!
//! What is written follows measurements of real homes: the quantiles of transcript sizes, the shares of the clients,
//! log-normal sizes of tool results, and the ways in which the same usage is written down more than once.

mod claude;
mod codex;
mod gemini;
mod opencode;
mod others;
mod plan;
mod sizes;

use std::io;
use std::path::Path;

pub use self::plan::{Plan, Profile};
use crate::{ExpectedUsage, ExpectedUsageFile, Home, Rng};

/// Writes a home of agents to `root`, which should be empty, and returns the usage that agtop must find there.
pub fn write(root: &Path, plan: Plan) -> io::Result<ExpectedUsageFile> {
    let home = Home::at(root)?;
    let mut rng = Rng::new(plan.seed);
    let mut expected = ExpectedUsage::default();
    for client in [claude::write, codex::write, gemini::write, opencode::write, others::write] {
        expected.merge(client(&home, &plan, rng.split())?);
    }
    let (files, size) = home.measure()?;
    let by_client = expected.by_client();
    let sessions = by_client.values().map(|client| client.sessions).sum();
    others::configure(&home)?;
    Ok(ExpectedUsageFile { seed: plan.seed, size, files, sessions, by_client, by_day: expected.by_day() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;

    fn files(dir: &Path, found: &mut BTreeMap<std::path::PathBuf, Vec<u8>>, root: &Path) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                files(&path, found, root);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }

    fn small(seed: u64) -> (ExpectedUsageFile, BTreeMap<std::path::PathBuf, Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let expected = write(dir.path(), Plan { seed, size: 3_000_000, profile: Profile::Heavy }).unwrap();
        let mut found = BTreeMap::new();
        files(dir.path(), &mut found, dir.path());
        found.remove(Path::new(".config/agtop/config.toml"));
        (expected, found)
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        let (one, two) = (small(1), small(1));
        assert_eq!(one.0, two.0);
        assert!(one.1 == two.1, "files differ");
        assert_ne!(one.0, small(2).0);
    }

    #[test]
    fn the_truth_is_about_all_clients_and_ends_on_the_last_day() {
        let (expected, found) = small(1);
        assert_eq!(expected.files, found.len() as u64);
        assert!((2_000_000..5_000_000).contains(&expected.size), "{}", expected.size);
        let clients: Vec<_> = expected.by_client.keys().map(String::as_str).collect();
        assert_eq!(clients, ["aider", "claude", "codex", "gemini", "goose", "opencode"]);
        assert!(expected.by_day.last().unwrap().day.as_str() <= "2026-11-20");
        let turns: u64 = expected.by_day.iter().map(|row| row.turns).sum();
        assert_eq!(turns, expected.by_client.values().map(|client| client.turns).sum::<u64>());
    }
}
