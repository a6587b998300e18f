//! Reports: usage added up by day, project, model and so on, and in blocks of five hours.
//!
//! [`Report::build`] adds up a [`UsageTable`](agtop_model::UsageTable) into lines and totals. The crate does not know where
//! the table comes from.

mod block;
mod blocks;
mod budget;
mod build;
mod calendar;
mod grouped;
mod key;
mod options;
mod order;
mod project;
mod report;
mod rows;
mod sums;
#[cfg(test)]
mod tests;
mod tools;

pub use block::{Block, BlockProjection, BlockState, BurnRate};
pub use budget::ExceededBudget;
pub use calendar::{day_of, monday_of, zone_name};
pub use key::{LineKey, PeriodUnit, ReportPeriod, ReportProject};
pub use options::{BlockSelection, Dimension, LineDetail, LineOrder, ReportKind, ReportOptions, TokenLimit};
pub use report::{OmittedLines, Report, ReportLine};
pub use sums::UsageSums;
