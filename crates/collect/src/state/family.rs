use std::collections::HashMap;

use agtop_model::SessionKey;
use foldhash::fast::RandomState;

use super::index::{BySession, SessionIdx};
use super::session::SessionState;

/// The trees of sessions and their subagents. Every session occurs once, even if files name two as each other's parent.
#[derive(Debug, Default)]
pub(super) struct Family {
    /// In any order.
    pub(super) roots: Vec<SessionIdx>,
    parents: Vec<Option<SessionIdx>>,
    /// The parents by what files say, which may contain cycles.
    claimed: Vec<Option<SessionIdx>>,
    children: BySession<Vec<SessionIdx>>,
}

/// Levels of subagents below each other, at most.
const MAX_DEPTH: usize = 16;

impl Family {
    pub(super) fn of(sessions: &[SessionState], index: &HashMap<SessionKey, SessionIdx, RandomState>) -> Self {
        let parent = |state: &SessionState| {
            let named = state.parents().filter_map(|key| index.get(key)).copied();
            best_parent(named, sessions)
        };
        let claimed: Vec<Option<SessionIdx>> = sessions.iter().map(parent).collect();
        let mut family = Self { parents: vec![None; claimed.len()], ..Self::default() };
        for at in 0..claimed.len() {
            let idx = SessionIdx::new(at);
            match claimed[at].filter(|_| leads_to_a_root(&claimed, idx)) {
                Some(parent) => {
                    family.parents[at] = Some(parent);
                    family.children.entry(parent).or_default().push(idx);
                }
                None => family.roots.push(idx),
            }
        }
        Self { claimed, ..family }
    }

    /// The session that started this one, by what files say.
    pub(super) fn claimed_parent(&self, idx: SessionIdx) -> Option<SessionIdx> {
        self.claimed.get(idx.at()).copied().flatten()
    }

    /// The subagents that this session started.
    pub(super) fn children(&self, idx: SessionIdx) -> &[SessionIdx] {
        self.children.get(&idx).map_or(&[], Vec::as_slice)
    }

    /// The session and all above it, up to its root.
    pub(super) fn ancestry(&self, idx: SessionIdx) -> impl Iterator<Item = SessionIdx> {
        std::iter::successors(Some(idx), |idx| self.parents.get(idx.at()).copied().flatten())
    }

    /// The sessions that have another parent than before.
    pub(super) fn moved_since(&self, before: &Self) -> Vec<SessionIdx> {
        let places = self.parents.iter().zip(&before.parents).enumerate();
        let moved = places.filter(|(_, (now, before))| now != before);
        moved.map(|(at, _)| SessionIdx::new(at)).collect()
    }

    /// The session at the top, for which this one works.
    pub(super) fn root(&self, idx: SessionIdx) -> SessionIdx {
        self.ancestry(idx).last().unwrap_or(idx)
    }
}

/// The best of the parents that the files of a session name: one that files report, and among those one that is a
/// subagent itself, since files may name the session at the top besides the direct parent.
fn best_parent(named: impl Iterator<Item = SessionIdx>, sessions: &[SessionState]) -> Option<SessionIdx> {
    named.max_by(|&a, &b| {
        let rank = |idx: SessionIdx| {
            let state = &sessions[idx.at()];
            (state.has_files(), state.parents().next().is_some())
        };
        let id = |idx: SessionIdx| &sessions[idx.at()].key;
        rank(a).cmp(&rank(b)).then_with(|| id(b).cmp(id(a)))
    })
}

/// Whether the parents lead to a root. Members of a cycle, and sessions that are too deep, become roots themselves.
fn leads_to_a_root(claimed: &[Option<SessionIdx>], idx: SessionIdx) -> bool {
    let ancestors = std::iter::successors(Some(idx), |idx| claimed.get(idx.at()).copied().flatten());
    ancestors.take(MAX_DEPTH + 1).count() <= MAX_DEPTH
}
