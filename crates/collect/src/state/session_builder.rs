use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Known;
use agtop_model::{
    ClientId, ContextGrowth, ContextSource, ContextWindow, Decay, DecayFacts, FileSession, Gap, InFlight, ModelSpend,
    PicoUsd, Reading, RecentResponses, ServiceTier, Session, SessionDay, Timestamp, Title, Untrusted, Usage,
    UsageExtent,
};

use super::activity_log::{ActivityLog, average_growth};
use super::family::Family;
use super::index::{BySession, SessionIdx};
use super::names::NameIdx;
use super::session::{OpenTool, SessionState};
use super::session_status::status_without_process;
use super::sums::{Rates, total};
use super::totals::by_cost;
use super::world::World;
use crate::limits::RECENT_WINDOW;

/// Builds the sessions of one summary.
pub(super) struct SessionBuilder<'a> {
    pub(super) world: &'a World,
    pub(super) rates: &'a Rates<'a>,
    pub(super) days: &'a BySession<Arc<[SessionDay]>>,
    pub(super) responses: &'a BySession<RecentResponses>,
    pub(super) family: &'a Family,
    pub(super) now: Timestamp,
}

impl SessionBuilder<'_> {
    /// Whether a session is shown: a file reports it or one of its subagents, within the requested time.
    pub(super) fn is_in_scope(&self, idx: SessionIdx) -> bool {
        let state = &self.world.sessions[idx.at()];
        let scope = &self.world.pricing.scope;
        (state.has_files() && scope.touches(state.started(), state.last_active()))
            || self.family.children(idx).iter().any(|&child| self.is_in_scope(child))
    }

    /// The session with its subagents. Those in `built` are taken from there, and new ones are added to it.
    pub(super) fn session(&self, idx: SessionIdx, built: &mut BySession<Arc<Session>>) -> Arc<Session> {
        if let Some(known) = built.get(&idx) {
            return Arc::clone(known);
        }
        let mut children: Vec<Arc<Session>> =
            self.family.children(idx).iter().map(|&child| self.session(child, built)).collect();
        children.sort_by(|a, b| (a.started, &a.key.id).cmp(&(b.started, &b.key.id)));
        let session = Arc::new(self.build(idx, children));
        built.insert(idx, Arc::clone(&session));
        session
    }

    fn build(&self, idx: SessionIdx, children: Vec<Arc<Session>>) -> Session {
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
        let merged = state.merged();
        let (facts, parent) = (&merged.facts, self.family.claimed_parent(idx));
        let (status, evidence) = status_without_process(merged.phase, last_active, self.now);
        let models = models(&days, &children);
        let context = self.context(state);
        let recent = state.activity_log().into_iter().flat_map(ActivityLog::activities);
        Session {
            key: state.key.clone(),
            parent: parent.map(|parent| self.world.sessions[parent.at()].key.clone()),
            forked_from: facts.forked_from.clone(),
            title: best_title(merged),
            public_title: merged.title.clone(),
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
            prompts: merged.prompts,
            errors: merged.errors.saturating_add(state.failures.count()),
            compactions: merged.compactions,
            context,
            growth: self.growth(state, context.ok()),
            decay: self.decay(idx, context.ok()),
            repeats: state.activity_log().map_or(0, ActivityLog::repeats),
            recent: state.failures.among(recent.cloned().collect()),
            tools: state.tool_counts(),
            in_flight: self.in_flight(state),
            stop: merged.last_response.and_then(|turn| turn.stop),
            children,
            files: state.file_count() + subagent_files,
            subagent_files,
            phase: merged.phase,
            status,
            evidence,
        }
    }

    /// How fast the context fills: by the last responses, or else on average. There is no average after a compaction, nor
    /// for a session that was not active within the last day.
    fn growth(&self, state: &SessionState, context: Option<ContextWindow>) -> Option<ContextGrowth> {
        let by_last = state.activity_log().and_then(|log| log.growth(context));
        by_last.or_else(|| {
            let merged = state.merged();
            let last = merged.last_response?.when.at;
            let has_average = self.now.since(state.last_active()?) <= RECENT_WINDOW && merged.compactions == 0;
            average_growth(context.filter(|_| has_average)?, last.since(state.started()?))
        })
    }

    /// How much the session has decayed with its length, by its own responses. `None` if it was not active within the last
    /// day.
    fn decay(&self, idx: SessionIdx, context: Option<ContextWindow>) -> Option<Decay> {
        let log = self.world.sessions[idx.at()].activity_log()?;
        let facts = DecayFacts {
            fill_percent: context?.percent(),
            responses: self.responses.get(&idx)?,
            failures: &log.failures(),
            repeats: log.repeats(),
        };
        Decay::of(facts, self.now)
    }

    /// The tools and subagents that have not ended, by transcripts and hooks; none in a session that was not active within
    /// the last day.
    fn in_flight(&self, state: &SessionState) -> Vec<InFlight> {
        let last = state.last_active().max(state.alive);
        if last.is_none_or(|last| self.now.since(last) > RECENT_WINDOW) {
            return Vec::new();
        }
        let open = state.in_flight().into_iter().filter(|(call, _)| !self.world.answered_by_hooks.contains(call));
        open.map(|(_, tool)| self.tool_in_flight(state, tool)).collect()
    }

    fn tool_in_flight(&self, state: &SessionState, tool: &OpenTool) -> InFlight {
        InFlight {
            name: tool.name.clone(),
            target: tool.target.clone(),
            since: tool.since,
            is_subagent: tool.is_subagent,
            usual: self.world.tool_times.usual(state.key.client, tool.name.raw()),
        }
    }

    fn cwd(&self, state: &SessionState) -> Option<PathBuf> {
        let by_project = || {
            let project = state.merged().facts.project.as_ref()?;
            self.world.projects.get(&(state.key.client, Arc::clone(project))).cloned()
        };
        state.merged().facts.cwd.clone().or_else(by_project)
    }

    fn model(&self, state: &SessionState) -> Option<Arc<str>> {
        let merged = state.merged();
        let of_turn = merged.last_response.and_then(|turn| turn.model).and_then(|model| self.world.models.get(model));
        of_turn.or(merged.facts.model.as_ref()).cloned()
    }

    /// What reading from caches saved, at list prices without surcharges for long prompts.
    fn cache_saving(&self, models: &[ModelSpend]) -> Option<PicoUsd> {
        let saving = |model: &ModelSpend| {
            let rated = self.rates.of(self.world.models.find(model.model.as_ref()?))?;
            let cost = |usage| rated.cost_of(&usage, ServiceTier::Standard, UsageExtent::Sum).amount;
            let tokens = model.usage.cache_read;
            let uncached = cost(Usage { input: tokens, ..Usage::default() })?;
            let cached = cost(Usage { cache_read: tokens, ..Usage::default() })?;
            Some(PicoUsd::new(uncached.as_pico().saturating_sub(cached.as_pico())))
        };
        let known: Vec<PicoUsd> = models.iter().filter_map(saving).collect();
        (!known.is_empty()).then(|| known.into_iter().sum())
    }

    /// How full the context is. The window is what the vendor says, or else what the table says. If a longer prompt was
    /// seen, the table is wrong, and the window is the next usual size.
    fn context(&self, state: &SessionState) -> Reading<ContextWindow> {
        let merged = state.merged();
        let of_turn = merged.last_response.map(|turn| (turn.when.at, turn.context_used));
        let stated_at = merged.context_at.unwrap_or(Timestamp::EARLIEST);
        let stated = merged.facts.context_used.map(|used| (stated_at, used));
        let pushed = state.pushed_context;
        let (_, used) = [of_turn, stated, pushed].into_iter().flatten().max().ok_or(Gap::NotReported)?;
        // Zero comes from a sum of responses, which says nothing about the last prompt: no prompt is empty.
        if used == 0 {
            return Err(Gap::NotReported);
        }
        let configured = || self.world.windows.get(&(state.key.client, self.model(state)?)).copied();
        let stated = state.pushed_limit.or(merged.facts.context_limit).or_else(configured);
        if let Some(limit) = stated.filter(|&limit| limit >= used) {
            return Ok(ContextWindow { used, limit, source: ContextSource::Vendor });
        }
        let largest = used.max(merged.largest_prompt);
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

/// What a session and its subagents used, by model.
fn models(days: &[SessionDay], children: &[Arc<Session>]) -> Vec<ModelSpend> {
    let mut models: Vec<ModelSpend> = Vec::new();
    for part in days.iter().map(|day| &day.spend).chain(children.iter().flat_map(|child| &child.models)) {
        match models.iter_mut().find(|known| known.model == part.model) {
            Some(known) => known.merge(part),
            None => models.push(part.clone()),
        }
    }
    models.sort_by(by_cost);
    models.shrink_to_fit();
    models
}

/// The session's title: the better one of the title from message text and the one from elsewhere.
fn best_title(session: &FileSession<NameIdx>) -> Option<Title> {
    session.title.iter().chain(&session.private_title).max_by_key(|title| title.rank).cloned()
}

/// Why a usage of zero is unknown: the files of the client contain no tokens, or only some do, and these do not.
fn usage_gap(client: ClientId, turns: u64) -> Option<Gap> {
    match agtop_clients::client(client.as_str())?.info().knowledge.tokens {
        Known::Yes => None,
        Known::Partly(_) => (turns == 0).then_some(Gap::NotReported),
        Known::No => Some(Gap::NotReported),
    }
}

/// The usual sizes of context windows, in tokens.
const USUAL_WINDOWS: [u64; 6] = [128_000, 200_000, 256_000, 400_000, 1_000_000, 2_000_000];

/// The smallest usual window that holds the largest prompt with 5 % to spare; none if the table does not know the model.
fn calibrated(largest: u64, in_table: Option<u64>) -> Reading<u64> {
    in_table.ok_or(Gap::NotReported)?;
    let needed = largest.saturating_add(largest / 20);
    Ok(USUAL_WINDOWS.into_iter().find(|&window| window >= needed).unwrap_or(needed))
}

/// The last part of a path with `/` or `\\`: a transcript may come from another system.
fn last_part(path: &Path) -> Option<Untrusted> {
    let text = path.to_string_lossy();
    let name = text.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    Some(name.into())
}
