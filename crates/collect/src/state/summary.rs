//! The World as a snapshot shows it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, RateLimit, RateLimitReading, RecentResponses, Session, Status, Timestamp, Totals};

use super::calendar::Calendar;
use super::family::Family;
use super::index::SessionIdx;
use super::recent_activity::{PaceContext, PaceSummary, RecentActivity};
use super::session_builder::SessionBuilder;
use super::session_status::STALE_AFTER;
use super::summary_cache::{BuiltRoot, SummaryCache};
use super::sums::{DaySums, Rates};
use super::world::World;

/// Sessions, totals and rates at one time.
pub(crate) struct WorldSummary {
    /// Sorted by last activity, newest first, with their subagents below them.
    pub(crate) sessions: Arc<[Arc<Session>]>,
    pub(crate) totals: Arc<Totals>,
    /// The newest reading of each rate limit.
    pub(crate) limits: Vec<(ClientId, Timestamp, RateLimit)>,
    pub(crate) paces: Arc<PaceSummary>,
    /// What differs from the summary before.
    pub(crate) changed: ChangedSessions,
}

/// How much of a summary is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SummaryScope {
    /// Everything.
    Complete,
    /// What has changed. If no session was added or removed, the rates of all sessions together stay as they were.
    Changes,
}

/// The sessions that differ from those of the summary before.
#[derive(Clone, Debug)]
pub(crate) enum ChangedSessions {
    /// Some were added or removed, or have other parents: any may differ.
    Any,
    /// These alone differ, and the list has the same sessions as before.
    These(Vec<Arc<Session>>),
}

impl World {
    /// Sums up what is known.
    pub(crate) fn summarise(&mut self, now: Timestamp, scope: SummaryScope) -> WorldSummary {
        let mut cache = std::mem::take(&mut self.summary);
        let prices = Arc::clone(&self.pricing.prices);
        let rates = Rates::new(&prices, &self.models);
        for session in self.responses.name_parts(&self.models) {
            self.sessions[session.at()].is_stale = true;
        }
        let expired = cache.drop_expired(now);
        let mut activity = std::mem::replace(&mut self.activity, RecentActivity::new(now));
        let mut changed = ChangedSessions::These(Vec::new());
        if self.has_changed || !expired.is_empty() {
            let stale = self.stale_sessions();
            self.has_new_relations |= stale.iter().any(|session| self.sessions[session.at()].has_other_files);
            for session in &stale {
                self.sessions[session.at()].merge_files();
            }
            changed = renew(&mut cache, self, &rates, Outdated { stale: &stale, expired: &expired }, now);
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
        if let (ChangedSessions::These(roots), SummaryScope::Changes) = (&changed, scope) {
            // Nobody else holds the sums by now, so this copies none.
            let by_session = &mut Arc::make_mut(&mut cache.paces).by_session;
            let indexed = roots.iter().filter_map(|root| Some((root.key.clone(), *self.index.get(&root.key)?)));
            by_session.extend(indexed.map(|(key, idx)| (key, activity.paces_of(idx, context))));
        } else {
            cache.paces = Arc::new(activity.paces(context));
        }
        self.activity = activity;
        let summary = WorldSummary {
            sessions: Arc::clone(&cache.sessions),
            totals: Arc::clone(&cache.totals),
            limits: self.newest_limits(),
            paces: Arc::clone(&cache.paces),
            changed,
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
            session.has_other_files = false;
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

/// The sessions that a summary builds again.
#[derive(Clone, Copy)]
struct Outdated<'a> {
    /// Those about which something was read.
    stale: &'a [SessionIdx],
    /// Those at the top that time alone has changed.
    expired: &'a [SessionIdx],
}

/// Builds again what has changed.
fn renew(
    cache: &mut SummaryCache,
    world: &World,
    rates: &Rates<'_>,
    outdated: Outdated<'_>,
    now: Timestamp,
) -> ChangedSessions {
    let Outdated { stale, expired } = outdated;
    recount(cache, world, rates, stale);
    cache.drop_built(stale);
    let changed: Option<HashSet<SessionIdx>> = if world.has_new_relations {
        let family = Family::of(&world.sessions, &world.index);
        // A session with another parent changes the one that it leaves and the one that it joins.
        let moved = family.moved_since(&cache.family);
        cache.drop_built(&moved);
        cache.family = family;
        cache.drop_built(&moved);
        cache.drop_built(stale);
        None
    } else {
        Some(stale.iter().map(|&idx| cache.family.root(idx)).chain(expired.iter().copied()).collect())
    };
    let again = rebuild_roots(cache, (world, rates, now), changed.as_ref());
    cache.roots.sort_by(|BuiltRoot { session: a, .. }, BuiltRoot { session: b, .. }| {
        b.last_active.cmp(&a.last_active).then_with(|| a.key.cmp(&b.key))
    });
    cache.expires_at = cache.roots.iter().filter_map(|root| root.expires_at).min();
    cache.sessions = cache.roots.iter().map(|root| Arc::clone(&root.session)).collect();
    if !stale.is_empty() || cache.totals.time_zone.is_empty() {
        let zone = &world.pricing.zone;
        let totals = cache.totals_cache.totals((&world.sessions, &world.models), &cache.days, stale, zone);
        cache.totals = Arc::new(totals);
    }
    again
}

/// Builds these sessions at the top again, or all of them. Those that stay as they are keep their order, so that few are
/// moved by the next sort.
fn rebuild_roots(
    cache: &mut SummaryCache,
    (world, rates, now): (&World, &Rates<'_>, Timestamp),
    changed: Option<&HashSet<SessionIdx>>,
) -> ChangedSessions {
    let SummaryCache { family, days, responses, built, roots, hidden, .. } = cache;
    let builder = SessionBuilder { world, rates, days, responses, family, now };
    let mut outdated: Vec<(SessionIdx, Visibility)> = Vec::new();
    if let Some(changed) = changed {
        let again = roots.extract_if(.., |root| changed.contains(&root.idx)).map(|root| root.idx);
        outdated.extend(again.map(|idx| (idx, Visibility::Shown)));
        let again = hidden.extract_if(.., |idx| changed.contains(idx));
        outdated.extend(again.map(|idx| (idx, Visibility::Hidden)));
    } else {
        roots.clear();
        hidden.clear();
        outdated.extend(family.roots.iter().map(|&idx| (idx, Visibility::Hidden)));
    }
    let mut difference = if changed.is_some() { ChangedSessions::These(Vec::new()) } else { ChangedSessions::Any };
    for (idx, before) in outdated {
        let visibility = if builder.is_in_scope(idx) { Visibility::Shown } else { Visibility::Hidden };
        if visibility != before {
            difference = ChangedSessions::Any;
        }
        if visibility == Visibility::Hidden {
            hidden.push(idx);
            continue;
        }
        let session = builder.session(idx, built);
        if let ChangedSessions::These(again) = &mut difference {
            again.push(Arc::clone(&session));
        }
        roots.push(BuiltRoot { idx, expires_at: expires_at(&session), session });
    }
    difference
}

/// Whether a session at the top is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visibility {
    Shown,
    Hidden,
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
            days.of(calendar.day(aggregate.cell.first), aggregate.model).add_aggregate(&aggregate, rates);
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
