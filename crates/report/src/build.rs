use agtop_model::UsageTable;

use crate::options::{ReportKind, ReportOptions};
use crate::report::{Report, ReportLine};
use crate::{blocks, grouped, tools};

impl Report {
    /// Adds up the table as the options ask.
    pub fn build(table: &UsageTable, options: &ReportOptions) -> Self {
        match options.kind {
            ReportKind::Blocks => blocks::build(table, options),
            ReportKind::Tool => tools::build(table, options),
            _ => grouped::build(table, options),
        }
    }

    /// The line of the five-hour block that is active at `options.now`; `None` if there is none.
    pub fn active_block(table: &UsageTable, options: &ReportOptions) -> Option<ReportLine> {
        blocks::active(table, options)
    }
}
