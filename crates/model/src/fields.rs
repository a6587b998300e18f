use crate::Gap;
use crate::column_layout::ColumnLayout;
use crate::field::{Field, FieldKind, FieldValue};
use crate::field_getters::{
    agent, branch, bytes, cache_saving, client, cwd, evidence, model, modified, percent, project, session, session_id,
    span, time, title, tokens, untrusted, uptime, used,
};

/// The field of that name.
pub fn field(id: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.id == id)
}

/// The greatest width of a column that takes what is left of the row.
const FILLS_THE_ROW: u16 = u16::MAX;

/// Every field. A new column is one entry here.
pub static FIELDS: &[Field] = &[
    Field {
        id: "status",
        title: "STATUS",
        help: "what it is doing",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(10).ranked(0, 0).on_screen(0, 12, 12),
        get: |row| FieldValue::Status(row.status()),
    },
    Field {
        id: "client",
        title: "AGENT",
        help: "the agent program",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(7).ranked(0, 0).on_screen(1, 8, 12).at_most(24),
        get: client,
    },
    Field {
        id: "pid",
        title: "PID",
        help: "process id",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL.ranked(0, 0).on_screen(7, 5, 7).at_most(8),
        get: |row| agent(row, |a| FieldValue::Count(a.process.id.pid.into())),
    },
    Field {
        id: "project",
        title: "PROJECT",
        help: "last part of the working directory",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(8).ranked(0, 0).on_screen(2, 8, 18).at_most(40),
        get: project,
    },
    Field {
        id: "session",
        title: "SESSION",
        help: "session id, +N for N subagent files",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(10).ranked(3, 3).on_screen(6, 9, 12).at_most(13),
        get: session_id,
    },
    Field {
        id: "title",
        title: "TITLE",
        help: "the session's name",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(12).ranked(9, 9).on_screen(5, 12, 60).at_most(FILLS_THE_ROW),
        get: title,
    },
    Field {
        id: "model",
        title: "MODEL",
        help: "the model that answered last",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(10).ranked(4, 4).on_screen(9, 12, 16).at_most(36),
        get: model,
    },
    Field {
        id: "branch",
        title: "BRANCH",
        help: "git branch",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(6).ranked(8, 8).on_screen(16, 8, 16).at_most(40),
        get: branch,
    },
    Field {
        id: "tool",
        title: "TOOL",
        help: "the tool that runs now",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.min_text(5).ranked(6, 6),
        get: |row| session(row, |s| untrusted(s.in_flight.last().map(|t| &t.name))),
    },
    Field {
        id: "cpu",
        title: "CPU",
        help: "processor use in percent of one processor",
        kind: FieldKind::Percent,
        column: ColumnLayout::USUAL.ranked(1, 5).on_screen(6, 5, 5),
        get: |row| agent(row, |a| a.cpu_percent.map_or_else(FieldValue::Gap, FieldValue::Percent)),
    },
    Field {
        id: "mem",
        title: "MEM",
        help: "resident memory",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL.ranked(3, 6).on_screen(10, 5, 5),
        get: |row| agent(row, |a| a.process.rss.map_or_else(FieldValue::Gap, FieldValue::Bytes)),
    },
    Field {
        id: "vsz",
        title: "VSZ",
        help: "virtual memory",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| a.process.vsz.map_or_else(FieldValue::Gap, FieldValue::Bytes)),
    },
    Field {
        id: "disk_read",
        title: "DISK R",
        help: "bytes read from disks since the process started",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| a.process.io.map_or_else(FieldValue::Gap, |io| FieldValue::Bytes(io.read))),
    },
    Field {
        id: "disk_write",
        title: "DISK W",
        help: "bytes written to disks since the process started",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| a.process.io.map_or_else(FieldValue::Gap, |io| FieldValue::Bytes(io.written))),
    },
    Field {
        id: "read_rate",
        title: "R/S",
        help: "bytes read from disks per second",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL.ranked(10, 10).on_screen(13, 5, 5).titled("R/s"),
        get: |row| agent(row, |a| a.io_rate.map_or_else(FieldValue::Gap, |rate| bytes(rate.read))),
    },
    Field {
        id: "write_rate",
        title: "W/S",
        help: "bytes written to disks per second",
        kind: FieldKind::Bytes,
        column: ColumnLayout::USUAL.ranked(10, 10).on_screen(14, 5, 5).titled("W/s"),
        get: |row| agent(row, |a| a.io_rate.map_or_else(FieldValue::Gap, |rate| bytes(rate.written))),
    },
    Field {
        id: "threads",
        title: "THR",
        help: "threads of the process",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| a.process.threads.map_or_else(FieldValue::Gap, |n| FieldValue::Count(n.into()))),
    },
    Field {
        id: "launcher",
        title: "LAUNCHER",
        help: "the program that started it",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| untrusted(a.launcher.as_ref())),
    },
    Field {
        id: "danger",
        title: "DANGER",
        help: "the flag that lets it act without asking",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, |a| untrusted(a.danger.as_ref())),
    },
    Field {
        id: "evidence",
        title: "EVIDENCE",
        help: "what decided the status",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL,
        get: |row| evidence(row).map_or(FieldValue::Gap(Gap::NotReported), |word| FieldValue::Text(word.into())),
    },
    Field {
        id: "modified",
        title: "DIRTY",
        help: "tracked files that differ from what is staged in git",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL,
        get: |row| agent(row, modified),
    },
    Field {
        id: "tokens_rate",
        title: "TOK/MIN",
        help: "tokens of input and output per minute, over the last five minutes",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL.on_screen(8, 5, 5).titled("TOK/M"),
        get: |row| {
            agent(row, |a| a.rates[1].fresh_tokens_per_minute().map_or(FieldValue::Gap(Gap::NotReported), tokens))
        },
    },
    Field {
        id: "cost_rate",
        title: "$/H",
        help: "US dollars per hour, over the last five minutes",
        kind: FieldKind::Money,
        column: ColumnLayout::USUAL.on_screen(18, 7, 8).at_most(13),
        get: |row| agent(row, |a| FieldValue::spent_per_hour(&a.rates[1])),
    },
    Field {
        id: "cache_hit",
        title: "HIT",
        help: "prompt tokens read from a cache among all",
        kind: FieldKind::Percent,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| percent(s.usage.cache_hit_ratio())),
    },
    Field {
        id: "cache_saving",
        title: "SAVED",
        help: "US dollars that reading from the cache saved, at API prices",
        kind: FieldKind::Money,
        column: ColumnLayout::USUAL,
        get: |row| session(row, cache_saving),
    },
    Field {
        id: "full_in",
        title: "FULL IN",
        help: "time until the context will be summarised, if it goes on like this",
        kind: FieldKind::Span,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| span(s.growth.and_then(|growth| growth.full_in))),
    },
    Field {
        id: "uptime",
        title: "UP",
        help: "age of the process",
        kind: FieldKind::Span,
        column: ColumnLayout::USUAL.ranked(5, 5).on_screen(19, 7, 7),
        get: uptime,
    },
    Field {
        id: "age",
        title: "AGE",
        help: "time since the session began",
        kind: FieldKind::Span,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| span(s.started.map(|at| row.now.since(at)))),
    },
    Field {
        id: "active",
        title: "ACTIVE",
        help: "time since something happened",
        kind: FieldKind::Span,
        column: ColumnLayout::USUAL.ranked(7, 1).on_screen(12, 7, 7).titled("IDLE"),
        get: |row| session(row, |s| span(s.idle_for(row.now))),
    },
    Field {
        id: "started",
        title: "STARTED",
        help: "when the session began",
        kind: FieldKind::Time,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| time(s.started)),
    },
    Field {
        id: "input",
        title: "INPUT",
        help: "fresh prompt tokens",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| used(row, |usage| usage.input),
    },
    Field {
        id: "cache_read",
        title: "CACHE R",
        help: "prompt tokens read from a cache",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| used(row, |usage| usage.cache_read),
    },
    Field {
        id: "cache_write",
        title: "CACHE W",
        help: "prompt tokens written to a cache",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| used(row, |usage| usage.cache_write()),
    },
    Field {
        id: "output",
        title: "OUTPUT",
        help: "tokens written by the model, reasoning included",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| used(row, |usage| usage.output),
    },
    Field {
        id: "reasoning",
        title: "REASON",
        help: "the part of the output that was reasoning",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| used(row, |usage| usage.reasoning),
    },
    Field {
        id: "tokens",
        title: "TOKENS",
        help: "all tokens, each once",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL.ranked(0, 0).on_screen(11, 6, 6),
        get: |row| used(row, |usage| usage.total()),
    },
    Field {
        id: "cost",
        title: "COST",
        help: "US dollars at API prices",
        kind: FieldKind::Money,
        column: ColumnLayout::USUAL.ranked(0, 0).on_screen(3, 7, 8).at_most(13),
        get: |row| session(row, |s| FieldValue::spent(&s.spend)),
    },
    Field {
        id: "basis",
        title: "BASIS",
        help: "where the cost comes from: api, embedded, local, unknown",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| FieldValue::Text(s.spend.basis().as_str().into())),
    },
    Field {
        id: "context",
        title: "CTX",
        help: "how full the context window is",
        kind: FieldKind::Percent,
        column: ColumnLayout::USUAL.ranked(2, 2).on_screen(4, 7, 10),
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Percent(c.percent()))),
    },
    Field {
        id: "context_used",
        title: "CTX USED",
        help: "tokens in the context window",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Tokens(c.used))),
    },
    Field {
        id: "context_limit",
        title: "CTX MAX",
        help: "size of the context window",
        kind: FieldKind::Tokens,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| s.context.map_or_else(FieldValue::Gap, |c| FieldValue::Tokens(c.limit))),
    },
    Field {
        id: "turns",
        title: "TURNS",
        help: "model responses",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL.ranked(7, 7).on_screen(17, 5, 6),
        get: |row| session(row, |s| FieldValue::Count(s.turns)),
    },
    Field {
        id: "prompts",
        title: "PROMPTS",
        help: "prompts of the user",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| FieldValue::Count(s.prompts)),
    },
    Field {
        id: "subagents",
        title: "SUB",
        help: "subagents of the session",
        kind: FieldKind::Count,
        column: ColumnLayout::USUAL,
        get: |row| session(row, |s| FieldValue::Count(s.children.len() as u64)),
    },
    Field {
        id: "cwd",
        title: "DIRECTORY",
        help: "working directory",
        kind: FieldKind::Text,
        column: ColumnLayout::USUAL.on_screen(20, 16, 30).at_most(60),
        get: cwd,
    },
];

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
