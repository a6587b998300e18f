//! How the figures of a session come about, as text.

mod demo;
mod line_numbers;
mod report;
mod sum;

use std::io::Write;
use std::sync::Arc;

use agtop_collect::{Collector, Settings};
use agtop_model::{Session, SessionKey, Snapshot};
use agtop_prices::PriceBook;
use anyhow::Result;
use jiff::tz::TimeZone;

pub(crate) use self::demo::write_demo;
use self::line_numbers::LineNumbers;
use self::report::ExplainReport;
use self::sum::ExplainedSum;
use crate::find_session::find_session;

/// Which session is explained, and with what.
pub(crate) struct ExplainRequest {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    /// The id of the session, or the beginning of it.
    pub(crate) session: String,
    pub(crate) zone: TimeZone,
}

/// Writes every response of the session with its price. `read` has the collector read the files.
///
/// # Errors
/// If there is no such session, if the figures do not add up to the session's own, or if `out` cannot be written to.
pub(crate) fn write(
    request: ExplainRequest,
    out: &mut dyn Write,
    read: impl FnOnce(&mut Collector) -> Snapshot,
) -> Result<()> {
    let collector = Collector::new(request.settings, agtop_os::native(), Arc::clone(&request.book));
    let mut collector = collector.with_audit(&request.session);
    let snapshot = read(&mut collector);
    let session = find_session(&snapshot.sessions, &request.session)?;
    let verdicts = collector.world().verdicts(&with_descendants(session));
    let mut line_numbers = LineNumbers::default();
    let mut report = ExplainReport {
        book: &request.book,
        files: collector.files(),
        line_numbers: &mut line_numbers,
        zone: &request.zone,
        out,
    };
    report.heading(session)?;
    let mut sum = ExplainedSum::default();
    for (entry, verdict) in &verdicts {
        report.entry(entry, verdict, &mut sum)?;
    }
    report.sum(&sum, session)
}

/// A session and all subagents below it.
fn with_descendants(session: &Session) -> Vec<SessionKey> {
    let below = session.children.iter().flat_map(|child| with_descendants(child));
    std::iter::once(session.key.clone()).chain(below).collect()
}
