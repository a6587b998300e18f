//! The whole crate against the real list.

mod cost;
mod figures;
mod lookup;
mod own_prices;
mod properties;
