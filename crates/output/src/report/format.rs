use std::io::{Result, Write};

use agtop_model::SourceHealth;
use agtop_report::{Report, ReportKind};

use crate::view::View;

/// A format of reports.
pub trait ReportFormat: Sync {
    /// What the command line offers of it.
    fn info(&self) -> &'static ReportFormatInfo;

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// The errors of `out`.
    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()>;

    /// Its stable name.
    fn id(&self) -> &'static str {
        self.info().id
    }
}

/// What the command line offers of a format of reports.
#[derive(Debug)]
pub struct ReportFormatInfo {
    /// Its stable name, and the name of its flag.
    pub id: &'static str,
    /// Its short flag.
    pub short: Option<char>,
    /// What its flag prints, for help; `None` for the default, which has no flag.
    pub help: Option<&'static str>,
    /// The only kind of report that it can show; `None` if it shows all.
    pub only_kind: Option<ReportKind>,
}

/// How a report is written.
#[derive(Clone, Copy)]
pub struct ReportContext<'a> {
    /// Width, colours, the layout of JSON and the plan.
    pub view: &'a View,
    /// What the report is restricted to, such as `only claude`.
    pub restrictions: &'a [String],
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
