use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agtop_model::{
    Basis, ClientId, Context, ContextSource, Cost, Gap, RateLimit, Reading, Session, Spend, Timestamp, Totals, Usage,
};
use agtop_prices::{PriceBook, Rated};
use jiff::tz::TimeZone;

use super::session::SessionState;
use super::totals::dearest_first;
use super::turns::{NameIdx, Names, TurnRecord};
use super::{SessionIdx, World};
use crate::status;

/// Which responses are summed up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Responses from this moment on.
    pub since: Option<Timestamp>,
    /// Responses before this moment.
    pub until: Option<Timestamp>,
}

impl Scope {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether a session that began and was last active then has anything to do with it.
    fn touches(&self, state: &SessionState) -> bool {
        let starts_in_time = self.until.is_none_or(|until| state.started().is_none_or(|started| started < until));
        let ends_in_time = self.since.is_none_or(|since| state.last_active().is_some_and(|last| since <= last));
        starts_in_time && ends_in_time
    }
}

/// The rates of every model that occurs, looked up once.
pub(super) struct Rates<'a> {
    book: &'a PriceBook,
    by_name: Vec<Rated<'a>>,
}

impl<'a> Rates<'a> {
    fn new(book: &'a PriceBook, names: &Names) -> Self {
        Self { book, by_name: names.iter().map(|name| book.rate(name)).collect() }
    }

    fn of(&self, model: Option<NameIdx>) -> Option<&Rated<'a>> {
        self.by_name.get(Names::position(model?))
    }
}

/// A sum of responses and what they cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpendSum {
    pub(super) usage: Usage,
    pub(super) spend: Spend,
    pub(super) turns: u64,
}

impl SpendSum {
    pub(super) fn add(&mut self, record: &TurnRecord, rates: &Rates<'_>) {
        let cost = cost(record, rates.of(record.model));
        self.usage += record.usage;
        self.spend.add(cost, record.usage.total());
        self.turns += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.usage += other.usage;
        self.spend += other.spend;
        self.turns += other.turns;
    }
}

/// What a response cost: the agent's own word, else the price list's.
fn cost(record: &TurnRecord, rated: Option<&Rated<'_>>) -> Cost {
    match (record.embedded_cost, rated) {
        (Some(amount), _) => Cost { amount: Some(amount), basis: Basis::Embedded },
        (None, Some(rated)) => rated.cost_of(&record.usage, record.tier, record.extent),
        (None, None) => Cost::UNKNOWN,
    }
}

/// Sums of one session, by model.
type SessionSums = BTreeMap<Option<NameIdx>, SpendSum>;

/// What the World says to a snapshot.
pub(crate) struct Told {
    pub(crate) sessions: Vec<Arc<Session>>,
    pub(crate) totals: Totals,
    pub(crate) limits: Vec<(ClientId, Timestamp, RateLimit)>,
}

impl World {
    /// Sessions with their sub-agents below them, newest first, and the sums over all responses.
    pub(crate) fn tell(&mut self, now: Timestamp, book: &PriceBook, scope: &Scope, zone: &TimeZone) -> Told {
        self.turns.name_parts();
        let rates = Rates::new(book, &self.models);
        let sums = self.sums(&rates, scope);
        let tree = Family::of(self);
        let teller = Teller { world: self, rates: &rates, sums: &sums, tree: &tree, now };
        let mut sessions: Vec<Arc<Session>> = tree
            .roots
            .iter()
            .filter(|&&root| teller.is_in_scope(root, scope))
            .map(|&root| Arc::new(teller.session(root)))
            .collect();
        sessions.sort_by(|a, b| b.last_active.cmp(&a.last_active).then_with(|| a.key.cmp(&b.key)));
        let totals = self.totals(&rates, scope, zone);
        let mut limits: Vec<_> =
            self.limits.iter().map(|((client, _), (at, limit))| (*client, *at, limit.clone())).collect();
        limits.sort_by(|a, b| (a.0, &a.2.limit).cmp(&(b.0, &b.2.limit)));
        for session in &mut self.sessions {
            session.is_stale = false;
        }
        Told { sessions, totals, limits }
    }

    fn sums(&self, rates: &Rates<'_>, scope: &Scope) -> HashMap<SessionIdx, SessionSums> {
        let mut sums: HashMap<SessionIdx, SessionSums> = HashMap::new();
        for record in self.turns.counted().filter(|record| scope.holds(record.at)) {
            sums.entry(record.session).or_default().entry(record.model).or_default().add(record, rates);
        }
        sums
    }
}

/// Who is whose sub-agent. Every session is in it exactly once, even if files claim that two are each other's parent.
struct Family {
    roots: Vec<SessionIdx>,
    children: HashMap<SessionIdx, Vec<SessionIdx>>,
}

/// Sub-agents start sub-agents, but not this deep.
const DEEPEST: usize = 16;

impl Family {
    fn of(world: &World) -> Self {
        let mut family = Self { roots: Vec::new(), children: HashMap::new() };
        for at in 0..world.sessions.len() {
            let idx = SessionIdx(u32::try_from(at).unwrap_or(u32::MAX));
            match Self::parent(world, idx).filter(|_| Self::leads_to_a_root(world, idx)) {
                Some(parent) => family.children.entry(parent).or_default().push(idx),
                None => family.roots.push(idx),
            }
        }
        for children in family.children.values_mut() {
            let order = |idx: &SessionIdx| {
                let state = &world.sessions[idx.at()];
                (state.started(), state.key.id.clone())
            };
            children.sort_by_cached_key(order);
        }
        family
    }

