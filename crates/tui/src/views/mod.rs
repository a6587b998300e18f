//! The views: the state of each, and how it is drawn.

mod list;
mod quota;
mod rates;
mod text;
mod usage;

pub(crate) use list::{
    ListArrangement, ListItem, ListSettings, ListTable, Lists, ProjectGroup, RowFocus, RowIdentity, RowList,
    SORT_CYCLE, Sort, SortDirection, UsageTotals,
};
pub(crate) use quota::{QuotaHistory, QuotaView, used_up_in};
pub(crate) use rates::lines as rates_lines;
pub(crate) use text::draw_text;
#[cfg(test)]
pub(crate) use usage::UsageGrouping;
pub(crate) use usage::{UsageState, draw as draw_usage, rows as usage_rows};
