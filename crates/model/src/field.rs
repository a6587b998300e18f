use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::column_layout::ColumnLayout;
use crate::{ActivityWindow, Agent, Gap, PicoUsd, Session, Spend, Status, Timestamp, Untrusted};

/// What a row shows: an agent, a session, or both joined.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotRow<'a> {
    /// The moment of the snapshot.
    pub now: Timestamp,
    /// The process.
    pub agent: Option<&'a Agent>,
    /// The conversation.
    pub session: Option<&'a Session>,
}

impl<'a> SnapshotRow<'a> {
    /// The row of a live agent.
    pub fn of_agent(now: Timestamp, agent: &'a Agent) -> Self {
        Self { now, agent: Some(agent), session: agent.session.as_deref() }
    }

    /// The row of a session, with the agent that works on it if one does.
    pub fn of_session(now: Timestamp, session: &'a Session, agents: &'a [Arc<Agent>]) -> Self {
        let works_on = |agent: &&Agent| agent.session.as_ref().is_some_and(|joined| joined.key == session.key);
        Self { now, agent: agents.iter().map(Arc::as_ref).find(works_on), session: Some(session) }
    }

    /// What it is doing: the status of the agent, or that of the session if no agent works on it.
    pub fn status(&self) -> Status {
        self.agent.map(|agent| agent.status).or(self.session.map(|session| session.status)).unwrap_or_default()
    }

    /// The badge of agtop 2.3's JSON for that.
    pub fn badge(&self) -> &'static str {
        self.agent.map_or_else(|| self.status().badge(Duration::ZERO), |agent| agent.badge(self.now))
    }
}

/// A value of a field, with its unit in its type.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// Text of agtop's own.
    Text(Cow<'a, str>),
    /// Text from outside.
    Untrusted(Cow<'a, Untrusted>),
    /// A whole number.
    Count(u64),
    /// Tokens.
    Tokens(u64),
    /// Bytes.
    Bytes(u64),
    /// Percent, 0 to 100 and sometimes beyond.
    Percent(f64),
    /// Money.
    Money(PicoUsd),
    /// The known part of a sum of money from which something is missing.
    MoneyAtLeast(PicoUsd),
    /// A span.
    Span(Duration),
    /// A moment.
    Time(Timestamp),
    /// A status.
    Status(Status),
    /// Nothing, for this reason.
    Gap(Gap),
}

/// What kind of values a field has: decides alignment and units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Aligned left.
    Text,
    /// A whole number.
    Count,
    /// Tokens.
    Tokens,
    /// Bytes.
    Bytes,
    /// Percent.
    Percent,
    /// US dollars.
    Money,
    /// Seconds.
    Span,
    /// A moment.
    Time,
}

/// One thing that can be shown about a row: a column, a sort key, a CSV column, a word of filters and alert rules.
pub struct Field {
    /// The name in `--fields`, `--sort`, CSV and JSON.
    pub id: &'static str,
    /// The column's heading.
    pub title: &'static str,
    /// What it means, for help.
    pub help: &'static str,
    /// What kind of values it has.
    pub kind: FieldKind,
    /// How its column is laid out.
    pub column: ColumnLayout,
    /// Reads it from a row.
    pub get: for<'a> fn(&SnapshotRow<'a>) -> FieldValue<'a>,
}

impl Field {
    /// The heading of its column on the screen.
    pub fn screen_title(&self) -> &'static str {
        self.column.screen.title.unwrap_or(self.title)
    }

    /// The smallest and the usual width of its column on the screen, in columns of the terminal.
    pub fn screen_width(&self) -> (u16, u16) {
        self.column.screen.width.unwrap_or_else(|| {
            let title = u16::try_from(self.screen_title().len()).unwrap_or(u16::MAX);
            let (min, usual) = self.kind.screen_width();
            (min.max(title), usual.max(title))
        })
    }
}

impl FieldKind {
    /// The smallest and the usual width of values of this kind on the screen, in columns of the terminal.
    const fn screen_width(self) -> (u16, u16) {
        match self {
            Self::Text => (8, 20),
            Self::Count | Self::Percent => (5, 5),
            Self::Tokens | Self::Bytes => (6, 6),
            Self::Money => (8, 8),
            Self::Span => (7, 7),
            Self::Time => (16, 16),
        }
    }
}

impl Spend {
    /// An amount that leaves out what this sum leaves out.
    pub(crate) fn money(&self, amount: PicoUsd) -> FieldValue<'static> {
        if self.unknown_turns == 0 { FieldValue::Money(amount) } else { FieldValue::MoneyAtLeast(amount) }
    }
}

impl FieldValue<'static> {
    /// The amount with its unknown part; a gap where nothing in the sum has a known price.
    pub fn spent(spend: &Spend) -> Self {
        spend.known().map_or(FieldValue::Gap(Gap::NotReported), |amount| spend.money(amount))
    }

    /// What was spent in a span of time: nothing where nothing happened.
    pub fn spent_in(pace: &ActivityWindow) -> Self {
        if pace.spend.is_empty() { FieldValue::Money(PicoUsd::ZERO) } else { Self::spent(&pace.spend) }
    }

    /// What an hour like that costs: nothing where nothing happened.
    pub fn spent_per_hour(pace: &ActivityWindow) -> Self {
        let hour = pace.spend_per_hour();
        hour.map_or(FieldValue::Gap(Gap::NotReported), |spend| Self::spent_in(&ActivityWindow { spend, ..*pace }))
    }
}

impl FieldValue<'_> {
    /// The same value without a borrow.
    pub fn into_owned(self) -> FieldValue<'static> {
        match self {
            FieldValue::Text(text) => FieldValue::Text(Cow::Owned(text.into_owned())),
            FieldValue::Untrusted(text) => FieldValue::Untrusted(Cow::Owned(text.into_owned())),
            FieldValue::Count(n) => FieldValue::Count(n),
            FieldValue::Tokens(n) => FieldValue::Tokens(n),
            FieldValue::Bytes(n) => FieldValue::Bytes(n),
            FieldValue::Percent(p) => FieldValue::Percent(p),
            FieldValue::Money(m) => FieldValue::Money(m),
            FieldValue::MoneyAtLeast(m) => FieldValue::MoneyAtLeast(m),
            FieldValue::Span(s) => FieldValue::Span(s),
            FieldValue::Time(t) => FieldValue::Time(t),
            FieldValue::Status(s) => FieldValue::Status(s),
            FieldValue::Gap(gap) => FieldValue::Gap(gap),
        }
    }
}
