use super::session::SessionState;
use super::{BySession, SessionIdx, World};

/// Who is whose sub-agent. Every session is in it exactly once, even if files claim that two are each other's parent.
#[derive(Debug, Default)]
pub(super) struct Family {
    /// In any order.
    pub(super) roots: Vec<SessionIdx>,
    parents: Vec<Option<SessionIdx>>,
    /// As files say, rings included.
    claimed: Vec<Option<SessionIdx>>,
    children: BySession<Vec<SessionIdx>>,
}

/// Sub-agents start sub-agents, but not this deep.
const DEEPEST: usize = 16;

impl Family {
    pub(super) fn of(world: &World) -> Self {
        let claimed: Vec<Option<SessionIdx>> =
            world.sessions.iter().map(|state| claimed_parent(world, state)).collect();
        let mut family = Self { parents: vec![None; claimed.len()], ..Self::default() };
        for at in 0..claimed.len() {
            let idx = SessionIdx(u32::try_from(at).unwrap_or(u32::MAX));
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

    /// The session that sent this one off, as files say.
    pub(super) fn claimed_parent(&self, idx: SessionIdx) -> Option<SessionIdx> {
        self.claimed.get(idx.at()).copied().flatten()
    }

    /// The sub-agents that this session sent off.
    pub(super) fn children(&self, idx: SessionIdx) -> &[SessionIdx] {
        self.children.get(&idx).map_or(&[], Vec::as_slice)
    }

    /// The session and all above it, up to its root.
    pub(super) fn ancestry(&self, idx: SessionIdx) -> impl Iterator<Item = SessionIdx> {
        std::iter::successors(Some(idx), |idx| self.parents.get(idx.at()).copied().flatten())
    }

    /// The sessions that have another place than they had.
    pub(super) fn moved_since(&self, before: &Self) -> Vec<SessionIdx> {
        let places = self.parents.iter().zip(&before.parents).enumerate();
        let moved = places.filter(|(_, (now, before))| now != before);
        moved.map(|(at, _)| SessionIdx(u32::try_from(at).unwrap_or(u32::MAX))).collect()
    }

    /// The session on whose behalf this one works, at last.
    pub(super) fn root(&self, idx: SessionIdx) -> SessionIdx {
        self.ancestry(idx).last().unwrap_or(idx)
    }
}

/// The session that sent this one off, of those that its files name: one of which files tell, else any; of several the
/// one that was sent off itself, since a sub-agent's own parent is told besides the conversation at the top.
fn claimed_parent(world: &World, state: &SessionState) -> Option<SessionIdx> {
    let named = state.parents().filter_map(|key| world.index.get(key)).copied();
    named.max_by(|&a, &b| {
        let rank = |idx: SessionIdx| {
            let state = &world.sessions[idx.at()];
            (state.has_files(), state.parents().next().is_some())
        };
        let id = |idx: SessionIdx| &world.sessions[idx.at()].key;
        rank(a).cmp(&rank(b)).then_with(|| id(b).cmp(id(a)))
    })
}

/// Whether following parents ends: members of a ring, and what hangs too deep, count as roots themselves.
fn leads_to_a_root(claimed: &[Option<SessionIdx>], idx: SessionIdx) -> bool {
    let ancestors = std::iter::successors(Some(idx), |idx| claimed.get(idx.at()).copied().flatten());
    ancestors.take(DEEPEST + 1).count() <= DEEPEST
}
