//! `agtop compare`: the same tokens on other models.

use std::collections::HashSet;
use std::io::Write;

use agtop_format::units;
use agtop_model::{
    ServiceTier, Session, Spend, TimeGranularity, Timestamp, Untrusted, Usage, UsageExtent, UsageRow, UsageTable,
};
use agtop_output::report::compare::{ComparedModel, Comparison};
use agtop_output::report::{ReportColumns, ReportContext};
use agtop_prices::{PriceBook, Rated, Tariff};
use agtop_report::ReportOptions;
use anyhow::{Result, bail};

use crate::find_session::find_session;
use crate::plan::{ComparePlan, TextOrJson};
use crate::source_issues::report_broken_sources;
use crate::usage_reader::UsageReader;

/// One or two current coding models of each vendor.
const COMMON_MODELS: &[&str] = &[
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-haiku-4-5",
    "gpt-5.5",
    "gpt-5.3-codex",
    "gpt-5-mini",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash",
    "xai/grok-4.20",
    "deepseek/deepseek-v4-pro",
    "moonshot/kimi-k2.7-code",
    "mistral/devstral-medium-latest",
];

/// Prints what the same tokens would cost with other models.
pub(super) fn run(plan: ComparePlan, out: &mut dyn Write) -> Result<()> {
    let book = plan.prices.load()?;
    let prices = book.as_of();
    let mut reader = UsageReader::new(plan.source, book.clone());
    let table = reader.usage_table(TimeGranularity::Response);
    reader.finish();
    let session = plan.session.as_deref().map(|id| find_session(&table.sessions, id)).transpose()?;
    let rows = wanted_rows(&table, session, &plan.options);
    if rows.is_empty() {
        bail!("no usage matches");
    }
    let mut comparison = comparison(&rows, &plan.models, &book);
    comparison.subject = subject(session, &plan.options);
    comparison.now = plan.options.now;
    let health = reader.health();
    report_broken_sources(&health);
    let page = ReportContext {
        view: &plan.view,
        restrictions: &[],
        prices: &prices,
        columns: ReportColumns::All,
        health: &health,
    };
    match plan.format {
        TextOrJson::Text => comparison.write_text(&page, out)?,
        TextOrJson::Json => comparison.write_json(&page, out)?,
    }
    // The operating system frees the memory of this process faster than destructors do.
    std::mem::forget((reader, table));
    Ok(())
}

fn wanted_rows<'t>(table: &'t UsageTable, session: Option<&Session>, options: &'t ReportOptions) -> Vec<&'t UsageRow> {
    let is_wanted = |row: &UsageRow| match session {
        Some(session) => table.session(row).is_some_and(|of_row| of_row.key == session.key),
        None => true,
    };
    options.rows(table).filter(|row| is_wanted(row)).collect()
}

fn subject(session: Option<&Session>, options: &ReportOptions) -> Untrusted {
    if let Some(session) = session {
        let project = session.project.as_ref().map_or_else(String::new, |project| format!(" in {}", project.raw()));
        return format!("{} session {}{project}", session.client(), session.key.id).into();
    }
    let mut text = match options.projects.join(", ") {
        names if names.is_empty() => "all usage".to_owned(),
        names => format!("usage in {names}"),
    };
    for (word, at) in [("since", options.since), ("until", options.until)] {
        if let Some(at) = at {
            text = format!("{text} {word} {}", units::moment(at, &options.zone));
        }
    }
    text.into()
}

fn comparison(rows: &[&UsageRow], named: &[String], book: &PriceBook) -> Comparison {
    let (mut usage, mut spend, mut turns) = (Usage::default(), Spend::default(), 0);
    for row in rows {
        usage += row.usage;
        spend += row.spend;
        turns += row.turns;
    }
    let used: HashSet<&str> = rows.iter().filter_map(|row| row.model.as_deref()).collect();
    let models: Vec<&str> = if named.is_empty() {
        COMMON_MODELS.iter().copied().chain(used.iter().copied()).collect()
    } else {
        named.iter().map(|model| model.trim()).filter(|model| !model.is_empty()).collect()
    };
    let mut seen = HashSet::new();
    let models = models.into_iter().filter(|model| seen.insert(*model));
    let models = models.map(|model| compared_model(model, rows, book, used.contains(model))).collect();
    let now = Timestamp::EARLIEST;
    let mut comparison = Comparison { subject: "".into(), usage, spend, turns, models, now };
    comparison.sort();
    comparison
}

/// The price of one model. Each row is priced alone, since the length of a prompt decides its rates.
fn compared_model(model: &str, rows: &[&UsageRow], book: &PriceBook, was_used: bool) -> ComparedModel {
    let rated = book.rate(model);
    let mut spend = Spend::default();
    for row in rows {
        let tariff = row.at.map_or_else(|| rated.now(), |at| rated.at(at));
        spend.add(tariff.cost_of(&row.usage, ServiceTier::Standard, row.extent), row.usage.total());
    }
    let limit = book.context_limit(model).unwrap_or(u64::MAX);
    let is_too_long = |row: &&&UsageRow| row.extent == UsageExtent::Response && row.usage.prompt() > limit;
    let key = match &rated {
        Rated::Known(found) => Some(Untrusted::from(found.key)),
        Rated::Local | Rated::Unknown => None,
    };
    ComparedModel {
        model: model.into(),
        amount: spend.known(),
        basis: spend.basis(),
        key,
        is_derived: is_derived(&rated.now(), &rows.iter().map(|row| row.usage).sum()),
        too_long: rows.iter().filter(is_too_long).map(|row| row.turns).sum(),
        was_used,
    }
}

/// Whether the list has no rate for a kind of cache use in this usage.
fn is_derived(tariff: &Tariff<'_>, used: &Usage) -> bool {
    let cached = Usage { input: 0, output: 0, reasoning: 0, web_searches: 0, ..*used };
    let quote = tariff.quote_of(&cached, ServiceTier::Standard, UsageExtent::Sum);
    quote.is_some_and(|quote| quote.lines.iter().any(|line| line.derived.is_some()))
}
