use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{Process, Session, Snapshot};
use agtop_query::ProcessParents;

use super::item::{ListItem, SessionRef};
use super::twig::{TreePlace, connect};

/// Agents below the agents that started them, with their subagents and helpers.
pub(super) struct AgentTree<'a> {
    snapshot: &'a Snapshot,
    processes: HashMap<u32, &'a Arc<Process>>,
    order: Vec<usize>,
    below: HashMap<u32, Vec<usize>>,
}

/// Most levels of subagents below a session.
const MAX_SUBAGENT_DEPTH: usize = 64;

impl<'a> AgentTree<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, order: Vec<usize>) -> Self {
        let processes: HashMap<u32, &Arc<Process>> =
            snapshot.processes.iter().map(|process| (process.id.pid, process)).collect();
        let parents = ProcessParents::new(snapshot);
        let mut forest = Self { snapshot, processes, order: Vec::new(), below: HashMap::new() };
        let pids: HashSet<u32> = order.iter().filter_map(|&at| forest.pid(at)).collect();
        for at in order {
            let agent = snapshot.agent(at);
            match agent.and_then(|agent| parents.nearest(&agent.process, |pid| pids.contains(&pid))) {
                Some(pid) => forest.below.entry(pid).or_default().push(at),
                None => forest.order.push(at),
            }
        }
        forest
    }

    fn pid(&self, at: usize) -> Option<u32> {
        self.snapshot.agent(at).map(|agent| agent.process.id.pid)
    }

    pub(super) fn items(mut self) -> Vec<ListItem> {
        let mut items = Vec::new();
        for at in std::mem::take(&mut self.order) {
            self.push_agent(at, 0, &mut items);
        }
        connect(items.iter_mut().filter_map(ListItem::place_mut));
        items
    }

    fn push_agent(&mut self, at: usize, depth: u8, items: &mut Vec<ListItem>) {
        items.push(ListItem::agent(at, TreePlace::at(depth)));
        let Some(agent) = self.snapshot.agent(at) else { return };
        let deeper = depth.saturating_add(1);
        for child in agent.session.iter().flat_map(|session| &session.children) {
            push_subagent(child, deeper, items);
        }
        let helpers = agent.helpers.iter().filter_map(|id| self.processes.get(&id.pid).filter(|p| p.id == *id));
        items.extend(
            helpers.map(|process| ListItem::Helper { process: Arc::clone(process), place: TreePlace::at(deeper) }),
        );
        // Each list of children is removed when it is used, so a loop of parents ends.
        for child in self.below.remove(&agent.process.id.pid).unwrap_or_default() {
            self.push_agent(child, deeper, items);
        }
    }
}

fn push_subagent(session: &Arc<Session>, depth: u8, items: &mut Vec<ListItem>) {
    items.push(ListItem::Row {
        agent: None,
        session: SessionRef::Below(Arc::clone(session)),
        place: TreePlace::at(depth),
    });
    if usize::from(depth) < MAX_SUBAGENT_DEPTH {
        for child in &session.children {
            push_subagent(child, depth + 1, items);
        }
    }
}
