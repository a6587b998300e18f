use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, RateLimit, RecentResponses, Session, SessionDay, Status, Timestamp, Totals};

use super::calendar::Calendar;
use super::family::Family;
use super::recent_activity::{self, Lately};
use super::session_builder::Teller;
use super::sums::{Days, Rates};
use super::totals::Ground;
use super::{BySession, SessionIdx, World};
use crate::agents::status::A_DAY;

/// What the last snapshot was made of: what did not change since is shared with the next.
#[derive(Debug, Default)]
pub(super) struct Memo {
    pub(super) family: Family,
    days: BySession<Arc<[SessionDay]>>,
    /// The last responses of sessions that were active in the last day.
    responses: BySession<RecentResponses>,
    built: BySession<Arc<Session>>,
    sessions: Arc<[Arc<Session>]>,
    ground: Ground,
    totals: Arc<Totals>,
    /// When the next session will have been quiet for so long that its status changes.
    ages_at: Option<Timestamp>,
}

/// What the World says to a snapshot.
pub(crate) struct Told {
    /// Newest first, with their sub-agents below them.
    pub(crate) sessions: Arc<[Arc<Session>]>,
    pub(crate) totals: Arc<Totals>,
    pub(crate) limits: Vec<(ClientId, Timestamp, RateLimit)>,
    pub(crate) lately: recent_activity::Told,
}

impl World {
    /// Sessions, sums over all responses, and what happened lately.
    pub(crate) fn tell(&mut self, now: Timestamp) -> Told {
        let mut memo = std::mem::take(&mut self.memo);
        let prices = Arc::clone(&self.lens.prices);
        let rates = Rates::new(&prices, &self.models);
        for session in self.turns.name_parts(&self.models) {
            self.sessions[session.at()].is_stale = true;
        }
        if memo.ages_at.is_some_and(|at| at <= now) {
            memo.built.clear();
            self.has_news = true;
        }
        let mut lately = std::mem::replace(&mut self.lately, Lately::new(now));
        if self.has_news {
            let stale = stale(self);
            for session in &stale {
                self.sessions[session.at()].merge_files();
            }
            memo.renew(self, &rates, &stale, now);
            lately.recount(&stale, &self.turns);
            self.settle();
        }
        let paces = lately.paces(self, &memo.family, &rates, now);
        self.lately = lately;
        let told = Told {
            sessions: Arc::clone(&memo.sessions),
            totals: Arc::clone(&memo.totals),
            limits: self.newest_limits(),
            lately: paces,
        };
        self.memo = memo;
        told
    }

    fn settle(&mut self) {
        for session in self.sessions.iter_mut().filter(|session| session.is_stale) {
            session.is_stale = false;
        }
        self.has_news = false;
        self.has_kin = false;
    }

    fn newest_limits(&self) -> Vec<(ClientId, Timestamp, RateLimit)> {
        let mut limits: Vec<_> =
            self.limits.iter().map(|((client, _), (at, limit))| (*client, *at, limit.clone())).collect();
        limits.sort_by(|a, b| (a.0, &a.2.limit).cmp(&(b.0, &b.2.limit)));
        limits
    }
}

impl Memo {
    /// Rebuilds what is no longer true.
    fn renew(&mut self, world: &World, rates: &Rates<'_>, stale: &[SessionIdx], now: Timestamp) {
        self.recount(world, rates, stale);
        self.forget(stale);
        if world.has_kin {
            let family = Family::of(world);
            // Whoever found another place, perhaps because others closed a ring, leaves one and enters one.
            let moved = family.moved_since(&self.family);
            self.forget(&moved);
            self.family = family;
            self.forget(&moved);
            self.forget(stale);
        }
        let teller = Teller { world, rates, days: &self.days, responses: &self.responses, family: &self.family, now };
        let built = &mut self.built;
        let (shown, hidden): (Vec<SessionIdx>, Vec<SessionIdx>) =
            self.family.roots.iter().partition(|&&root| teller.is_in_scope(root));
        let mut sessions: Vec<(SessionIdx, Arc<Session>)> =
            shown.into_iter().map(|root| (root, teller.session(root, built))).collect();
        sessions.sort_by(|(_, a), (_, b)| b.last_active.cmp(&a.last_active).then_with(|| a.key.cmp(&b.key)));
        // The next time nearly all of them are in order already.
        self.family.roots = sessions.iter().map(|(root, _)| *root).chain(hidden).collect();
        self.ages_at = sessions.iter().filter_map(|(_, session)| ages(session)).min();
        self.sessions = sessions.into_iter().map(|(_, session)| session).collect();
        self.totals = Arc::new(self.ground.totals(world, &self.days, stale, &world.lens.zone));
    }

    fn recount(&mut self, world: &World, rates: &Rates<'_>, stale: &[SessionIdx]) {
        let mut calendar = Calendar::new(&world.lens.zone);
        for &idx in stale {
            let mut days = Days::default();
            let mut responses = world.sessions[idx.at()].story().map(|_| RecentResponses::default());
            for record in world.counted_of(idx) {
                if let Some(responses) = &mut responses {
                    responses.note(record.at(), record.response.usage.output);
                }
                days.of(calendar.day(record.at()), record.model()).add(&record, rates);
            }
            for summed in world.summed_of(idx) {
                days.of(calendar.day(summed.cell.first), summed.model).add_summed(summed, rates);
            }
            let is_covered = world.lens.scope.plan.covers(world.sessions[idx.at()].key.client);
            if is_covered {
                days.cover();
            }
            self.days.insert(idx, days.told(&world.models));
            if let Some(responses) = responses {
                self.responses.insert(idx, responses);
            }
        }
    }

    /// What a session tells is part of what all above it tell.
    fn forget(&mut self, stale: &[SessionIdx]) {
        for &idx in stale {
            for above in self.family.ancestry(idx) {
                self.built.remove(&above);
            }
        }
    }
}

fn stale(world: &World) -> Vec<SessionIdx> {
    let sessions = world.sessions.iter().enumerate().filter(|(_, session)| session.is_stale);
    sessions.map(|(at, _)| SessionIdx(u32::try_from(at).unwrap_or(u32::MAX))).collect()
}

/// When the session, or one below it, will have been quiet for a day, or for so long that its decay is not known.
fn ages(session: &Session) -> Option<Timestamp> {
    let is_young = session.status != Status::Stale;
    let own = session.last_active.filter(|_| is_young).map(|last| last.plus(A_DAY).plus(Duration::from_millis(1)));
    let decay = session.decay.map(|decay| decay.known_until.plus(Duration::from_millis(1)));
    session.children.iter().filter_map(|child| ages(child)).chain(own).chain(decay).min()
}
