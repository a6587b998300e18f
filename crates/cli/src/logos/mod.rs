//! Vendors' logos: fetched on request into the cache directory, and shown by terminals that draw pictures.

mod cache;
#[cfg(feature = "logos")]
mod fetch;

pub(crate) use cache::{directory, load};
#[cfg(feature = "logos")]
pub(crate) use fetch::{LogoUpdate, URL, update};
