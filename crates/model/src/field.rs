use std::borrow::Cow;
use std::time::Duration;

use crate::{ActivityWindow, Agent, Gap, PicoUsd, Session, Spend, Status, Timestamp, Untrusted, Usage};

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
    pub fn of_session(now: Timestamp, session: &'a Session, agents: &'a [Agent]) -> Self {
        let works_on = |agent: &&Agent| agent.session.as_ref().is_some_and(|joined| joined.key == session.key);
        Self { now, agent: agents.iter().find(works_on), session: Some(session) }
    }

    /// What it is doing: the agent's word counts before the session's.
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
    /// Text of ours.
    Text(Cow<'a, str>),
    /// Text of somebody else's.
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

/// What kind of values a field has: decides alignment, units and names of metrics.
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

/// One thing that can be shown about a row: a column, a sort key, a CSV column, a metric.
pub struct Field {
    /// The name in `--fields`, `--sort`, CSV and JSON.
    pub id: &'static str,
    /// The column's heading.
    pub title: &'static str,
    /// What it means, for help.
    pub help: &'static str,
    /// What kind of values it has.
    pub kind: FieldKind,
    /// Reads it from a row.
    pub get: for<'a> fn(&SnapshotRow<'a>) -> FieldValue<'a>,
}

/// The field of that name.
pub fn field(id: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.id == id)
}

