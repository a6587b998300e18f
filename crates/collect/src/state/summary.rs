//! The World as a snapshot shows it.

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, RateLimit, RateLimitReading, RecentResponses, Session, Status, Timestamp, Totals};

use super::calendar::Calendar;
use super::family::Family;
use super::index::SessionIdx;
use super::recent_activity::{PaceContext, PaceSummary, RecentActivity};
use super::session_builder::SessionBuilder;
use super::session_status::STALE_AFTER;
use super::summary_cache::SummaryCache;
use super::sums::{DaySums, Rates};
use super::world::World;

/// Sessions, totals and rates at one time.
pub(crate) struct WorldSummary {
    /// Sorted by last activity, newest first, with their subagents below them.
    pub(crate) sessions: Arc<[Arc<Session>]>,
    pub(crate) totals: Arc<Totals>,
    /// The newest reading of each rate limit.
    pub(crate) limits: Vec<(ClientId, Timestamp, RateLimit)>,
    pub(crate) paces: PaceSummary,
}

impl World {
    /// Sums up what is known.
    pub(crate) fn summarise(&mut self, now: Timestamp) -> WorldSummary {
        let mut cache = std::mem::take(&mut self.summary);
        let prices = Arc::clone(&self.pricing.prices);
        let rates = Rates::new(&prices, &self.models);
        for session in self.responses.name_parts(&self.models) {
            self.sessions[session.at()].is_stale = true;
        }
        if cache.expires_at.is_some_and(|at| at <= now) {
            cache.built.clear();
            self.has_changed = true;
        }
        let mut activity = std::mem::replace(&mut self.activity, RecentActivity::new(now));
        if self.has_changed {
            let stale = self.stale_sessions();
            for session in &stale {
                self.sessions[session.at()].merge_files();
            }
            renew(&mut cache, self, &rates, &stale, now);
            activity.recount(&stale, &self.responses);
            self.mark_clean();
        }
        let context = PaceContext {
            sessions: &self.sessions,
            responses: &self.responses,
            plan: self.pricing.scope.plan,
            family: &cache.family,
            rates: &rates,
            now,
        };
        let paces = activity.paces(context);
        self.activity = activity;
        let summary = WorldSummary {
            sessions: Arc::clone(&cache.sessions),
            totals: Arc::clone(&cache.totals),
            limits: self.newest_limits(),
            paces,
        };
        self.summary = cache;
        summary
    }

    fn stale_sessions(&self) -> Vec<SessionIdx> {
        let sessions = self.sessions.iter().enumerate().filter(|(_, session)| session.is_stale);
        sessions.map(|(at, _)| SessionIdx::new(at)).collect()
    }

    fn mark_clean(&mut self) {
        for session in self.sessions.iter_mut().filter(|session| session.is_stale) {
            session.is_stale = false;
        }
        self.has_changed = false;
        self.has_new_relations = false;
    }

    fn newest_limits(&self) -> Vec<(ClientId, Timestamp, RateLimit)> {
        let reading = |reading: &RateLimitReading| (reading.client, reading.at, reading.limit.clone());
        let mut limits: Vec<_> = self.limits.iter().map(reading).collect();
        limits.sort_by(|a, b| (a.0, &a.2.limit).cmp(&(b.0, &b.2.limit)));
        limits
    }
}

/// Builds again what has changed. `stale` are the sessions that have.
fn renew(cache: &mut SummaryCache, world: &World, rates: &Rates<'_>, stale: &[SessionIdx], now: Timestamp) {
    recount(cache, world, rates, stale);
    cache.drop_built(stale);
    if world.has_new_relations {
        let family = Family::of(&world.sessions, &world.index);
        // A session with another parent changes the one that it leaves and the one that it joins.
        let moved = family.moved_since(&cache.family);
        cache.drop_built(&moved);
        cache.family = family;
        cache.drop_built(&moved);
        cache.drop_built(stale);
    }
    let SummaryCache { family, days, responses, built, .. } = cache;
    let builder = SessionBuilder { world, rates, days, responses, family, now };
    let (shown, hidden): (Vec<SessionIdx>, Vec<SessionIdx>) =
        family.roots.iter().partition(|&&root| builder.is_in_scope(root));
    let mut sessions: Vec<(SessionIdx, Arc<Session>)> =
        shown.into_iter().map(|root| (root, builder.session(root, built))).collect();
    sessions.sort_by(|(_, a), (_, b)| b.last_active.cmp(&a.last_active).then_with(|| a.key.cmp(&b.key)));
    // Kept in this order, most of them need not be moved by the next sort.
    family.roots = sessions.iter().map(|(root, _)| *root).chain(hidden).collect();
    cache.expires_at = sessions.iter().filter_map(|(_, session)| expires_at(session)).min();
    cache.sessions = sessions.into_iter().map(|(_, session)| session).collect();
    let zone = &world.pricing.zone;
    let totals = cache.totals_cache.totals((&world.sessions, &world.models), &cache.days, stale, zone);
    cache.totals = Arc::new(totals);
}

/// Sums the responses of these sessions up again.
fn recount(cache: &mut SummaryCache, world: &World, rates: &Rates<'_>, stale: &[SessionIdx]) {
    let mut calendar = Calendar::new(&world.pricing.zone);
    for &idx in stale {
        let mut days = DaySums::default();
        let mut responses = world.sessions[idx.at()].activity_log().map(|_| RecentResponses::default());
        for record in world.counted_responses_of(idx) {
            if let Some(responses) = &mut responses {
                responses.note(record.at(), record.response.usage.output);
            }
            days.of(calendar.day(record.at()), record.model()).add(&record, rates);
        }
        for aggregate in world.counted_aggregates_of(idx) {
            days.of(calendar.day(aggregate.cell.first), aggregate.model).add_aggregate(aggregate, rates);
        }
        let is_covered = world.pricing.scope.plan.covers(world.sessions[idx.at()].key.client);
        if is_covered {
            days.cover();
        }
        cache.days.insert(idx, days.named(&world.models));
        if let Some(responses) = responses {
            cache.responses.insert(idx, responses);
        }
    }
}

/// When time alone changes the session or one below it: when it becomes stale, or its decay is no longer known.
fn expires_at(session: &Session) -> Option<Timestamp> {
    let is_recent = session.status != Status::Stale;
    let own =
        session.last_active.filter(|_| is_recent).map(|last| last.plus(STALE_AFTER).plus(Duration::from_millis(1)));
    let decay = session.decay.map(|decay| decay.known_until.plus(Duration::from_millis(1)));
    session.children.iter().filter_map(|child| expires_at(child)).chain(own).chain(decay).min()
}
