//! Which thread the lines of a file belong to: a forked or spawned thread may start with a copy of its parent's lines.

use agtop_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::loose::filled;
use super::payload::Meta;
use super::usage::Start;
use crate::checkpoint;
use crate::facts::is_uuid;
use crate::parse::Str;

/// Which thread a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// This thread.
    Own,
    /// The parent: a copy that kept its time and can be matched with the original response.
    DatedCopy,
    /// The parent: a copy with a new timestamp, or one that the parent's file certainly has.
    Copy,
    /// Not known yet.
    Unclear,
}

/// Position relative to the copied lines, if there are any.
///
/// A copy ends where the thread's own first turn starts. The turn is recognised by its id (`UUIDv7` ids sort by time,
/// so the thread's own turns sort after the thread) or by `started_at`, which copied turns keep. A time window is not
/// enough: writing the copy of a large history takes many seconds. Only if neither is present, the clock decides, see
/// [`CopyStage::Unclear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CopyStage {
    /// No copy so far, and none is expected.
    Fresh,
    /// The thread's own turns have started.
    Own,
    /// The thread inherits, and no turn has shown its owner. Copies are written at once, and no model responds twice
    /// within a second: if the first two counts share a second, that whole second is copied.
    Unclear,
    /// A turn older than the thread was seen: lines are copied until a younger turn starts.
    Copied,
    /// Lines older than the thread were seen: lines are copied until a younger line comes.
    Dated,
    /// Two counts shared this second: lines are copied until the next second.
    Second(i64),
}

/// What is known about a thread's parent and the copied lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ThreadLineage {
    stage: CopyStage,
    /// The thread's id, if it contains a time.
    id: Option<Box<str>>,
    /// When the thread was created.
    #[serde(with = "checkpoint::millis")]
    created: Option<Timestamp>,
    /// Whether the thread is a sub-agent's.
    is_subagent: bool,
    /// Whether the meta line of another thread was seen.
    holds_foreign_meta: bool,
    /// The ordinal of the thread's first own line.
    own_from: Option<u64>,
    /// The start of its totals.
    pub(super) start: Start,
}

impl ThreadLineage {
    /// For a file whose first line has not been read.
    pub(super) fn unknown() -> Self {
        Self {
            stage: CopyStage::Fresh,
            id: None,
            created: None,
            is_subagent: false,
            holds_foreign_meta: false,
            own_from: None,
            start: Start::Zero,
        }
    }

    /// For the thread that the first session meta describes.
    pub(super) fn of(meta: &Meta<'_>) -> Self {
        let is_forked = filled(meta.forked_from_id.as_ref()).is_some();
        let inherits = is_forked || meta.is_subagent() || meta.history_base.is_some();
        // From 0.154 on nothing is copied: `history_base` points to the parent. If there are ordinals, they decide.
        let may_copy = inherits && meta.history_base.is_none() && meta.subagent_history_start_ordinal.is_none();
        Self {
            stage: if may_copy { CopyStage::Unclear } else { CopyStage::Fresh },
            id: filled(meta.id.as_ref()).filter(|id| has_time(id)).map(Into::into),
            created: meta.timestamp.0,
            is_subagent: meta.is_subagent(),
            holds_foreign_meta: false,
            own_from: meta.subagent_history_start_ordinal,
            start: if inherits { Start::Inherited } else { Start::Zero },
        }
    }

    /// Notes another thread's meta: unless own turns have started, a copy of its history follows.
    pub(super) fn foreign_meta(&mut self) {
        self.holds_foreign_meta = true;
        if self.stage == CopyStage::Fresh && self.own_from.is_none() {
            self.stage = CopyStage::Unclear;
        }
    }

    /// Notes the thread's own meta again: the lines after it are its own.
    pub(super) fn own_meta(&mut self) {
        if self.stage == CopyStage::Copied {
            self.stage = CopyStage::Own;
        }
    }

    /// Notes the start of a turn.
    pub(super) fn turn_began(&mut self, turn: Option<&Str<'_>>, started_at: Option<Timestamp>) {
        if !matches!(self.stage, CopyStage::Own | CopyStage::Dated)
            && let Some(own) = self.is_own_turn(filled(turn), started_at)
        {
            self.stage = match (own, self.stage) {
                (true, _) => CopyStage::Own,
                (false, CopyStage::Fresh) => CopyStage::Fresh,
                (false, _) => CopyStage::Copied,
            };
        }
    }

    /// Whether a turn belongs to this thread, if that can be determined.
    fn is_own_turn(&self, turn: Option<&str>, started_at: Option<Timestamp>) -> Option<bool> {
        if let (Some(id), Some(turn)) = (self.id.as_deref(), turn.filter(|turn| has_time(turn))) {
            return Some(turn.bytes().map(|b| b.to_ascii_lowercase()).ge(id.bytes().map(|b| b.to_ascii_lowercase())));
        }
        // `started_at` is in whole seconds, the creation time in milliseconds.
        Some(started_at?.as_millis().div_euclid(1000) >= self.created?.as_millis().div_euclid(1000))
    }

    /// The owner of a line.
    pub(super) fn owner(&mut self, at: Option<Timestamp>, ordinal: Option<u64>) -> Owner {
        if let (Some(own_from), Some(ordinal)) = (self.own_from, ordinal)
            && ordinal < own_from
        {
            return Owner::Copy;
        }
        if matches!(self.stage, CopyStage::Fresh | CopyStage::Own) {
            return Owner::Own;
        }
        if let (Some(at), Some(created)) = (at, self.created)
            && at < created
        {
            self.stage = CopyStage::Dated;
            // A sub-agent's copy lacks some of its parent's lines, so the same response may look different in both
            // files: the parent's file is used.
            return if self.is_subagent { Owner::Copy } else { Owner::DatedCopy };
        }
        match self.stage {
            CopyStage::Copied => Owner::Copy,
            CopyStage::Unclear => Owner::Unclear,
            CopyStage::Second(second) if at.is_some_and(|at| second_of(at) == second) => Owner::Copy,
            CopyStage::Fresh | CopyStage::Own | CopyStage::Dated | CopyStage::Second(_) => {
                self.stage = CopyStage::Own;
                Owner::Own
            }
        }
    }

    /// Notes that two counts shared a second before any turn showed its owner: that whole second is copied.
    pub(super) fn is_copied_second(&mut self, at: Timestamp) {
        self.stage = CopyStage::Second(second_of(at));
    }

    /// Notes that only the thread's own lines follow.
    pub(super) fn set_own(&mut self) {
        self.stage = CopyStage::Own;
    }

    /// Whether the owner of the current lines is still unknown.
    pub(super) fn is_unclear(&self) -> bool {
        self.stage == CopyStage::Unclear
    }

    /// Whether no sign of a copy was seen, so that an unclear count belongs to this thread.
    pub(super) fn has_no_foreign_meta(&self) -> bool {
        !self.holds_foreign_meta
    }
}

/// The second of a time.
pub(super) fn second_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

/// Whether an id is a `UUIDv7`, which starts with its time (RFC 9562, section 5.7).
fn has_time(id: &str) -> bool {
    is_uuid(id) && id.as_bytes().get(14) == Some(&b'7')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_7_ids_contain_a_time() {
        assert!(has_time("019d9249-0000-7000-8000-000000000001"));
        assert!(!has_time("8f14e45f-ceea-467f-9b3c-1a2b3c4d5e6f"));
        assert!(!has_time("p1"));
    }
}
