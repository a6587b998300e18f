//! What models cost: a pure look-up and exact arithmetic over a generated, dated table.
//!
//! The list is `LiteLLM`'s (MIT), made compact by `cargo xtask prices` and compiled in as sorted text that is searched
//! where it lies, so a [`PriceBook`] costs nothing to create. Models that the list has dropped are kept in a small
//! hand-kept table with their source. What the user writes goes before everything else.
//!
//! The newest list prices all usage, unless [`AsOf`] says otherwise: a second generated table tells what the list said
//! earlier where that was something else.
//!
//! A model is either [`Rated::Known`], and the [`Match`] says by which key and how, or [`Rated::Local`], or
//! [`Rated::Unknown`]: an unknown model never costs nothing and never has another model's price.

mod as_of;
mod book;
mod bucket;
mod context;
mod day;
mod fit;
pub mod history;
mod ids;
mod line;
pub mod litellm;
mod local;
mod origin;
mod overrides;
mod quote;
mod rated;
mod rates;
mod sheet;
mod terms;

#[cfg(test)]
mod tests;

pub use as_of::{AsOf, AsOfError};
pub use book::PriceBook;
pub use bucket::Bucket;
pub use day::{Day, NoDay};
pub use fit::Derived;
pub use litellm::FetchedError;
pub use origin::Origin;
pub use overrides::OverrideError;
pub use quote::{Quote, QuoteLine};
pub use rated::{Era, How, Match, PriceSource, Rated, Tariff};
pub use rates::{Listed, Rates};
pub use terms::Terms;
