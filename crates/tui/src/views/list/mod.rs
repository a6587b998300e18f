//! The lists of agents and sessions.

mod draw;
mod filter;
mod groups;
mod item;
mod order;
mod rows;
mod selection;
mod sort;
mod state;
mod sum_row;
mod totals;
mod tree;
mod twig;

pub(crate) use draw::ListTable;
pub(crate) use item::{ListItem, ProjectGroup, RowIdentity};
pub(crate) use rows::{ListArrangement, RowFocus};
pub(crate) use selection::RowList;
pub(crate) use sort::{SORT_CYCLE, Sort, SortDirection};
pub(crate) use state::{ListSettings, Lists};
pub(crate) use totals::UsageTotals;
