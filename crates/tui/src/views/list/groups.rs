use std::collections::{HashMap, HashSet};

use agtop_model::{Agent, Snapshot};

use super::item::{GroupState, ListItem, ProjectGroup};
use super::totals::UsageTotals;
use super::twig::TreePlace;

/// Groups in the order of their first members.
pub(super) fn grouped(snapshot: &Snapshot, order: &[usize], collapsed: &HashSet<String>) -> Vec<ListItem> {
    let mut names: Vec<String> = Vec::new();
    let mut members: HashMap<String, Vec<usize>> = HashMap::new();
    for &at in order {
        let name = snapshot.agent(at).map(agtop_format::project).unwrap_or_default();
        if !members.contains_key(&name) {
            names.push(name.clone());
        }
        members.entry(name).or_default().push(at);
    }
    let mut items = Vec::new();
    for name in names {
        let members = members.remove(&name).unwrap_or_default();
        let state = if collapsed.contains(&name) { GroupState::Collapsed } else { GroupState::Expanded };
        items.push(ListItem::Group(group(snapshot, name, &members, state)));
        if state == GroupState::Expanded {
            items.extend(members.into_iter().map(|at| ListItem::agent(at, TreePlace::at(1))));
        }
    }
    items
}

fn group(snapshot: &Snapshot, name: String, members: &[usize], state: GroupState) -> ProjectGroup {
    let agents = || members.iter().filter_map(|&at| snapshot.agent(at));
    let used = UsageTotals::by(agents());
    ProjectGroup {
        name,
        members: members.len(),
        status: agents().map(|agent| agent.status).min().unwrap_or_default(),
        cpu_percent: Agent::each_process(agents()).filter_map(|agent| agent.cpu_percent.ok()).sum(),
        memory: Agent::each_process(agents()).filter_map(|agent| agent.process.rss.ok()).fold(0, u64::saturating_add),
        tokens: used.tokens,
        spend: used.spend,
        state,
    }
}
