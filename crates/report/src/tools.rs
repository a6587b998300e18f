use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{ClientId, Session, Untrusted, UsageTable};

use crate::options::{Detail, Options};
use crate::order::{Draft, arrange, rest};
use crate::sums::Tally;
use crate::{Key, Report};

/// Counts calls by tool. Transcripts tell how often a session called each tool, not what that used: there are no tokens
/// here, and of a session that the asked-for time touches all calls count.
pub(super) fn build(table: &UsageTable, options: &Options) -> Report {
    let mut by_tool: HashMap<(ClientId, Untrusted), Tally> = HashMap::new();
    let mut totals = Tally::default();
    for (place, session) in (0_u32..).zip(&*table.sessions).filter(|(_, session)| is_wanted(session, options)) {
        for (name, calls) in calls(session) {
            by_tool.entry((session.client(), name)).or_default().add_calls(place, calls);
            totals.add_calls(place, calls);
        }
    }
    let keys = |(client, tool)| vec![Key::Client(client), Key::Tool(tool)];
    let drafts = by_tool.into_iter().map(|(of, tally)| Draft { keys: keys(of), tally }).collect();
    let (kept, left_out) = arrange(drafts, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|draft| draft.finish(Detail::Whole)).collect(),
        rest: rest(left_out),
        totals: totals.into_sums(),
        ..Report::empty(options)
    }
}

/// Whether the session is asked for and has anything to do with the time asked for.
fn is_wanted(session: &Session, options: &Options) -> bool {
    let begins_in_time = options.until.is_none_or(|until| session.started.is_none_or(|started| started < until));
    let ends_in_time = options.since.is_none_or(|since| session.last_active.is_some_and(|last| since <= last));
    begins_in_time && ends_in_time && options.wants(session)
}

/// The calls of a session and all below it. Each session counts once, even if two claim to be each other's parent.
fn calls(session: &Arc<Session>) -> Vec<(Untrusted, u64)> {
    let mut seen = HashSet::new();
    let mut waiting = vec![session];
    let mut calls = Vec::new();
    while let Some(session) = waiting.pop() {
        if seen.insert(&session.key) {
            calls.extend(session.tools.iter().map(|tool| (tool.name.clone(), tool.calls)));
            waiting.extend(&session.children);
        }
    }
    calls
}
