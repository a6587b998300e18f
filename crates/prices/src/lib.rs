//! Model prices: a pure look-up and exact arithmetic over a generated, dated table.
//!
//! The list is `LiteLLM`'s (MIT), made compact by `cargo xtask prices` and compiled in as sorted text that is searched
//! in place, so creating a [`PriceBook`] is free. Models that the list has dropped are in a small hand-kept table with
//! their source. The user's own prices take precedence over everything else.
//!
//! The newest list prices all usage, unless [`AsOf`] selects another: a second generated table has the earlier rates
//! that differ.
//!
//! A model is [`Rated::Known`], with the key and the kind of its [`PriceMatch`], or [`Rated::Local`], or [`Rated::Unknown`]:
//! an unknown model never costs 0 and never has another model's price.

mod as_of;
mod book;
mod bucket;
mod context;
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

pub use agtop_model::{Day, InvalidDay};
pub use as_of::{AsOf, AsOfError};
pub use book::PriceBook;
pub use bucket::Bucket;
pub use fit::DerivedRate;
pub use litellm::FetchedError;
pub use origin::ListOrigin;
pub use overrides::OverrideError;
pub use quote::{Quote, QuoteLine};
pub use rated::{MatchKind, PriceMatch, PriceSource, RatePeriod, Rated, Tariff};
pub use rates::{ListedRate, Rates};
pub use terms::PriceTerms;