    fn parent(world: &World, idx: SessionIdx) -> Option<SessionIdx> {
        world.sessions[idx.at()].parent.as_ref().and_then(|key| world.index.get(key)).copied()
    }

    /// Whether following parents ends: members of a ring, and what hangs too deep, count as roots themselves.
    fn leads_to_a_root(world: &World, idx: SessionIdx) -> bool {
        let ancestors = std::iter::successors(Some(idx), |&idx| Self::parent(world, idx));
        ancestors.take(DEEPEST + 1).count() <= DEEPEST
    }
}

/// Builds sessions of one snapshot.
struct Teller<'a> {
    world: &'a World,
    rates: &'a Rates<'a>,
    sums: &'a HashMap<SessionIdx, SessionSums>,
    tree: &'a Family,
    now: Timestamp,
}

impl Teller<'_> {
    /// A session is shown if any file tells of it or of its sub-agents, within the time asked for.
    fn is_in_scope(&self, idx: SessionIdx, scope: &Scope) -> bool {
        let state = &self.world.sessions[idx.at()];
        (state.has_files() && scope.touches(state))
            || self.children(idx).iter().any(|&child| self.is_in_scope(child, scope))
    }

    fn children(&self, idx: SessionIdx) -> &[SessionIdx] {
        self.tree.children.get(&idx).map_or(&[], Vec::as_slice)
    }

    fn session(&self, idx: SessionIdx) -> Session {
        let state = &self.world.sessions[idx.at()];
        let children: Vec<Arc<Session>> =
            self.children(idx).iter().map(|&child| Arc::new(self.session(child))).collect();
        let own = self.sums.get(&idx);
        let own_sum = own.into_iter().flat_map(BTreeMap::values).fold(SpendSum::default(), |mut sum, part| {
            sum.merge(part);
            sum
        });
        let (mut usage, mut spend, mut turns) = (own_sum.usage, own_sum.spend, own_sum.turns);
        for child in &children {
            usage += child.usage;
            spend += child.spend;
            turns += child.turns;
        }
        let subagent_files: u32 = children.iter().map(|child| child.files).sum();
        let last_active = children.iter().filter_map(|child| child.last_active).max().max(state.last_active());
        let cwd = self.cwd(state);
        let (status, evidence) = status::without_process(state.phase, last_active, self.now);
        Session {
            key: state.key.clone(),
            parent: state.parent.clone(),
            forked_from: state.forked_from.clone(),
            title: state.title.clone(),
            project: cwd.as_deref().and_then(last_part),
            cwd,
            branch: state.branch.clone(),
            version: state.version.clone(),
            origin: state.origin.clone(),
            started: state.started(),
            last_active,
            model: self.model(state),
            own_usage: own_sum.usage,
            own_spend: own_sum.spend,
            usage,
            spend,
            models: self.models(own, &children),
            turns,
            prompts: state.sum(|counts| counts.prompts),
            errors: state.sum(|counts| counts.errors),
            compactions: state.sum(|counts| counts.compactions),
            context: self.context(state),
            tools: state.tool_counts(),
            in_flight: state.in_flight(),
            stop: state.last_turn.and_then(|turn| turn.stop),
            children,
            files: state.file_count() + subagent_files,
            subagent_files,
            phase: state.phase,
            status,
            evidence,
        }
    }

    fn cwd(&self, state: &SessionState) -> Option<std::path::PathBuf> {
        let by_project = || {
            let project = state.project.as_ref()?;
            self.world.projects.get(&(state.key.client, Arc::clone(project))).cloned()
        };
        state.cwd.clone().or_else(by_project)
    }

    fn model(&self, state: &SessionState) -> Option<Arc<str>> {
        let of_turn = state.last_turn.and_then(|turn| turn.model).and_then(|model| self.world.models.get(model));
        of_turn.or(state.stated_model.as_ref()).cloned()
    }

    fn models(&self, own: Option<&SessionSums>, children: &[Arc<Session>]) -> Vec<agtop_model::ModelSpend> {
        let own = own.into_iter().flatten().map(|(&model, sum)| self.world.named(model, sum));
        let mut models: Vec<agtop_model::ModelSpend> = Vec::new();
        for part in own.chain(children.iter().flat_map(|child| child.models.iter().cloned())) {
            match models.iter_mut().find(|known| known.model == part.model) {
                Some(known) => {
                    known.usage += part.usage;
                    known.spend += part.spend;
                    known.turns += part.turns;
                }
                None => models.push(part),
            }
        }
        models.sort_by(dearest_first);
        models
    }

    /// How full the context is. The window is the vendor's word, else the table's, unless more was seen to fit: then
    /// it is the next usual size (features S0-CTX-03).
    fn context(&self, state: &SessionState) -> Reading<Context> {
        let of_turn = state.last_turn.map(|turn| (turn.at, turn.context_used));
        let used = of_turn.into_iter().chain(state.stated_context).max().ok_or(Gap::NotReported)?.1;
        if let Some(limit) = state.context_limit.filter(|&limit| limit >= used) {
            return Ok(Context { used, limit, source: ContextSource::Vendor });
        }
        let largest = used.max(state.largest_prompt);
        let in_table = self.model(state).and_then(|model| self.rates.book.context_limit(&model));
        if let Some(limit) = in_table.filter(|&limit| limit >= largest) {
            return Ok(Context { used, limit, source: ContextSource::Table });
        }
        calibrated(largest, in_table).map(|limit| Context { used, limit, source: ContextSource::Calibrated })
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
fn last_part(path: &std::path::Path) -> Option<agtop_model::Untrusted> {
    let text = path.to_string_lossy();
    let name = text.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    Some(name.into())
}
