//! From a snapshot to the lines of a list.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use agtop_model::{Agent, Liveness, Process, Session, SessionKey, Snapshot, SnapshotRow, Spend, Status};
use agtop_query::{Filter, needs_user};

use super::list::{Fold, Group, Item, Talk};
use super::sort::Sort;

/// Which rows are shown, besides the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    All,
    NeedsMe,
    Working,
    Live,
}

impl Focus {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::All => Self::NeedsMe,
            Self::NeedsMe => Self::Working,
            Self::Working => Self::Live,
            Self::Live => Self::All,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NeedsMe => "needs me",
            Self::Working => "working",
            Self::Live => "live",
        }
    }

    fn lets(self, row: &SnapshotRow<'_>) -> bool {
        match self {
            Self::All => true,
            Self::NeedsMe => needs_user(row.status()),
            Self::Working => matches!(row.status(), Status::Working | Status::Spawning | Status::Active),
            Self::Live => row.agent.is_some_and(|agent| agent.liveness == Liveness::Live),
        }
    }
}

/// How the agents are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arrangement {
    #[default]
    Flat,
    /// By project.
    Groups,
    /// With sub-agents and helpers below them.
    Tree,
}

/// What decides which lines there are.
pub(crate) struct Choice<'a> {
    pub(crate) query: Option<&'a Filter>,
    pub(crate) pid: Option<u32>,
    pub(crate) focus: Focus,
    pub(crate) sort: Sort,
    pub(crate) arrangement: Arrangement,
    pub(crate) folded: &'a HashSet<String>,
}

impl Choice<'_> {
    fn lets(&self, row: &SnapshotRow<'_>) -> bool {
        self.focus.lets(row)
            && self.pid.is_none_or(|pid| row.agent.is_some_and(|agent| agent.process.id.pid == pid))
            && self.query.is_none_or(|query| query.matches(row))
    }
}

/// The lines of the agents view.
pub(crate) fn agents(snapshot: &Snapshot, choice: &Choice<'_>) -> Vec<Item> {
    let row = |at: &usize| SnapshotRow {
        now: snapshot.now,
        agent: snapshot.agents.get(*at),
        session: snapshot.agents.get(*at).and_then(|agent| agent.session.as_deref()),
    };
    let mut order: Vec<usize> = (0..snapshot.agents.len()).filter(|at| choice.lets(&row(at))).collect();
    choice.sort.sort(&mut order, row);
    match choice.arrangement {
        Arrangement::Flat => order.into_iter().map(|at| agent_item(at, 0)).collect(),
        Arrangement::Groups => grouped(snapshot, &order, choice.folded),
        Arrangement::Tree => Forest::new(snapshot, order).items(),
    }
}

/// The lines of the sessions view: those at work on top, whatever is sorted by.
pub(crate) fn sessions(snapshot: &Arc<Snapshot>, choice: &Choice<'_>, order: &mut Order) -> Vec<Item> {
    let is_let = |(at, agent): &&(usize, Option<usize>)| {
        let session = snapshot.sessions.get(*at);
        session.is_some_and(|session| choice.lets(&session_row(snapshot, session, *agent)))
    };
    let item = |&(at, agent): &(usize, Option<usize>)| Item::Row { agent, session: Talk::At(at), depth: 0 };
    order.of(snapshot, choice.sort).iter().filter(is_let).map(item).collect()
}

/// The order of a snapshot's sessions, whatever of them is shown: each letter of a filter lists them anew, and bringing
/// tens of thousands into order takes longer than looking through them.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Whose order it is, and by what.
    of: Option<(Weak<Snapshot>, Sort)>,
    /// Places among the sessions, and among the agents of those who work on them.
    lines: Vec<(usize, Option<usize>)>,
}

impl Order {
    fn of(&mut self, snapshot: &Arc<Snapshot>, sort: Sort) -> &[(usize, Option<usize>)] {
        let is_known =
            self.of.as_ref().is_some_and(|(known, by)| known.as_ptr() == Arc::as_ptr(snapshot) && *by == sort);
        if !is_known {
            self.lines = in_order(snapshot, sort);
            self.of = Some((Arc::downgrade(snapshot), sort));
        }
        &self.lines
    }
}

fn in_order(snapshot: &Snapshot, sort: Sort) -> Vec<(usize, Option<usize>)> {
    let at_work = AtWork::of(snapshot);
    // There may be tens of thousands, and each look at one is a look at cold memory: one look has to do.
    let ranked = |(at, session)| {
        let agent = at_work.on(session);
        ((agent.is_none(), sort.rank(&session_row(snapshot, session, agent))), (at, agent))
    };
    let mut lines: Vec<_> = snapshot.sessions.iter().enumerate().map(ranked).collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Which agent works on which session. Nearly always the agent holds the very session of the list, which is found without
/// a look into it; only for those that do not, keys are compared.
struct AtWork<'a> {
    same: HashMap<*const Session, usize>,
    alike: HashMap<&'a SessionKey, usize>,
}

impl<'a> AtWork<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let listed: HashSet<*const Session> = snapshot.sessions.iter().map(Arc::as_ptr).collect();
        let (mut same, mut alike) = (HashMap::new(), HashMap::new());
        for (at, agent) in snapshot.agents.iter().enumerate() {
            match &agent.session {
                Some(session) if listed.contains(&Arc::as_ptr(session)) => drop(same.insert(Arc::as_ptr(session), at)),
                Some(session) => drop(alike.insert(&session.key, at)),
                None => {}
            }
        }
        Self { same, alike }
    }

    fn on(&self, session: &Arc<Session>) -> Option<usize> {
        let alike = || if self.alike.is_empty() { None } else { self.alike.get(&session.key) };
        self.same.get(&Arc::as_ptr(session)).or_else(alike).copied()
    }
}

