use std::io::Write;

use anyhow::Result;

use crate::collector_setup::report_notices;
use crate::explanation::{self, ExplainRequest};
use crate::plan::ExplainPlan;
use crate::progress;
use crate::source_issues::report_broken_sources;

/// Prints how the figures of a session come about.
pub(super) fn run(plan: ExplainPlan, out: &mut dyn Write) -> Result<()> {
    let ExplainPlan { settings, prices, session, zone } = plan;
    let request = ExplainRequest { settings, book: prices.load()?, session, zone };
    explanation::write(request, out, |collector| {
        let snapshot = progress::with_progress(collector.progress_reporter(), || collector.refresh());
        report_broken_sources(&snapshot.health);
        report_notices(collector);
        snapshot
    })
}
