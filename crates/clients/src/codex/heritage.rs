//! Whose lines a file holds: a forked or spawned thread may begin with a copy of its parent's.

use agtop_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::loose::filled;
use super::payload::Meta;
use super::usage::Start;
use crate::checkpoint;
use crate::facts::is_uuid;
use crate::parse::Str;

/// Whose a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The thread's own.
    Own,
    /// A copy of the parent's that kept its time, so that it can be told to be the same response.
    DatedCopy,
    /// A copy that was stamped anew, or that the parent's file is trusted to hold.
    Copy,
    /// One or the other: nothing tells yet.
    Unclear,
}

/// How far the copy, if there is one, has been read.
///
/// A copy ends where the thread's own first turn begins. That shows by its id (`UUIDv7`, which sort by time, so the
/// thread's own turns sort after the thread) or by `started_at`, which copied turns keep. A time window does not do:
/// the copy of a large history takes many seconds to write. Only where neither is written is the clock asked, see
/// [`Stage::Unclear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Not a copy so far, nor expected to be one.
    Fresh,
    /// The thread's own turns have begun.
    Own,
    /// It inherits, and no turn has told whose it is. Copies are written in one go, and no model answers twice within
    /// a second: if the first two counts share a second, all of that second is copied.
    Unclear,
    /// A turn older than the thread was seen: a copy until a younger one begins.
    Copied,
    /// Lines older than the thread were seen: a copy until a younger one comes.
    Dated,
    /// Two counts shared this second: a copy until the next.
    Second(i64),
}

/// What is known about a thread's descent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Heritage {
    stage: Stage,
    /// The thread's id, if its age shows in it.
    id: Option<Box<str>>,
    /// When the thread was created.
    #[serde(with = "checkpoint::millis")]
    created: Option<Timestamp>,
    /// Whether it is a sub-agent's.
    is_subagent: bool,
    /// Whether lines of another thread were seen to begin.
    holds_foreign_meta: bool,
    /// The ordinal of its first own line.
    own_from: Option<u64>,
    /// Where its totals start.
    pub(super) start: Start,
}

impl Heritage {
    /// Of a file whose first line is still to come.
    pub(super) fn unknown() -> Self {
        Self {
            stage: Stage::Fresh,
            id: None,
            created: None,
            is_subagent: false,
            holds_foreign_meta: false,
            own_from: None,
            start: Start::Zero,
        }
    }

    /// Of the thread that the first session meta describes.
    pub(super) fn of(meta: &Meta<'_>) -> Self {
        let is_forked = filled(meta.forked_from_id.as_ref()).is_some();
        let inherits = is_forked || meta.is_subagent() || meta.history_base.is_some();
        // From 0.154 on nothing is copied, `history_base` points to the parent; and where ordinals tell, they rule.
        let may_copy = inherits && meta.history_base.is_none() && meta.subagent_history_start_ordinal.is_none();
        Self {
            stage: if may_copy { Stage::Unclear } else { Stage::Fresh },
            id: filled(meta.id.as_ref()).filter(|id| tells_age(id)).map(Into::into),
            created: meta.timestamp.0,
            is_subagent: meta.is_subagent(),
            holds_foreign_meta: false,
            own_from: meta.subagent_history_start_ordinal,
            start: if inherits { Start::Inherited } else { Start::Zero },
        }
    }

    /// The meta of another thread: its history follows, as a copy, unless the own has begun.
    pub(super) fn foreign_meta(&mut self) {
        self.holds_foreign_meta = true;
        if self.stage == Stage::Fresh && self.own_from.is_none() {
            self.stage = Stage::Unclear;
        }
    }

    /// The thread's own meta again: what follows is its own.
    pub(super) fn own_meta(&mut self) {
        if self.stage == Stage::Copied {
            self.stage = Stage::Own;
        }
    }

    /// A turn begins.
    pub(super) fn turn_began(&mut self, turn: Option<&Str<'_>>, started_at: Option<Timestamp>) {
        if !matches!(self.stage, Stage::Own | Stage::Dated)
            && let Some(own) = self.is_own_turn(filled(turn), started_at)
        {
            self.stage = match (own, self.stage) {
                (true, _) => Stage::Own,
                (false, Stage::Fresh) => Stage::Fresh,
                (false, _) => Stage::Copied,
            };
        }
    }

    /// Whether a turn is the thread's own, if that shows.
    fn is_own_turn(&self, turn: Option<&str>, started_at: Option<Timestamp>) -> Option<bool> {
        if let (Some(id), Some(turn)) = (self.id.as_deref(), turn.filter(|turn| tells_age(turn))) {
            return Some(turn.bytes().map(|b| b.to_ascii_lowercase()).ge(id.bytes().map(|b| b.to_ascii_lowercase())));
        }
        // `started_at` has whole seconds, the creation has milliseconds.
        Some(started_at?.as_millis().div_euclid(1000) >= self.created?.as_millis().div_euclid(1000))
    }

    /// Whose a line is.
    pub(super) fn owner(&mut self, at: Option<Timestamp>, ordinal: Option<u64>) -> Owner {
        if let (Some(own_from), Some(ordinal)) = (self.own_from, ordinal)
            && ordinal < own_from
        {
            return Owner::Copy;
        }
        if matches!(self.stage, Stage::Fresh | Stage::Own) {
            return Owner::Own;
        }
        if let (Some(at), Some(created)) = (at, self.created)
            && at < created
        {
            self.stage = Stage::Dated;
            // A sub-agent's copy lacks some of its parent's lines, so that the same response may look different in
            // both: the parent's file has it.
            return if self.is_subagent { Owner::Copy } else { Owner::DatedCopy };
        }
        match self.stage {
            Stage::Copied => Owner::Copy,
            Stage::Unclear => Owner::Unclear,
            Stage::Second(second) if at.is_some_and(|at| second_of(at) == second) => Owner::Copy,
            Stage::Fresh | Stage::Own | Stage::Dated | Stage::Second(_) => {
                self.stage = Stage::Own;
                Owner::Own
            }
        }
    }

    /// Two counts shared a second before any turn told whose it is: all of that second is copied.
    pub(super) fn is_copied_second(&mut self, at: Timestamp) {
        self.stage = Stage::Second(second_of(at));
    }

    /// Nothing but the thread's own follows.
    pub(super) fn settle(&mut self) {
        self.stage = Stage::Own;
    }

    /// Whether it is still unclear whose lines these are.
    pub(super) fn is_unclear(&self) -> bool {
        self.stage == Stage::Unclear
    }

    /// Whether a turn that ends here, unclear whose it is, must be the thread's own: there is no trace of a copy.
    pub(super) fn has_no_foreign_meta(&self) -> bool {
        !self.holds_foreign_meta
    }
}

/// The second a moment lies in.
pub(super) fn second_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

/// Whether an id is a `UUIDv7`, which begins with its time (RFC 9562, section 5.7).
fn tells_age(id: &str) -> bool {
    is_uuid(id) && id.as_bytes().get(14) == Some(&b'7')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_7_ids_tell_their_age() {
        assert!(tells_age("019d9249-0000-7000-8000-000000000001"));
        assert!(!tells_age("8f14e45f-ceea-467f-9b3c-1a2b3c4d5e6f"));
        assert!(!tells_age("p1"));
    }
}