fn session_row<'a>(snapshot: &'a Snapshot, session: &'a Session, agent: Option<usize>) -> SnapshotRow<'a> {
    SnapshotRow { now: snapshot.now, agent: agent.and_then(|at| snapshot.agents.get(at)), session: Some(session) }
}

fn agent_item(at: usize, depth: u8) -> Item {
    Item::Row { agent: Some(at), session: Talk::OfAgent, depth }
}

/// Groups in the order of their first members.
fn grouped(snapshot: &Snapshot, order: &[usize], folded: &HashSet<String>) -> Vec<Item> {
    let mut names: Vec<String> = Vec::new();
    let mut members: HashMap<String, Vec<usize>> = HashMap::new();
    for &at in order {
        let name = snapshot.agents.get(at).map(agtop_format::project).unwrap_or_default();
        if !members.contains_key(&name) {
            names.push(name.clone());
        }
        members.entry(name).or_default().push(at);
    }
    let mut items = Vec::new();
    for name in names {
        let members = members.remove(&name).unwrap_or_default();
        let fold = if folded.contains(&name) { Fold::Closed } else { Fold::Open };
        items.push(Item::Group(group(snapshot, name, &members, fold)));
        if fold == Fold::Open {
            items.extend(members.into_iter().map(|at| agent_item(at, 1)));
        }
    }
    items
}

fn group(snapshot: &Snapshot, name: String, members: &[usize], fold: Fold) -> Group {
    let agents = || members.iter().filter_map(|&at| snapshot.agents.get(at));
    let used = Used::by(agents());
    Group {
        name,
        members: members.len(),
        status: agents().map(|agent| agent.status).min().unwrap_or_default(),
        cpu_percent: Agent::each_process(agents()).filter_map(|agent| agent.cpu_percent.ok()).sum(),
        memory: Agent::each_process(agents()).filter_map(|agent| agent.process.rss.ok()).fold(0, u64::saturating_add),
        tokens: used.tokens,
        spend: used.spend,
        fold,
    }
}

/// What sessions of agents used, each session once, however many processes work on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) tokens: u64,
    pub(crate) spend: Spend,
}

impl Used {
    pub(crate) fn by<'a>(agents: impl Iterator<Item = &'a Agent>) -> Self {
        let mut seen = HashSet::new();
        let sessions = agents.filter_map(|agent| agent.session.as_ref()).filter(|session| seen.insert(&session.key));
        sessions.fold(Self::default(), |mut used, session| {
            used.tokens = used.tokens.saturating_add(session.usage.total());
            used.spend += session.spend;
            used
        })
    }
}

/// Agents below the agents that started them, with their sub-agents and helpers.
struct Forest<'a> {
    snapshot: &'a Snapshot,
    processes: HashMap<u32, &'a Arc<Process>>,
    order: Vec<usize>,
    below: HashMap<u32, Vec<usize>>,
}

/// A chain of parents longer than this is a loop of reused pids.
const TALLEST: usize = 64;

impl<'a> Forest<'a> {
    fn new(snapshot: &'a Snapshot, order: Vec<usize>) -> Self {
        let processes: HashMap<u32, &Arc<Process>> =
            snapshot.processes.iter().map(|process| (process.id.pid, process)).collect();
        let mut forest = Self { snapshot, processes, order: Vec::new(), below: HashMap::new() };
        let pids: HashSet<u32> = order.iter().filter_map(|&at| forest.pid(at)).collect();
        for at in order {
            match forest.ancestor(at, &pids) {
                Some(pid) => forest.below.entry(pid).or_default().push(at),
                None => forest.order.push(at),
            }
        }
        forest
    }

    fn pid(&self, at: usize) -> Option<u32> {
        self.snapshot.agents.get(at).map(|agent| agent.process.id.pid)
    }

    /// The nearest process above the agent that is one of these.
    fn ancestor(&self, at: usize, pids: &HashSet<u32>) -> Option<u32> {
        let agent = self.snapshot.agents.get(at)?;
        ancestors(agent, &self.processes).into_iter().find(|pid| pids.contains(pid) && *pid != agent.process.id.pid)
    }

    fn items(mut self) -> Vec<Item> {
        let mut items = Vec::new();
        for at in std::mem::take(&mut self.order) {
            self.plant(at, 0, &mut items);
        }
        items
    }

    fn plant(&mut self, at: usize, depth: u8, items: &mut Vec<Item>) {
        items.push(agent_item(at, depth));
        let Some(agent) = self.snapshot.agents.get(at) else { return };
        let deeper = depth.saturating_add(1);
        for child in agent.session.iter().flat_map(|session| &session.children) {
            branch(child, deeper, items);
        }
        let helpers = agent.helpers.iter().filter_map(|id| self.processes.get(&id.pid).filter(|p| p.id == *id));
        items.extend(helpers.map(|process| Item::Helper { process: Arc::clone(process), depth: deeper }));
        // Each list of children is taken once, so a loop of parents ends.
        for child in self.below.remove(&agent.process.id.pid).unwrap_or_default() {
            self.plant(child, deeper, items);
        }
    }
}

fn branch(session: &Arc<Session>, depth: u8, items: &mut Vec<Item>) {
    items.push(Item::Row { agent: None, session: Talk::Below(Arc::clone(session)), depth });
    if usize::from(depth) < TALLEST {
        for child in &session.children {
            branch(child, depth + 1, items);
        }
    }
}

/// The pids above an agent, nearest first.
pub(crate) fn ancestors(agent: &Agent, processes: &HashMap<u32, &Arc<Process>>) -> Vec<u32> {
    let above = |pid: &u32| processes.get(pid).and_then(|process| process.parent);
    std::iter::successors(agent.process.parent, above).take(TALLEST).collect()
}
