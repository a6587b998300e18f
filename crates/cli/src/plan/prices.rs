//! Prices and logos: what is looked up and what is fetched.

use anyhow::Result;

use super::context::PlanContext;
#[cfg(feature = "logos")]
use crate::args::UpdateLogosArgs;
use crate::args::{Cli, PricesArgs, UpdatePricesArgs};
#[cfg(feature = "logos")]
use crate::logos::LogoUpdate;
use crate::prices::{ListUpdate, PriceSettings};

/// Print the rates of models.
pub(crate) struct PricesPlan {
    pub(crate) prices: PriceSettings,
    /// The models; if there are none, the sources of prices are printed.
    pub(crate) models: Vec<String>,
}

impl PlanContext {
    pub(super) fn prices_lookup(&self, cli: &Cli, args: &PricesArgs) -> Result<PricesPlan> {
        Ok(PricesPlan { prices: self.prices(cli)?, models: args.models.clone() })
    }

    pub(super) fn prices_update(&self, args: &UpdatePricesArgs) -> ListUpdate {
        ListUpdate { url: args.url.clone(), cache_file: self.price_cache.clone(), is_forced: args.force }
    }

    #[cfg(feature = "logos")]
    pub(super) fn logos_update(&self, args: &UpdateLogosArgs) -> LogoUpdate {
        LogoUpdate { url: args.url.clone(), directory: self.logos.clone(), is_forced: args.force }
    }
}
