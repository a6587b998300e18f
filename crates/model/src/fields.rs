use std::borrow::Cow;
use std::time::Duration;

use crate::field::{Field, FieldKind, FieldValue, SnapshotRow};
use crate::{Agent, Gap, Session, Timestamp, Untrusted, Usage};

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
        help: "prompts of the user",
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

/// The saving leaves out the usage of models without a price, as the cost does.
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
