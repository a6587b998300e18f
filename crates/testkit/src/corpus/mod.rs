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
mod times;

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
    if plan.profile == Profile::Mixed {
        times::age_files(home.root())?;
    }
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

    fn small(seed: u64, profile: Profile) -> (ExpectedUsageFile, BTreeMap<std::path::PathBuf, Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let expected = write(dir.path(), Plan { seed, size: 3_000_000, profile }).unwrap();
        let mut found = BTreeMap::new();
        files(dir.path(), &mut found, dir.path());
        found.remove(Path::new(".config/agtop/config.toml"));
        (expected, found)
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        for profile in [Profile::Heavy, Profile::Mixed] {
            let (one, two) = (small(1, profile), small(1, profile));
            assert_eq!(one.0, two.0);
            assert!(one.1 == two.1, "files differ");
            assert_ne!(one.0, small(2, profile).0);
        }
    }

    #[test]
    fn a_mixed_home_has_broken_lines_in_its_largest_files_and_a_torn_document() {
        let (_, found) = small(1, Profile::Mixed);
        let is_broken = |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err();
        for client in [".claude", ".codex"] {
            let largest =
                found.iter().filter(|(path, _)| path.starts_with(client)).max_by_key(|(_, bytes)| bytes.len());
            let (path, bytes) = largest.unwrap();
            let whole = &bytes[..bytes.iter().rposition(|byte| *byte == b'\n').unwrap()];
            assert!((1..=2).contains(&whole.split(|byte| *byte == b'\n').filter(is_broken).count()), "{path:?}");
        }
        let documents = found.iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "json"));
        assert_eq!(documents.filter(|(_, bytes)| is_broken(&bytes.as_slice())).count(), 1);
    }

    #[test]
    fn a_mixed_home_has_files_of_many_months() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), Plan { seed: 1, size: 3_000_000, profile: Profile::Mixed }).unwrap();
        let mut ages = Vec::new();
        for (path, _) in small(1, Profile::Mixed).1 {
            ages.push(dir.path().join(path).metadata().unwrap().modified().unwrap());
        }
        let end = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(Plan::end().0.unsigned_abs());
        let months = |age: &std::time::SystemTime| end.duration_since(*age).unwrap_or_default().as_secs() / 2_600_000;
        assert!(ages.iter().filter(|age| months(age) > 0).count() > ages.len() / 2);
        assert!(ages.iter().map(months).max().unwrap() >= 3);
    }

    #[test]
    fn the_truth_is_about_all_clients_and_ends_on_the_last_day() {
        let (expected, found) = small(1, Profile::Heavy);
        assert_eq!(expected.files, found.len() as u64);
        assert!((2_000_000..5_000_000).contains(&expected.size), "{}", expected.size);
        let clients: Vec<_> = expected.by_client.keys().map(String::as_str).collect();
        assert_eq!(clients, ["aider", "claude", "codex", "gemini", "goose", "opencode"]);
        assert!(expected.by_day.last().unwrap().day.as_str() <= "2026-11-20");
        let turns: u64 = expected.by_day.iter().map(|row| row.turns).sum();
        assert_eq!(turns, expected.by_client.values().map(|client| client.turns).sum::<u64>());
    }
}
