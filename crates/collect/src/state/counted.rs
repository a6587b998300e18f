//! Which responses count for which session.

use agtop_model::{ResolvedTime, SessionKey, TimeSource};

use super::aggregate_cache::Aggregate;
use super::audit::{AuditedCopy, CopyVerdict};
use super::index::SessionIdx;
use super::responses::MergedResponse;
use super::world::World;

impl World {
    /// The responses in scope that count for this session itself, except those that are known as sums.
    pub(super) fn counted_responses_of(&self, idx: SessionIdx) -> impl Iterator<Item = MergedResponse> {
        // A response that another session owned for some time is in the list twice.
        let mut responses = self.sessions[idx.at()].responses().to_vec();
        responses.sort_unstable();
        responses.dedup();
        let records = responses.into_iter().filter_map(|response| self.responses.counted_at(response));
        let own = records.filter(move |record| record.session == idx).map(|record| self.dated(*record));
        own.filter(|record| self.pricing.scope.holds(record.at()))
    }

    /// The sums in scope of this session's own responses.
    pub(super) fn counted_aggregates_of(&self, idx: SessionIdx) -> impl Iterator<Item = Aggregate> {
        let aggregates = &self.sessions[idx.at()].aggregates;
        aggregates.iter().filter(|aggregate| self.pricing.scope.holds(aggregate.cell.first))
    }

    /// The response at the time by which it counts. One without a time happened when its session began, if that is
    /// known. When its file was written is used last, since copying a file changes that.
    fn dated(&self, record: MergedResponse) -> MergedResponse {
        if record.when.source != TimeSource::File {
            return record;
        }
        let started = self.sessions[record.session.at()].dated_start();
        MergedResponse { when: ResolvedTime { at: started.unwrap_or(record.when.at), ..record.when }, ..record }
    }

    /// The copies of responses of these sessions, and how each counts; empty if this World is not audited.
    pub fn verdicts(&self, sessions: &[SessionKey]) -> Vec<(AuditedCopy, CopyVerdict)> {
        let mut verdicts = self.audit.as_ref().map(|audit| audit.verdicts(sessions)).unwrap_or_default();
        for (copy, _) in verdicts.iter_mut().filter(|(copy, _)| copy.when.source == TimeSource::File) {
            let started = self.index.get(&copy.session).and_then(|idx| self.sessions[idx.at()].dated_start());
            copy.when.at = started.unwrap_or(copy.when.at);
        }
        verdicts
    }
}
