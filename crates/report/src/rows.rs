//! Which rows of usage a report counts.

use agtop_model::{Billing, UsageRow, UsageTable};

use crate::options::ReportOptions;
use crate::sums::BilledRow;

impl ReportOptions {
    /// The rows of the sessions and of the time that the options ask for.
    pub fn rows<'t>(&'t self, table: &'t UsageTable) -> impl Iterator<Item = &'t UsageRow> {
        rows(table, self).map(|billed| billed.row)
    }
}

/// The rows of the sessions and of the time that the options ask for.
pub(super) fn rows<'t>(table: &'t UsageTable, options: &'t ReportOptions) -> impl Iterator<Item = BilledRow<'t>> {
    rows_at_any_time(table, options).filter(|billed| options.includes_time(billed.row.at))
}

/// The rows of the sessions that the options ask for.
pub(super) fn rows_at_any_time<'t>(
    table: &'t UsageTable,
    options: &'t ReportOptions,
) -> impl Iterator<Item = BilledRow<'t>> {
    let is_wanted: Vec<bool> = table.sessions.iter().map(|session| options.includes_session(session)).collect();
    let is_covered = |row: &UsageRow| {
        table.session(row).is_some_and(|session| options.plan.covers(session.client()))
            || row.spend.billing == Billing::Included
    };
    let of_sessions = table.rows.iter().filter(move |row| match is_wanted.get(row.session as usize) {
        Some(is_wanted) => *is_wanted,
        None => options.projects.is_empty() && options.clients.is_empty(),
    });
    of_sessions.map(move |row| {
        let billing = if is_covered(row) { Billing::Included } else { Billing::Metered };
        BilledRow { row, billing }
    })
}
