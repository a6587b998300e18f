use std::io::Write;

use anyhow::Result;

use crate::collector_setup::report_notices;
use crate::explanation::{self, ExplainRequest};
use crate::find_session::find_session;
use crate::plan::{ExplainPlan, UsageSource};
use crate::progress;
use crate::source_issues::report_broken_sources;
use crate::usage_reader::UsageReader;

/// Prints how the figures of a session come about.
pub(super) fn run(plan: ExplainPlan, out: &mut dyn Write) -> Result<()> {
    let ExplainPlan { source, prices, session, zone } = plan;
    let book = prices.load()?;
    let settings = match source {
        UsageSource::Machine(settings) => *settings,
        demo @ UsageSource::Demo(_) => {
            let snapshot = UsageReader::new(demo, book).snapshot();
            return explanation::write_demo(find_session(&snapshot.sessions, &session)?, &zone, out);
        }
    };
    let request = ExplainRequest { settings, book, session, zone };
    explanation::write(request, out, |collector| {
        let snapshot = progress::with_progress(collector.progress_reporter(), || collector.refresh());
        report_broken_sources(&snapshot.health);
        report_notices(collector);
        snapshot
    })
}
