use std::collections::HashSet;

use agtop_model::{Agent, Spend};

/// The usage of the sessions of agents. A session counts once, however many processes work on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UsageTotals {
    pub(crate) tokens: u64,
    pub(crate) spend: Spend,
}

impl UsageTotals {
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
