use std::io::{Result, Write};

use agtop_model::SourceHealth;
use agtop_report::Report;

use crate::view::View;

/// A format of reports.
pub trait ReportFormat: Sync {
    /// Its stable name.
    fn id(&self) -> &'static str;

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// The errors of `out`.
    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()>;
}

/// How a report is written.
#[derive(Clone, Copy)]
pub struct ReportContext<'a> {
    /// Width, colours, the layout of JSON and the plan.
    pub view: &'a View,
    /// The source of the prices, as text.
    pub prices: &'a str,
    /// Which columns tables have.
    pub columns: ReportColumns,
    /// The source health.
    pub health: &'a SourceHealth,
}

/// Which columns a table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportColumns {
    /// All that fit.
    #[default]
    All,
    /// Only keys, tokens and cost.
    Few,
}
