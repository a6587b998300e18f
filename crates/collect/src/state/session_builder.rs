use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Known;
use agtop_model::{
    ClientId, ContextGrowth, ContextSource, ContextWindow, Decay, DecayFacts, FileSession, Gap, InFlight, ModelSpend,
    PicoUsd, Reading, RecentResponses, ServiceTier, Session, SessionDay, Timestamp, Title, Untrusted, Usage,
    UsageExtent,
};

use super::activity_log::{Story, average_growth};
use super::family::Family;
use super::session::{Flight, SessionState};
use super::sums::{Rates, total};
use super::totals::dearest_first;
use super::turns::NameIdx;
use super::{BySession, NEWS, SessionIdx, World};
use crate::agents::status;

/// Builds the sessions of one snapshot.
pub(super) struct Teller<'a> {
    pub(super) world: &'a World,
    pub(super) rates: &'a Rates<'a>,
    pub(super) days: &'a BySession<Arc<[SessionDay]>>,
    pub(super) responses: &'a BySession<RecentResponses>,
    pub(super) family: &'a Family,
    pub(super) now: Timestamp,
}

impl Teller<'_> {
    /// A session is shown if any file tells of it or of its sub-agents, within the time asked for.
    pub(super) fn is_in_scope(&self, idx: SessionIdx) -> bool {
        let state = &self.world.sessions[idx.at()];
        let scope = &self.world.lens.scope;
        (state.has_files() && scope.touches(state.started(), state.last_active()))
            || self.family.children(idx).iter().any(|&child| self.is_in_scope(child))
    }

    /// The session with its sub-agents, of which those that are in `built` are taken as they are.
    pub(super) fn session(&self, idx: SessionIdx, built: &mut BySession<Arc<Session>>) -> Arc<Session> {
        if let Some(known) = built.get(&idx) {
            return Arc::clone(known);
        }
        let mut children: Vec<Arc<Session>> =
            self.family.children(idx).iter().map(|&child| self.session(child, built)).collect();
        children.sort_by(|a, b| (a.started, &a.key.id).cmp(&(b.started, &b.key.id)));
        let session = Arc::new(self.told(idx, children));
        built.insert(idx, Arc::clone(&session));
        session
    }

    fn told(&self, idx: SessionIdx, children: Vec<Arc<Session>>) -> Session {
        let state = &self.world.sessions[idx.at()];
        let days = self.days.get(&idx).cloned().unwrap_or_default();
        let own = total(&days);
        let (mut usage, mut spend, mut turns) = (own.usage, own.spend, own.turns);
        for child in &children {
            usage += child.usage;
            spend += child.spend;
            turns += child.turns;
        }
        let subagent_files: u32 = children.iter().map(|child| child.files).sum();
        let last_active =
            children.iter().filter_map(|child| child.last_active).max().max(state.last_active()).max(state.alive);
        let cwd = self.cwd(state);
        let told = state.told();
        let (facts, parent) = (&told.facts, self.family.claimed_parent(idx));
        let (status, evidence) = status::without_process(told.phase, last_active, self.now);
        let models = models(&days, &children);
        let context = self.context(state);
        let recent = state.story().into_iter().flat_map(Story::happenings);
        Session {
            key: state.key.clone(),
            parent: parent.map(|parent| self.world.sessions[parent.at()].key.clone()),
            forked_from: facts.forked_from.clone(),
            title: best_title(told),
            public_title: told.title.clone(),
            project: cwd.as_deref().and_then(last_part),
            cwd,
            branch: facts.branch.clone(),
            version: facts.version.clone(),
            origin: facts.origin.clone(),
            tag: self.world.tags.get(&state.key).cloned(),
            started: state.started(),
            last_active,
            model: self.model(state),
            own_usage: own.usage,
            own_spend: own.spend,
            own_days: days,
            usage,
            spend,
            usage_gap: usage_gap(state.key.client, turns),
            cache_saving: self.cache_saving(&models),
            models,
            turns,
            prompts: told.prompts,
            errors: told.errors.saturating_add(state.failures.count()),
            compactions: told.compactions,
            context,
            growth: self.growth(state, context.ok()),
            decay: self.decay(idx, context.ok()),
            repeats: state.story().map_or(0, Story::repeats),
            recent: state.failures.among(recent.cloned().collect()),
            tools: state.tool_counts(),
            in_flight: self.in_flight(state),
            stop: told.last_turn.and_then(|turn| turn.stop),
            children,
            files: state.file_count() + subagent_files,
            subagent_files,
            phase: told.phase,
            status,
            evidence,
        }
    }

    /// How fast the context fills, by the last responses or else on the whole. After a compaction the whole says nothing,
    /// and nobody waits for the context of a session of which nothing was heard for a day.
    fn growth(&self, state: &SessionState, context: Option<ContextWindow>) -> Option<ContextGrowth> {
        let by_last = state.story().and_then(|story| story.growth(context));
        by_last.or_else(|| {
            let told = state.told();
            let last = told.last_turn?.when.at;
            let is_young = self.now.since(state.last_active()?) <= NEWS && told.compactions == 0;
            average_growth(context.filter(|_| is_young)?, last.since(state.started()?))
        })
    }

    /// How much the session's length weighs on it, by its own responses.
    fn decay(&self, idx: SessionIdx, context: Option<ContextWindow>) -> Option<Decay> {
        // What has no story has not been active for a day.
        let story = self.world.sessions[idx.at()].story()?;
        let facts = DecayFacts {
            fill_percent: context?.percent(),
            responses: self.responses.get(&idx)?,
            failures: &story.failures(),
            repeats: story.repeats(),
        };
        Decay::of(facts, self.now)
    }

    /// What has not ended, by transcripts or by hooks. In a session that has been quiet for a day nothing will.
    fn in_flight(&self, state: &SessionState) -> Vec<InFlight> {
        let last = state.last_active().max(state.alive);
        if last.is_none_or(|last| self.now.since(last) > NEWS) {
            return Vec::new();
        }
        let open = state.in_flight().into_iter().filter(|(call, _)| !self.world.answered.contains(call));
        open.map(|(_, flight)| self.flight(state, flight)).collect()
    }

    fn flight(&self, state: &SessionState, flight: &Flight) -> InFlight {
        InFlight {
            name: flight.name.clone(),
            target: flight.target.clone(),
            since: flight.since,
            is_subagent: flight.is_subagent,
            usual: self.world.tool_times.usual(state.key.client, flight.name.raw()),
        }
    }

    fn cwd(&self, state: &SessionState) -> Option<PathBuf> {
        let by_project = || {
            let project = state.told().facts.project.as_ref()?;
            self.world.projects.get(&(state.key.client, Arc::clone(project))).cloned()
        };
        state.told().facts.cwd.clone().or_else(by_project)
    }

    fn model(&self, state: &SessionState) -> Option<Arc<str>> {
        let told = state.told();
        let of_turn = told.last_turn.and_then(|turn| turn.model).and_then(|model| self.world.models.get(model));
        of_turn.or(told.facts.model.as_ref()).cloned()
    }

    /// What reading from caches saved, at the list prices of usual prompts.
    fn cache_saving(&self, models: &[ModelSpend]) -> Option<PicoUsd> {
        let saving = |model: &ModelSpend| {
            let rated = self.rates.of(self.world.models.find(model.model.as_ref()?))?;
            let cost = |usage| rated.cost_of(&usage, ServiceTier::Standard, UsageExtent::Sum).amount;
            let tokens = model.usage.cache_read;
            let afresh = cost(Usage { input: tokens, ..Usage::default() })?;
            let cached = cost(Usage { cache_read: tokens, ..Usage::default() })?;
            Some(PicoUsd::new(afresh.as_pico().saturating_sub(cached.as_pico())))
        };
        let known: Vec<PicoUsd> = models.iter().filter_map(saving).collect();
        (!known.is_empty()).then(|| known.into_iter().sum())
    }

    /// How full the context is. The window is the vendor's word, else the table's, unless more was seen to fit: then
    /// it is the next usual size (features S0-CTX-03).
    fn context(&self, state: &SessionState) -> Reading<ContextWindow> {
        let told = state.told();
        let of_turn = told.last_turn.map(|turn| (turn.when.at, turn.context_used));
        let stated_at = told.context_at.unwrap_or(Timestamp::EARLIEST);
        let stated = told.facts.context_used.map(|used| (stated_at, used));
        let pushed = state.pushed_context;
        let (_, used) = [of_turn, stated, pushed].into_iter().flatten().max().ok_or(Gap::NotReported)?;
        // A sum of responses says nothing of the last prompt, and no prompt is empty.
        if used == 0 {
            return Err(Gap::NotReported);
        }
        let configured = || self.world.windows.get(&(state.key.client, self.model(state)?)).copied();
        let stated = state.pushed_limit.or(told.facts.context_limit).or_else(configured);
        if let Some(limit) = stated.filter(|&limit| limit >= used) {
            return Ok(ContextWindow { used, limit, source: ContextSource::Vendor });
        }
        let largest = used.max(told.largest_prompt);
        let in_table = self.model(state).and_then(|model| match self.world.models.find(&model) {
            Some(known) => self.rates.window(known),
            None => self.rates.book.context_limit(&model),
        });
        if let Some(limit) = in_table.filter(|&limit| limit >= largest) {
            return Ok(ContextWindow { used, limit, source: ContextSource::Table });
        }
        calibrated(largest, in_table).map(|limit| ContextWindow { used, limit, source: ContextSource::Calibrated })
    }
}

