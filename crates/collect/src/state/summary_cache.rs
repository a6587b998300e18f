use std::sync::Arc;

use agtop_model::{RecentResponses, Session, SessionDay, Timestamp, Totals};

use super::family::Family;
use super::index::{BySession, SessionIdx};
use super::totals::TotalsCache;

/// What the last summary was made of: the next one shares what has not changed.
#[derive(Debug, Default)]
pub(super) struct SummaryCache {
    pub(super) family: Family,
    pub(super) days: BySession<Arc<[SessionDay]>>,
    /// The last responses of sessions that were active within the last day.
    pub(super) responses: BySession<RecentResponses>,
    pub(super) built: BySession<Arc<Session>>,
    pub(super) sessions: Arc<[Arc<Session>]>,
    pub(super) totals_cache: TotalsCache,
    pub(super) totals: Arc<Totals>,
    /// When time alone changes a session next: its status, or how its decay is known.
    pub(super) expires_at: Option<Timestamp>,
}

impl SummaryCache {
    /// Drops the built sessions of these and of all above them, which contain them.
    pub(super) fn drop_built(&mut self, changed: &[SessionIdx]) {
        for &idx in changed {
            for above in self.family.ancestry(idx) {
                self.built.remove(&above);
            }
        }
    }
}
