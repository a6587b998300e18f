//! The usage view: sums by day, model, client and project.

mod draw;
mod grouping;
mod heat_map;
mod part;
mod period;
mod state;
mod sum;

pub(crate) use draw::{draw, rows};
#[cfg(test)]
pub(crate) use grouping::UsageGrouping;
pub(crate) use state::UsageState;
