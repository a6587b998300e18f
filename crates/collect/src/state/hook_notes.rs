//! What hooks add to the state: nothing that is counted from transcripts.

use agtop_model::{SessionFacts, SessionKey, Timestamp, ToolKey, Untrusted};

use super::world::World;
use crate::limits::MAX_TAGS;

/// Ended calls that no transcript has reported yet, at most.
const MAX_ANSWERED: usize = 10_000;

impl World {
    /// Notes that a request failed, unless a transcript has reported it.
    pub(crate) fn note_pushed_failure(&mut self, session: &SessionKey, at: Timestamp, reason: &Untrusted) {
        let Some(&idx) = self.index.get(session).filter(|_| at <= self.latest) else { return };
        let state = &mut self.sessions[idx.at()];
        if state.failures.push(at, reason) {
            state.is_stale = true;
            self.has_changed = true;
            self.activity.note_pushed_failure(idx, at);
        }
    }

    /// Notes that a session was alive at this time.
    pub(crate) fn note_alive(&mut self, session: &SessionKey, at: Timestamp) {
        let Some(state) = self.index.get(session).map(|idx| &mut self.sessions[idx.at()]) else { return };
        if at <= self.latest && state.alive < Some(at) {
            state.alive = Some(at);
            state.is_stale = true;
            self.has_changed = true;
        }
    }

    /// Notes that a call has ended. Returns whether that is new.
    pub(crate) fn note_answer(&mut self, session: &SessionKey, call: ToolKey) -> bool {
        let known = self.index.get(session).map(|idx| &self.sessions[idx.at()]);
        if known.is_some_and(|session| session.has_answered(call)) {
            return false;
        }
        if self.answered_by_hooks.len() >= MAX_ANSWERED {
            self.answered_by_hooks.clear();
        }
        self.answered_by_hooks.insert(call)
    }

    /// Notes how full a session's context was at this time, as its client reported it.
    pub(crate) fn note_context(&mut self, session: &SessionKey, at: Timestamp, facts: &SessionFacts) {
        let Some(state) = self.index.get(session).map(|idx| &mut self.sessions[idx.at()]) else { return };
        if let Some(used) = facts.context_used.filter(|_| at <= self.latest) {
            state.note_context(at, used, facts.context_limit);
            self.has_changed = true;
        }
    }

    /// Notes the tag that the user gave to a session. Returns whether that is new.
    pub(crate) fn tag(&mut self, session: &SessionKey, tag: &Untrusted) -> bool {
        if self.tags.get(session) == Some(tag) || (self.tags.len() >= MAX_TAGS && !self.tags.contains_key(session)) {
            return false;
        }
        if let Some(idx) = self.index.get(session) {
            self.sessions[idx.at()].is_stale = true;
        }
        self.has_changed = true;
        self.tags.insert(session.clone(), tag.clone());
        true
    }
}
