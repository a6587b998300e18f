//! A home of agents of any size, as somebody has it who used them every day for 300 days.
//!
//! What is written follows measurements of real homes: the quantiles of transcript sizes, the shares of the clients,
//! log-normal sizes of tool results, and the ways in which the same usage is written down more than once.

mod claude;
mod codex;
mod gemini;
mod opencode;
mod others;
mod sizes;

use std::io;
use std::path::Path;

use jiff::civil::date;

use crate::{Clock, DAY, ExpectedUsage, ExpectedUsageFile, HOUR, Home, MINUTE, Rng, Stamp, Tokens};
use sizes::Sizes;

/// What tool results weigh, and which releases wrote the transcripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Large tool results; old releases for the first half of the time.
    Heavy,
    /// Smaller tool results; new releases all the time.
    Real,
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What everything grows from.
    pub seed: u64,
    /// About how many bytes.
    pub size: u64,
    /// What kind of use.
    pub profile: Profile,
}

/// After this time a session hurries, so that it ends before the corpus does.
const PATIENCE: i64 = 8 * DAY;
/// How long the person has used agents, in days.
const DAYS: i64 = 300;
/// The most time that a session takes after it was begun.
const LONGEST: i64 = 12 * DAY;
/// The directories of the person's projects. Their names have what encodings of paths trip over.
const PROJECTS: [&str; 12] = [
    "/home/dev/work/parser",
    "/home/dev/work/site.example.org",
    "/home/dev/work/under_score",
    "/home/dev/with space/app",
    "/home/dev/ünï-é",
    "/home/dev/deep/er/and/deeper/dir",
    "/home/dev/dir",
    "/home/dev/notes",
    "/home/dev/go/src/github.com/dev/tool",
    "/home/dev/目录/模块",
    "/srv/build-farm",
    "/home/dev/work/Monorepo",
];

impl Plan {
    /// This plan's share of the bytes, or files, that a home of a gigabyte has.
    fn scaled(&self, of_gigabyte: u64) -> u64 {
        let share = u128::from(of_gigabyte) * u128::from(self.size) / 1_000_000_000;
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// The same, but at least one.
    fn count(&self, of_gigabyte: u64) -> u64 {
        self.scaled(of_gigabyte).max(1)
    }

    /// When the last session may have ended: the corpus ends on 2026-11-20.
    fn end() -> Stamp {
        Stamp(Stamp::midnight(date(2026, 11, 21)).0 - 1)
    }

    /// Some time on some day, with so much time left before the end.
    fn some_time(rng: &mut Rng, room: i64) -> Clock {
        let span = (DAYS * DAY - room).unsigned_abs();
        let late = i64::try_from(rng.below(span)).unwrap_or(0);
        Clock::at(Stamp(Self::end().0 - room - late))
    }

    /// The time that a transcript of so many bytes may take.
    fn room(size: u64) -> i64 {
        let megabytes = i64::try_from(size / 1_000_000).unwrap_or(i64::MAX);
        (3 * HOUR + megabytes.saturating_mul(150 * MINUTE)).min(LONGEST)
    }

    /// The time between two records: at least a second and a half, since no model answers sooner. It shrinks to that
    /// when a session has lasted long, or the end is near.
    fn pause(clock: &mut Clock, rng: &mut Rng, began: Stamp, most: i64) {
        let now = clock.now().0;
        let hurries = now - began.0 > PATIENCE || Self::end().0 - now < 2 * HOUR;
        clock.advance(1_500);
        clock.drift(rng, if hurries { 1 } else { most });
    }

    /// How far a moment is into the corpus' time, in parts of a thousand.
    fn age_per_mille(at: Stamp) -> i64 {
        1000 - (Self::end().0 - at.0) * 1000 / (DAYS * DAY)
    }

    /// The size of a tool result, at most `limit`.
    fn result_size(&self, rng: &mut Rng, limit: u64) -> u64 {
        let (median, sigma) = match self.profile {
            Profile::Heavy => (1_300.0, 1.6),
            Profile::Real => (250.0, 1.6),
        };
        rng.log_normal(median, sigma).min(200_000).min(limit)
    }
}

/// What a response uses when the conversation is so long.
fn some_tokens(rng: &mut Rng, context: u64) -> Tokens {
    let written = rng.between(200, 6_000);
    let (short, long) = if rng.per_mille(700) { (written, 0) } else { (written / 3, written - written / 3) };
    let output = rng.log_normal(260.0, 1.1).clamp(12, 32_000);
    Tokens {
        input: rng.between(1, 40),
        cache_read: context,
        cache_write_5m: short,
        cache_write_1h: long,
        output,
        reasoning_output: 0,
    }
}

/// The same without writes to caches, and with reasoning: as vendors report it who tell of no writes.
fn some_tokens_without_writes(rng: &mut Rng, context: u64) -> Tokens {
    let tokens = some_tokens(rng, context);
    let reasoning_output = if rng.per_mille(600) { tokens.output / 3 } else { 0 };
    let input = tokens.input + tokens.cache_write_5m + tokens.cache_write_1h;
    Tokens { input, cache_write_5m: 0, cache_write_1h: 0, reasoning_output, ..tokens }
}

/// Writes a home of agents to `root`, which should be empty, and tells the truth about it.
pub fn write(root: &Path, plan: Plan) -> io::Result<ExpectedUsageFile> {
    let home = Home::at(root)?;
    let mut rng = Rng::new(plan.seed);
    let mut truth = ExpectedUsage::default();
    for client in [claude::write, codex::write, gemini::write, opencode::write, others::write] {
        truth.merge(client(&home, &plan, rng.split())?);
    }
    let (files, size) = home.measure()?;
    let by_client = truth.by_client();
    let sessions = by_client.values().map(|client| client.sessions).sum();
    others::configure(&home)?;
    Ok(ExpectedUsageFile { seed: plan.seed, size, files, sessions, by_client, by_day: truth.by_day() })
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
        let truth = write(dir.path(), Plan { seed, size: 3_000_000, profile: Profile::Heavy }).unwrap();
        let mut found = BTreeMap::new();
        files(dir.path(), &mut found, dir.path());
        found.remove(Path::new(".config/agtop/config.toml"));
        (truth, found)
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
        let (truth, found) = small(1);
        assert_eq!(truth.files, found.len() as u64);
        assert!((2_000_000..5_000_000).contains(&truth.size), "{}", truth.size);
        let clients: Vec<_> = truth.by_client.keys().map(String::as_str).collect();
        assert_eq!(clients, ["aider", "claude", "codex", "gemini", "goose", "opencode"]);
        assert!(truth.by_day.last().unwrap().day.as_str() <= "2026-11-20");
        let turns: u64 = truth.by_day.iter().map(|row| row.turns).sum();
        assert_eq!(turns, truth.by_client.values().map(|client| client.turns).sum::<u64>());
    }
}
