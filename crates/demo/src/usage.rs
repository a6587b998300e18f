//! A table of usage at fixed times, for the tests of reports.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, Cost, CostBasis, PicoUsd, Session, Spend, Timestamp, ToolCount, Usage, UsageExtent, UsageRow, UsageTable,
};

use crate::sample;

/// Claude Code.
pub const CLAUDE: ClientId = ClientId::new("claude");
/// Codex.
pub const CODEX: ClientId = ClientId::new("codex");
const GEMINI: ClientId = ClientId::new("gemini");

/// 2026-11-21 12:30 UTC, a Saturday: the present moment of the table.
pub const NOW: &str = "2026-11-21T12:30:00Z";

/// Each token of [`row`] costs this.
pub const TOKEN_COST: PicoUsd = PicoUsd::new(50_000_000);

/// The moment of an RFC 3339 text; the earliest moment if the text is none.
pub fn at(text: &str) -> Timestamp {
    let at = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
    at.map_or(Timestamp::EARLIEST, Timestamp::from_millis)
}

/// A session in that directory, on branch `main`.
pub fn session(client: ClientId, id: &str, cwd: Option<&str>) -> Session {
    Session {
        cwd: cwd.map(PathBuf::from),
        project: cwd.and_then(|cwd| cwd.rsplit('/').next()).map(Into::into),
        branch: cwd.map(|_| "main".into()),
        ..sample::session(client, id)
    }
}

/// A response at API prices: two hundred tokens for a cent.
pub fn row(session: u32, time: Option<&str>, model: &str, tokens: u64) -> UsageRow {
    let amount = TOKEN_COST.times(tokens);
    row_with_cost(session, time, model, (tokens, Cost { amount: Some(amount), basis: CostBasis::Api }))
}

/// A response with that cost, whose tokens are spread over all buckets.
pub fn row_with_cost(session: u32, time: Option<&str>, model: &str, (tokens, cost): (u64, Cost)) -> UsageRow {
    let usage = Usage {
        input: tokens / 10,
        cache_read: tokens / 2,
        cache_write_5m: tokens / 5,
        output: tokens - tokens / 10 - tokens / 2 - tokens / 5,
        ..Usage::default()
    };
    let mut spend = Spend::default();
    spend.add(cost, usage.total());
    let model = (!model.is_empty()).then(|| model.into());
    UsageRow { session, at: time.map(at), model, usage, spend, turns: 1, extent: UsageExtent::Response }
}

/// A table of these sessions and rows.
pub fn table(sessions: Vec<Session>, rows: Vec<UsageRow>) -> UsageTable {
    UsageTable { sessions: sessions.into_iter().map(Arc::new).collect(), rows }
}

/// Three sessions of three clients over half a year, with a row without a time, one without a price, and a local one.
pub fn rich() -> UsageTable {
    let tool = |name: &str, calls| ToolCount { name: name.into(), calls };
    let claude = Session {
        tools: vec![tool("Bash", 41), tool("Edit", 7)],
        last_active: Some(at(NOW)),
        children: vec![Arc::new(Session { tools: vec![tool("Bash", 9)], ..session(CLAUDE, "child", None) })],
        ..session(CLAUDE, sample::CLAUDE_SESSION, Some("/work/prover"))
    };
    let codex = Session {
        tools: vec![tool("shell", 12)],
        last_active: Some(at("2026-11-20T09:00:00Z")),
        ..session(CODEX, sample::CODEX_SESSION, Some("/work/shop"))
    };
    let rows = vec![
        row(0, Some("2026-06-30T23:30:00Z"), "claude-opus-4-7", 40_000),
        row(0, Some("2026-11-16T08:10:00Z"), "claude-opus-4-7", 90_000),
        row(1, Some("2026-11-20T09:00:00Z"), "gpt-5-codex", 30_000),
        row(0, Some("2026-11-20T23:30:00Z"), "claude-opus-4-7", 200_000),
        row(0, Some("2026-11-21T10:05:00Z"), "claude-opus-4-7", 60_000),
        row(0, Some("2026-11-21T11:00:00Z"), "claude-haiku-4-5", 20_000),
        row(0, Some("2026-11-21T12:05:00Z"), "claude-opus-4-7", 100_000),
        row_with_cost(2, Some("2026-11-21T12:10:00Z"), "gemini-9-experimental", (950, Cost::UNKNOWN)),
        row_with_cost(2, None, "ollama/qwen", (5_000, Cost::LOCAL)),
    ];
    table(vec![claude, codex, session(GEMINI, sample::GEMINI_SESSION, None)], rows)
}

/// A table in which every text is an attack on a terminal, a spreadsheet or a parser, and every number is extreme.
pub fn hostile() -> UsageTable {
    const TEXT: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}=cmd|'x'!A1,\"\r\n\t\u{202e}\u{0}\u{9b}31m\u{85}x|<b>`";
    let attack = Session {
        branch: Some(TEXT.into()),
        tools: vec![ToolCount { name: TEXT.into(), calls: u64::MAX }; 2],
        ..session(CLAUDE, TEXT, Some(&format!("/tmp/{TEXT}")))
    };
    let mut large = row(0, Some(NOW), TEXT, 10);
    large.usage.input = u64::MAX;
    large.spend.amount = PicoUsd::new(i64::MAX);
    let mut rows = vec![large, row(0, Some(NOW), "", 10)];
    for millis in [i64::MIN, i64::MAX, 0, -1, 253_402_300_800_000] {
        rows.push(UsageRow { at: Some(Timestamp::from_millis(millis)), ..row(0, Some(NOW), TEXT, 10) });
    }
    table(vec![attack], rows)
}
