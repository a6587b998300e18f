//! The state that is folded from events: sessions, responses and what happened recently.

mod activity_log;
mod aggregate_cache;
mod aggregate_list;
mod aggregates;
mod audit;
mod calendar;
mod counted;
mod family;
mod hashed;
mod hook_notes;
mod index;
mod load;
mod names;
mod pricing_context;
mod pushed_failures;
mod recent_activity;
mod responses;
mod session;
mod session_builder;
mod session_status;
pub(crate) mod summary;
mod summary_cache;
mod sums;
#[cfg(test)]
mod tests;
mod tool_times;
mod totals;
mod usage_table;
mod world;

pub use audit::{Audit, AuditedCopy, CopyVerdict};
pub use pricing_context::{PricingContext, Scope};
pub use world::World;
