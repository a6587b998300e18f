use std::sync::Arc;

use agtop_model::{RecentResponses, Session, SessionDay, Timestamp, Totals};

use super::family::Family;
use super::index::{BySession, SessionIdx};
use super::recent_activity::PaceSummary;
use super::totals::TotalsCache;

/// What the last summary was made of: the next one shares what has not changed.
#[derive(Debug, Default)]
pub(super) struct SummaryCache {
    pub(super) family: Family,
    pub(super) days: BySession<Arc<[SessionDay]>>,
    /// The last responses of sessions that were active within the last day.
    pub(super) responses: BySession<RecentResponses>,
    pub(super) built: BySession<Arc<Session>>,
    /// The sessions at the top that are shown, newest first.
    pub(super) roots: Vec<BuiltRoot>,
    /// The sessions at the top that are not shown.
    pub(super) hidden: Vec<SessionIdx>,
    pub(super) sessions: Arc<[Arc<Session>]>,
    pub(super) totals_cache: TotalsCache,
    pub(super) totals: Arc<Totals>,
    /// The rates, as they were summed up last.
    pub(super) paces: Arc<PaceSummary>,
    /// When time alone changes a session next.
    pub(super) expires_at: Option<Timestamp>,
}

/// A session at the top, as it was built last.
#[derive(Clone, Debug)]
pub(super) struct BuiltRoot {
    pub(super) idx: SessionIdx,
    pub(super) session: Arc<Session>,
    /// When time alone changes it or a session below it: its status, or how its decay is known.
    pub(super) expires_at: Option<Timestamp>,
}

impl SummaryCache {
    /// Drops the built sessions that time has changed, with all below them. Returns those at the top.
    pub(super) fn drop_expired(&mut self, now: Timestamp) -> Vec<SessionIdx> {
        if self.expires_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        let is_expired = |root: &&BuiltRoot| root.expires_at.is_some_and(|at| at <= now);
        let expired: Vec<SessionIdx> = self.roots.iter().filter(is_expired).map(|root| root.idx).collect();
        for &root in &expired {
            self.drop_built_below(root);
        }
        expired
    }

    fn drop_built_below(&mut self, idx: SessionIdx) {
        self.built.remove(&idx);
        for child in self.family.children(idx).to_vec() {
            self.drop_built_below(child);
        }
    }

    /// Drops the built sessions of these and of all above them, which contain them.
    pub(super) fn drop_built(&mut self, changed: &[SessionIdx]) {
        for &idx in changed {
            for above in self.family.ancestry(idx) {
                self.built.remove(&above);
            }
        }
    }
}