/// Every field. A new column is one entry here.
pub static FIELDS: &[Field] = &[
    Field {
        id: "status",
        title: "STATUS",
        help: "what it is doing",
        kind: FieldKind::Text,
        get: |row| FieldValue::Status(row.status()),
    },
    Field { id: "client", title: "AGENT", help: "the agent program", kind: FieldKind::Text, get: client },
    Field {
        id: "pid",
        title: "PID",
        help: "process id",
        kind: FieldKind::Count,
        get: |row| agent(row, |a| FieldValue::Count(a.process.id.pid.into())),
    },
    Field {
        id: "project",
        title: "PROJECT",
        help: "last part of the working directory",
        kind: FieldKind::Text,
        get: project,
    },
    Field {
        id: "session",
        title: "SESSION",
        help: "session id, +N for N sub-agent files",
        kind: FieldKind::Text,
        get: session_id,
    },
    Field { id: "title", title: "TITLE", help: "the session's name", kind: FieldKind::Text, get: title },
    Field { id: "model", title: "MODEL", help: "the model that answered last", kind: FieldKind::Text, get: model },
    Field { id: "branch", title: "BRANCH", help: "git branch", kind: FieldKind::Text, get: branch },
    Field {
        id: "tool",
        title: "TOOL",
        help: "the tool that runs now",
        kind: FieldKind::Text,
        get: |row| session(row, |s| untrusted(s.in_flight.last().map(|t| &t.name))),
    },
    Field {
        id: "cpu",
        title: "CPU",
        help: "processor use in percent of one processor",
        kind: FieldKind::Percent,
        get: |row| agent(row, |a| a.cpu_percent.map_or_else(FieldValue::Gap, FieldValue::Percent)),
    },
    Field {
        id: "mem",
        title: "MEM",
        help: "resident memory",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.process.rss.map_or_else(FieldValue::Gap, FieldValue::Bytes)),
    },
    Field {
        id: "vsz",
        title: "VSZ",
        help: "virtual memory",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.process.vsz.map_or_else(FieldValue::Gap, FieldValue::Bytes)),
    },
    Field {
        id: "disk_read",
        title: "DISK R",
        help: "bytes read from disks since the process started",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.process.io.map_or_else(FieldValue::Gap, |io| FieldValue::Bytes(io.read))),
    },
    Field {
        id: "disk_write",
        title: "DISK W",
        help: "bytes written to disks since the process started",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.process.io.map_or_else(FieldValue::Gap, |io| FieldValue::Bytes(io.written))),
    },
    Field {
        id: "read_rate",
        title: "R/S",
        help: "bytes read from disks per second",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.io_rate.map_or_else(FieldValue::Gap, |rate| bytes(rate.read))),
    },
    Field {
        id: "write_rate",
        title: "W/S",
        help: "bytes written to disks per second",
        kind: FieldKind::Bytes,
        get: |row| agent(row, |a| a.io_rate.map_or_else(FieldValue::Gap, |rate| bytes(rate.written))),
    },
    Field {
        id: "threads",
        title: "THR",
        help: "threads of the process",
        kind: FieldKind::Count,
        get: |row| agent(row, |a| a.process.threads.map_or_else(FieldValue::Gap, |n| FieldValue::Count(n.into()))),
    },
    Field {
        id: "launcher",
        title: "LAUNCHER",
        help: "the program that started it",
        kind: FieldKind::Text,
        get: |row| agent(row, |a| untrusted(a.launcher.as_ref())),
    },
    Field {
        id: "danger",
        title: "DANGER",
        help: "the flag that lets it act without asking",
        kind: FieldKind::Text,
        get: |row| agent(row, |a| untrusted(a.danger.as_ref())),
    },
    Field {
        id: "evidence",
        title: "EVIDENCE",
        help: "what decided the status",
        kind: FieldKind::Text,
        get: |row| evidence(row).map_or(FieldValue::Gap(Gap::NotReported), |word| FieldValue::Text(word.into())),
    },
    Field {
        id: "modified",
        title: "DIRTY",
        help: "tracked files that differ from what is staged in git",
        kind: FieldKind::Count,
        get: |row| agent(row, modified),
    },
    Field {
        id: "tokens_rate",
        title: "TOK/MIN",
        help: "tokens of input and output per minute, over the last five minutes",
        kind: FieldKind::Tokens,
        get: |row| {
            agent(row, |a| a.rates[1].fresh_tokens_per_minute().map_or(FieldValue::Gap(Gap::NotReported), tokens))
        },
    },
    Field {
        id: "cost_rate",
        title: "$/H",
        help: "US dollars per hour, over the last five minutes",
        kind: FieldKind::Money,
        get: |row| agent(row, |a| FieldValue::spent_per_hour(&a.rates[1])),
    },
    Field {
        id: "cache_hit",
        title: "HIT",
        help: "prompt tokens read from a cache among all",
        kind: FieldKind::Percent,
        get: |row| session(row, |s| percent(s.usage.cache_hit_ratio())),
    },
    Field {
        id: "cache_saving",
        title: "SAVED",
        help: "US dollars that reading from the cache saved, at API prices",
        kind: FieldKind::Money,
        get: |row| session(row, cache_saving),
    },
    Field {
        id: "full_in",
        title: "FULL IN",
        help: "time until the context will be summarised, if it goes on like this",
        kind: FieldKind::Span,
        get: |row| session(row, |s| span(s.growth.and_then(|growth| growth.full_in))),
    },
    Field { id: "uptime", title: "UP", help: "age of the process", kind: FieldKind::Span, get: uptime },
    Field {
        id: "age",
        title: "AGE",
        help: "time since the session began",
        kind: FieldKind::Span,
        get: |row| session(row, |s| span(s.started.map(|at| row.now.since(at)))),
    },
    Field {
        id: "active",
        title: "ACTIVE",
        help: "time since something happened",
        kind: FieldKind::Span,
        get: |row| session(row, |s| span(s.idle_for(row.now))),
    },
    Field {
        id: "started",
        title: "STARTED",
        help: "when the session began",
        kind: FieldKind::Time,
        get: |row| session(row, |s| time(s.started)),
    },
    Field {
        id: "input",
        title: "INPUT",
        help: "fresh prompt tokens",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.input),
    },
    Field {
        id: "cache_read",
        title: "CACHE R",
        help: "prompt tokens read from a cache",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.cache_read),
    },
    Field {
        id: "cache_write",
        title: "CACHE W",
        help: "prompt tokens written to a cache",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.cache_write()),
    },
    Field {
        id: "output",
        title: "OUTPUT",
        help: "tokens written by the model, reasoning included",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.output),
    },
    Field {
        id: "reasoning",
        title: "REASON",
        help: "the part of the output that was reasoning",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.reasoning),
    },
    Field {
        id: "tokens",
        title: "TOKENS",
        help: "all tokens, each once",
        kind: FieldKind::Tokens,
        get: |row| used(row, |usage| usage.total()),
    },
    Field {
        id: "cost",
        title: "COST",
        help: "US dollars at API prices",
        kind: FieldKind::Money,
        get: |row| session(row, |s| FieldValue::spent(&s.spend)),
    },
    Field {
        id: "basis",
        title: "BASIS",
        help: "where the cost comes from: api, embedded, local, unknown",
        kind: FieldKind::Text,
        get: |row| session(row, |s| FieldValue::Text(s.spend.basis().as_str().into())),
    },
    Field {
        id: "context",
        title: "CTX",
        help: "how full the context window is",
        kind: FieldKind::Percent,
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Percent(c.percent()))),
    },
    Field {
        id: "context_used",
        title: "CTX USED",
        help: "tokens in the context window",
        kind: FieldKind::Tokens,
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Tokens(c.used))),
    },
    Field {
        id: "context_limit",
        title: "CTX MAX",
        help: "size of the context window",
        kind: FieldKind::Tokens,
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Tokens(c.limit))),
    },
    Field {
        id: "turns",
        title: "TURNS",
        help: "model responses",
        kind: FieldKind::Count,
        get: |row| session(row, |s| FieldValue::Count(s.turns)),
    },
    Field {
        id: "prompts",
        title: "PROMPTS",
        help: "how often the person spoke",
        kind: FieldKind::Count,
        get: |row| session(row, |s| FieldValue::Count(s.prompts)),
    },
    Field {
        id: "subagents",
        title: "SUB",
        help: "sub-agents of the session",
        kind: FieldKind::Count,
        get: |row| session(row, |s| FieldValue::Count(s.children.len() as u64)),
    },
    Field { id: "cwd", title: "DIRECTORY", help: "working directory", kind: FieldKind::Text, get: cwd },
];

