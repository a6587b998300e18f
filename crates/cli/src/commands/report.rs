//! `agtop report`: usage by day, session, model and others.

use std::io::Write;
use std::process::ExitCode;

use agtop_model::{TimeGranularity, UsageTable};
use agtop_output::report::ReportContext;
use agtop_output::{Cell, Tone, write_sentence};
use agtop_report::{Report, ReportKind};
use anyhow::Result;

use crate::find_session::find_session;
use crate::plan::{ReportHint, ReportPlan};
use crate::source_issues::report_broken_sources;
use crate::stderr;
use crate::usage_reader::UsageReader;

/// The exit code if the current period has cost more than its budget.
const EXIT_OVER_BUDGET: u8 = 5;

/// Prints a usage report.
pub(super) fn run(plan: ReportPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    let prices = book.as_of();
    let mut reader = UsageReader::new(plan.source, book);
    if plan.options.asks_for_tags() {
        reader.import_spooled_tags(&plan.hooks);
    }
    let grain = grain(&plan.options);
    let mut table = reader.usage_table(grain);
    reader.finish();
    if let Some(id) = &plan.session {
        keep_session(&mut table, id)?;
    }
    let report = Report::build(&table, &plan.options);
    let health = reader.health();
    report_broken_sources(&health);
    let page = ReportContext {
        view: &plan.view,
        restrictions: &plan.restrictions,
        prices: &prices,
        columns: plan.columns,
        health: &health,
    };
    plan.format.write(&report, &page, out)?;
    if plan.hint == ReportHint::OtherKinds && !report.lines.is_empty() {
        write_sentence(&Cell::new(other_kinds(report.kind), Tone::Dim), &plan.view, out)?;
    }
    out.flush()?;
    // The operating system frees the memory of this process faster than destructors do.
    std::mem::forget((reader, table));
    let Some(exceeded_budget) = plan.budget.and_then(|budget| report.exceeded_budget(budget)) else {
        return Ok(ExitCode::SUCCESS);
    };
    stderr::print_message(exceeded_budget);
    Ok(ExitCode::from(EXIT_OVER_BUDGET))
}

/// Removes the usage of all other sessions.
fn keep_session(table: &mut UsageTable, id: &str) -> Result<()> {
    let key = find_session(&table.sessions, id)?.key.clone();
    let is_wanted: Vec<bool> = table.sessions.iter().map(|session| session.key == key).collect();
    table
        .rows
        .retain(|row| usize::try_from(row.session).is_ok_and(|at| is_wanted.get(at).is_some_and(|wanted| *wanted)));
    Ok(())
}

/// Names the other kinds of reports.
fn other_kinds(shown: ReportKind) -> String {
    let others = ReportKind::ALL.into_iter().filter(|kind| *kind != shown).map(ReportKind::as_str);
    format!("other reports: agtop report {}", others.collect::<Vec<_>>().join(", "))
}

/// The time resolution that the report needs. Days begin on quarters of an hour; blocks need the time of each response.
fn grain(options: &agtop_report::ReportOptions) -> TimeGranularity {
    match options.kind {
        ReportKind::Blocks => TimeGranularity::Response,
        _ => TimeGranularity::coarsest_separating(options.since.into_iter().chain(options.until)),
    }
}
