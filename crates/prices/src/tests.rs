//! The whole crate against the real list.

mod cost;
mod figures;
mod history;
mod lookup;
mod own_prices;
mod properties;
