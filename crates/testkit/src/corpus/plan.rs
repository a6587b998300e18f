//! The plan of a corpus: its size, its time span, and the sizes of what it holds.

use jiff::civil::date;

use crate::{Clock, DAY, HOUR, MINUTE, Rng, Stamp, Tokens};

/// The sizes of tool results, and the releases that wrote the transcripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Large tool results; old releases for the first half of the time.
    Heavy,
    /// Smaller tool results; new releases all the time.
    Real,
    /// Each session is of one of the two, so that a home has parts that are dense in usage and parts that are thin.
    /// What time and crashes leave is there as well: broken lines and documents, sessions of many weeks, and files as
    /// old as their last record.
    Mixed,
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed of everything random.
    pub seed: u64,
    /// About how many bytes.
    pub size: u64,
    /// What kind of use.
    pub profile: Profile,
}

/// After this time (in milliseconds) the pauses of a session are short, so that it ends before the corpus does.
const RELAXED_SESSION_TIME: i64 = 8 * DAY;
/// How long the user has used agents, in days.
const DAYS: i64 = 300;
/// The longest session, in milliseconds.
const MAX_SESSION_TIME: i64 = 12 * DAY;
/// The directories of the user's projects, with names that are hard to encode as paths.
pub(super) const PROJECTS: [&str; 12] = [
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
    pub(super) fn scaled(&self, of_gigabyte: u64) -> u64 {
        let share = u128::from(of_gigabyte) * u128::from(self.size) / 1_000_000_000;
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// The same, but at least one.
    pub(super) fn count(&self, of_gigabyte: u64) -> u64 {
        self.scaled(of_gigabyte).max(1)
    }

    /// The plan of one session: of a mixed home, either kind.
    pub(super) fn for_session(self, rng: &mut Rng) -> Self {
        match self.profile {
            Profile::Mixed => Self { profile: rng.pick(&[Profile::Heavy, Profile::Real]), ..self },
            Profile::Heavy | Profile::Real => self,
        }
    }

    /// When the last session may have ended: the corpus ends on 2026-11-20.
    pub(super) fn end() -> Stamp {
        Stamp(Stamp::midnight(date(2026, 11, 21)).0 - 1)
    }

    /// Some time on some day, with so much time left before the end.
    pub(super) fn some_time(rng: &mut Rng, room: i64) -> Clock {
        let span = (DAYS * DAY - room).unsigned_abs();
        let late = i64::try_from(rng.below(span)).unwrap_or(0);
        Clock::at(Stamp(Self::end().0 - room - late))
    }

    /// The time that a transcript of so many bytes may take.
    pub(super) fn room(size: u64) -> i64 {
        let megabytes = i64::try_from(size / 1_000_000).unwrap_or(i64::MAX);
        (3 * HOUR + megabytes.saturating_mul(150 * MINUTE)).min(MAX_SESSION_TIME)
    }

    /// The time between two records: at least a second and a half, since no model answers sooner. It shrinks to that
    /// when a session has lasted long, or the end is near.
    pub(super) fn pause(clock: &mut Clock, rng: &mut Rng, began: Stamp, most: i64) {
        let now = clock.now().0;
        let hurries = now - began.0 > RELAXED_SESSION_TIME || Self::end().0 - now < 2 * HOUR;
        clock.advance(1_500);
        clock.drift(rng, if hurries { 1 } else { most });
    }

    /// How far a moment is into the corpus' time, in parts of a thousand.
    pub(super) fn age_per_mille(at: Stamp) -> i64 {
        1000 - (Self::end().0 - at.0) * 1000 / (DAYS * DAY)
    }

    /// The size of a tool result, at most `limit`.
    pub(super) fn result_size(&self, rng: &mut Rng, limit: u64) -> u64 {
        let (median, sigma) = match self.profile {
            Profile::Heavy | Profile::Mixed => (1_300.0, 1.6),
            Profile::Real => (250.0, 1.6),
        };
        rng.log_normal(median, sigma).min(200_000).min(limit)
    }
}

/// What a response uses when the conversation is so long.
pub(super) fn some_tokens(rng: &mut Rng, context: u64) -> Tokens {
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

/// The same without cache writes and with reasoning, for vendors that do not report cache writes.
pub(super) fn some_tokens_without_writes(rng: &mut Rng, context: u64) -> Tokens {
    let tokens = some_tokens(rng, context);
    let reasoning_output = if rng.per_mille(600) { tokens.output / 3 } else { 0 };
    let input = tokens.input + tokens.cache_write_5m + tokens.cache_write_1h;
    Tokens { input, cache_write_5m: 0, cache_write_1h: 0, reasoning_output, ..tokens }
}
