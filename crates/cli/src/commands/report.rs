use std::io::Write;
use std::process::ExitCode;

use agtop_collect::Collector;
use agtop_model::TimeGranularity;
use agtop_output::report::ReportContext;
use agtop_report::{Report, ReportKind};
use anyhow::Result;

use crate::{plan, progress, stderr};

/// The present period has cost more than was allowed.
const BUDGET_PASSED: u8 = 5;

/// Prints usage, folded as asked for.
pub(super) fn run(plan: plan::Report, out: &mut dyn Write) -> Result<ExitCode> {
    let prices = plan.book.as_of();
    let mut collector = Collector::new(plan.settings, agtop_os::native(), plan.book);
    if plan.options.asks_for_tags() {
        collector.import_spooled_tags(&plan.hooks);
    }
    let grain = grain(&plan.options);
    let table = progress::shown(collector.progress_reporter(), || collector.usage_table(grain));
    super::remember(&mut collector);
    let report = Report::build(&table, &plan.options);
    let health = collector.health();
    super::tell_broken_sources(&health);
    let page = ReportContext { view: &plan.view, prices: &prices, columns: plan.columns, health: &health };
    plan.format.write(&report, &page, out)?;
    out.flush()?;
    // The operating system takes the memory back faster than we would give it back piece by piece.
    std::mem::forget((collector, table));
    let Some(passed) = plan.budget.and_then(|budget| report.exceeded_budget(budget)) else {
        return Ok(ExitCode::SUCCESS);
    };
    stderr::say(passed);
    Ok(ExitCode::from(BUDGET_PASSED))
}

/// Blocks end to the minute; days, which begin on quarters of an hour, need no more than those.
fn grain(options: &agtop_report::ReportOptions) -> TimeGranularity {
    match options.kind {
        ReportKind::Blocks => TimeGranularity::Response,
        _ => TimeGranularity::coarsest_separating(options.since.into_iter().chain(options.until)),
    }
}
