use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{ClientId, Session, Untrusted, UsageTable};

use crate::key::LineKey;
use crate::options::{LineDetail, ReportOptions};
use crate::order::{PendingLine, sort_and_limit, sum_omitted};
use crate::report::Report;
use crate::sums::Tally;

/// Counts calls by tool. Transcripts record how often a session called each tool, but not what a call used: there are no
/// tokens here, and if a session overlaps the time that the options ask for, all its calls count.
pub(super) fn build(table: &UsageTable, options: &ReportOptions) -> Report {
    let mut by_tool: HashMap<(ClientId, Untrusted), Tally> = HashMap::new();
    let mut totals = Tally::default();
    for (index, session) in (0_u32..).zip(&*table.sessions).filter(|(_, session)| is_wanted(session, options)) {
        for (name, calls) in calls(session) {
            by_tool.entry((session.client(), name)).or_default().add_calls(index, calls);
            totals.add_calls(index, calls);
        }
    }
    let keys = |(client, tool)| vec![LineKey::Client(client), LineKey::Tool(tool)];
    let lines = by_tool.into_iter().map(|(of, tally)| PendingLine { keys: keys(of), tally }).collect();
    let (kept, omitted) = sort_and_limit(lines, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|line| line.finish(LineDetail::Whole)).collect(),
        omitted: sum_omitted(omitted),
        totals: totals.into_sums(),
        ..Report::empty(options)
    }
}

/// Whether the options ask for the session and it overlaps their time.
fn is_wanted(session: &Session, options: &ReportOptions) -> bool {
    let begins_in_time = options.until.is_none_or(|until| session.started.is_none_or(|started| started < until));
    let ends_in_time = options.since.is_none_or(|since| session.last_active.is_some_and(|last| since <= last));
    begins_in_time && ends_in_time && options.includes_session(session)
}

/// The calls of a session and of its subagents. Each session counts once, even if two name each other as parent.
fn calls(session: &Arc<Session>) -> Vec<(Untrusted, u64)> {
    let mut seen = HashSet::new();
    let mut pending = vec![session];
    let mut calls = Vec::new();
    while let Some(session) = pending.pop() {
        if seen.insert(&session.key) {
            calls.extend(session.tools.iter().map(|tool| (tool.name.clone(), tool.calls)));
            pending.extend(&session.children);
        }
    }
    calls
}