/// What a session and its sub-agents used, by model.
fn models(days: &[SessionDay], children: &[Arc<Session>]) -> Vec<ModelSpend> {
    let mut models: Vec<ModelSpend> = Vec::new();
    for part in days.iter().map(|day| &day.spend).chain(children.iter().flat_map(|child| &child.models)) {
        match models.iter_mut().find(|known| known.model == part.model) {
            Some(known) => known.merge(part),
            None => models.push(part.clone()),
        }
    }
    models.sort_by(dearest_first);
    models
}

/// The session's name: the better of the one that is message text and the one that is not.
fn best_title(told: &FileSession<NameIdx>) -> Option<Title> {
    told.title.iter().chain(&told.private_title).max_by_key(|title| title.rank).cloned()
}

/// Why zeros in a usage say nothing, of clients whose files do not tell tokens, or only at times and did not here.
fn usage_gap(client: ClientId, turns: u64) -> Option<Gap> {
    match agtop_clients::client(client.as_str())?.info().knowledge.tokens {
        Known::Yes => None,
        Known::Partly(_) => (turns == 0).then_some(Gap::NotReported),
        Known::No => Some(Gap::NotReported),
    }
}

/// The usual sizes of context windows, in tokens.
const WINDOWS: [u64; 6] = [128_000, 200_000, 256_000, 400_000, 1_000_000, 2_000_000];

/// The smallest usual window that holds what was seen with five percent to spare. Without any hint there is none.
fn calibrated(largest: u64, in_table: Option<u64>) -> Reading<u64> {
    in_table.ok_or(Gap::NotReported)?;
    let needed = largest.saturating_add(largest / 20);
    Ok(WINDOWS.into_iter().find(|&window| window >= needed).unwrap_or(needed))
}

/// The last part of a path in either notation: transcripts travel between systems.
fn last_part(path: &Path) -> Option<Untrusted> {
    let text = path.to_string_lossy();
    let name = text.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    Some(name.into())
}