fn agent<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(&'a Agent) -> FieldValue<'a>) -> FieldValue<'a> {
    row.agent.map_or(FieldValue::Gap(Gap::NotReported), get)
}

fn session<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(&'a Session) -> FieldValue<'a>) -> FieldValue<'a> {
    row.session.map_or(FieldValue::Gap(Gap::NotReported), get)
}

fn used<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(Usage) -> u64) -> FieldValue<'a> {
    session(row, |s| s.used().map_or_else(FieldValue::Gap, |usage| FieldValue::Tokens(get(usage))))
}

fn text(value: Option<&str>) -> FieldValue<'_> {
    value.map_or(FieldValue::Gap(Gap::NotReported), |text| FieldValue::Untrusted(Cow::Owned(text.into())))
}

fn untrusted(value: Option<&Untrusted>) -> FieldValue<'_> {
    value.map_or(FieldValue::Gap(Gap::NotReported), |text| FieldValue::Untrusted(Cow::Borrowed(text)))
}

fn span(value: Option<Duration>) -> FieldValue<'static> {
    value.map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Span)
}

fn time(value: Option<Timestamp>) -> FieldValue<'static> {
    value.map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Time)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and NaN becomes 0")]
fn bytes(rate: f64) -> FieldValue<'static> {
    FieldValue::Bytes(rate as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and NaN becomes 0")]
fn tokens(rate: f64) -> FieldValue<'static> {
    FieldValue::Tokens(rate as u64)
}

/// What no price is known of is missing from the saving as it is from the cost.
fn cache_saving(session: &Session) -> FieldValue<'_> {
    session.cache_saving.map_or(FieldValue::Gap(Gap::NotReported), |saved| session.spend.money(saved))
}

fn percent(ratio: Option<f64>) -> FieldValue<'static> {
    ratio.map_or(FieldValue::Gap(Gap::NotReported), |ratio| FieldValue::Percent(ratio * 100.0))
}

fn model<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let of_session = row.session.and_then(|session| session.model.as_deref());
    of_session.map_or_else(|| agent(row, |a| untrusted(a.stated_model.as_ref())), |model| text(Some(model)))
}

fn evidence(row: &SnapshotRow<'_>) -> Option<&'static str> {
    let of_agent = row.agent.map(|agent| agent.evidence);
    of_agent.or(row.session.map(|session| session.evidence)).map(crate::Evidence::as_str)
}

fn modified(agent: &Agent) -> FieldValue<'_> {
    let modified = agent.git.as_ref().map_err(|gap| *gap).and_then(|git| git.modified);
    modified.map_or_else(FieldValue::Gap, |files| FieldValue::Count(files.into()))
}

fn client<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    match (row.agent, row.session) {
        (Some(agent), _) => FieldValue::Untrusted(Cow::Borrowed(&agent.label)),
        (None, Some(session)) => FieldValue::Text(session.client().as_str().into()),
        (None, None) => FieldValue::Gap(Gap::NotReported),
    }
}

fn project<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let of_session = row.session.and_then(|session| session.project.as_ref());
    if let Some(project) = of_session {
        return FieldValue::Untrusted(Cow::Borrowed(project));
    }
    agent(row, |a| match a.process.cwd.as_deref() {
        Ok(cwd) => text(cwd.file_name().map(|name| name.to_string_lossy()).as_deref()).into_owned(),
        Err(gap) => FieldValue::Gap(*gap),
    })
}

fn session_id<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    session(row, |s| {
        let suffix = if s.subagent_files == 0 { String::new() } else { format!("+{}", s.subagent_files) };
        FieldValue::Untrusted(Cow::Owned(format!("{}{suffix}", s.key.id).into()))
    })
}

/// The session's name; message text is private and does not count as one here.
fn title<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    session(row, |s| untrusted(s.public_title.as_ref().map(|title| &title.text)))
}

/// What its directory has checked out now, as JSON has it, or else what its transcript says.
fn branch<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let now = row.agent.and_then(|agent| agent.git.as_ref().ok()).map(|git| &git.branch);
    now.map_or_else(|| session(row, |s| untrusted(s.branch.as_ref())), |branch| untrusted(Some(branch)))
}

fn uptime<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    agent(row, |a| a.process.started_at.map_or_else(FieldValue::Gap, |at| FieldValue::Span(row.now.since(at))))
}

fn cwd<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let directory = row.session.and_then(|s| s.cwd.as_deref());
    let directory = directory.or_else(|| row.agent.and_then(|a| a.process.cwd.as_deref().ok()));
    text(directory.map(|path| path.to_string_lossy()).as_deref()).into_owned()
}

impl Spend {
    /// An amount that leaves out what this sum leaves out.
    fn money(&self, amount: PicoUsd) -> FieldValue<'static> {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn field_names_are_unique_and_plain() {
        let mut seen = HashSet::new();
        for field in FIELDS {
            assert!(seen.insert(field.id), "{} twice", field.id);
            assert!(field.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", field.id);
            assert!(!field.help.is_empty() && !field.title.is_empty());
        }
    }
}
