use std::sync::Arc;

use crate::{Session, Spend, Timestamp, Usage};

/// What was used when, by whom, of which model: what reports over days, projects and blocks are made of.
#[derive(Clone, Debug, Default)]
pub struct UsageTable {
    /// The conversations that [`UsageRow::session`] counts into, sub-agents folded into those that sent them off.
    pub sessions: Arc<[Arc<Session>]>,
    /// The rows, in no particular order. Every response that counts is in exactly one.
    pub rows: Vec<UsageRow>,
}

/// What one conversation used of one model at about one moment.
#[derive(Clone, Debug)]
pub struct UsageRow {
    /// The place of the conversation in [`UsageTable::sessions`].
    pub session: u32,
    /// When, as finely as the table's [`Grain`] says; `None` where no record tells.
    pub at: Option<Timestamp>,
    /// The model; `None` where the record does not name it.
    pub model: Option<Arc<str>>,
    /// What was used.
    pub usage: Usage,
    /// What that cost, response by response.
    pub spend: Spend,
    /// Responses.
    pub turns: u64,
}

/// How finely a table tells times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Grain {
    /// A row a response, at its own time.
    Response,
    /// Responses of a quarter of an hour together, at its beginning. Days begin on a quarter of an hour in every time
    /// zone there is.
    #[default]
    QuarterHour,
}

impl UsageTable {
    /// The conversation of a row.
    pub fn session(&self, row: &UsageRow) -> Option<&Arc<Session>> {
        self.sessions.get(row.session as usize)
    }
}
