//! Tests of the whole crate with the real list.

mod cost;
mod figures;
mod history;
mod lookup;
mod own_prices;
mod properties;
