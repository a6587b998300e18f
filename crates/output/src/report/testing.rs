//! Usage for the tests of reports.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_demo::sample as testing;
use agtop_model::BillingPlan;
use agtop_model::{
    ClientId, Cost, CostBasis, PicoUsd, Session, Spend, Timestamp, ToolCount, Usage, UsageExtent, UsageRow, UsageTable,
};
use agtop_report::{Kind, Options, Report};

use crate::View;
use crate::report::{Page, format};
use crate::testing::view;

pub(super) const CLAUDE: ClientId = ClientId::new("claude");
pub(super) const CODEX: ClientId = ClientId::new("codex");
const GEMINI: ClientId = ClientId::new("gemini");
pub(super) const PRICES: &str = "2026-11-20 (bundled)";

/// 2026-11-21 12:30 UTC, a Saturday.
pub(super) const NOW: &str = "2026-11-21T12:30:00Z";

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

pub(super) fn session(client: ClientId, id: &str, cwd: Option<&str>) -> Session {
    Session {
        cwd: cwd.map(PathBuf::from),
        project: cwd.and_then(|cwd| cwd.rsplit('/').next()).map(Into::into),
        branch: cwd.map(|_| "main".into()),
        ..testing::session(client, id)
    }
}

/// Two hundred tokens a cent at API prices.
pub(super) fn row(session: u32, time: Option<&str>, model: &str, tokens: u64) -> UsageRow {
    let amount = PicoUsd::new(50_000_000).times(tokens);
    costing(session, time, model, (tokens, Cost { amount: Some(amount), basis: CostBasis::Api }))
}

pub(super) fn costing(session: u32, time: Option<&str>, model: &str, (tokens, cost): (u64, Cost)) -> UsageRow {
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

pub(super) fn table(sessions: Vec<Session>, rows: Vec<UsageRow>) -> UsageTable {
    UsageTable { sessions: sessions.into_iter().map(Arc::new).collect(), rows }
}

/// Three sessions of three clients over half a year, with a row without a time, one without a price, and a local one.
pub(super) fn rich() -> UsageTable {
    let tool = |name: &str, calls| ToolCount { name: name.into(), calls };
    let claude = Session {
        tools: vec![tool("Bash", 41), tool("Edit", 7)],
        last_active: Some(at(NOW)),
        children: vec![Arc::new(Session { tools: vec![tool("Bash", 9)], ..session(CLAUDE, "child", None) })],
        ..session(CLAUDE, "6163a95c-e18a-4a4c-a793-52a1bb0f8c11", Some("/work/prover"))
    };
    let codex = Session {
        tools: vec![tool("shell", 12)],
        last_active: Some(at("2026-11-20T09:00:00Z")),
        ..session(CODEX, "019d2d54-207e-7b80-b98e-2968e4d1204a", Some("/work/shop"))
    };
    let rows = vec![
        row(0, Some("2026-06-30T23:30:00Z"), "claude-opus-4-7", 40_000),
        row(0, Some("2026-11-16T08:10:00Z"), "claude-opus-4-7", 90_000),
        row(1, Some("2026-11-20T09:00:00Z"), "gpt-5-codex", 30_000),
        row(0, Some("2026-11-20T23:30:00Z"), "claude-opus-4-7", 200_000),
        row(0, Some("2026-11-21T10:05:00Z"), "claude-opus-4-7", 60_000),
        row(0, Some("2026-11-21T11:00:00Z"), "claude-haiku-4-5", 20_000),
        row(0, Some("2026-11-21T12:05:00Z"), "claude-opus-4-7", 100_000),
        costing(2, Some("2026-11-21T12:10:00Z"), "gemini-9-experimental", (950, Cost::UNKNOWN)),
        costing(2, None, "ollama/qwen", (5_000, Cost::LOCAL)),
    ];
    table(vec![claude, codex, session(GEMINI, "f00dfeed-1111-4222-8333-444455556666", None)], rows)
}

pub(super) fn options(kind: Kind) -> Options {
    Options { plan: BillingPlan::Max, ..Options::new(kind, at(NOW)) }
}

pub(super) fn page(view: &View) -> Page<'_> {
    Page { view, prices: PRICES, columns: super::Columns::All, health: &testing::HEALTH }
}

pub(super) fn written(report: &Report, id: &str, width: Option<usize>) -> String {
    let view = View { width, plan: BillingPlan::Max, ..view() };
    let mut out = Vec::new();
    format(id).unwrap().write(report, &page(&view), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
