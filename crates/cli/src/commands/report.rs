//! `agtop report`: usage by day, session, model and others.

use std::io::Write;
use std::process::ExitCode;

use agtop_collect::Collector;
use agtop_model::TimeGranularity;
use agtop_output::report::ReportContext;
use agtop_report::{Report, ReportKind};
use anyhow::Result;

use crate::plan::ReportPlan;
use crate::source_issues::report_broken_sources;
use crate::{collector_setup, progress, stderr};

/// The exit code if the current period has cost more than its budget.
const EXIT_OVER_BUDGET: u8 = 5;

/// Prints a usage report.
pub(super) fn run(plan: ReportPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    let prices = book.as_of();
    let mut collector = Collector::new(plan.settings, agtop_os::native(), book);
    if plan.options.asks_for_tags() {
        collector.import_spooled_tags(&plan.hooks);
    }
    let grain = grain(&plan.options);
    let table = progress::with_progress(collector.progress_reporter(), || collector.usage_table(grain));
    collector_setup::finish(&mut collector);
    let report = Report::build(&table, &plan.options);
    let health = collector.health();
    report_broken_sources(&health);
    let page = ReportContext { view: &plan.view, prices: &prices, columns: plan.columns, health: &health };
    plan.format.write(&report, &page, out)?;
    out.flush()?;
    // The operating system frees the memory of this process faster than destructors do.
    std::mem::forget((collector, table));
    let Some(exceeded_budget) = plan.budget.and_then(|budget| report.exceeded_budget(budget)) else {
        return Ok(ExitCode::SUCCESS);
    };
    stderr::print_message(exceeded_budget);
    Ok(ExitCode::from(EXIT_OVER_BUDGET))
}

/// The time resolution that the report needs. Days begin on quarters of an hour; blocks need the time of each response.
fn grain(options: &agtop_report::ReportOptions) -> TimeGranularity {
    match options.kind {
        ReportKind::Blocks => TimeGranularity::Response,
        _ => TimeGranularity::coarsest_separating(options.since.into_iter().chain(options.until)),
    }
}
