use anyhow::Result;
use jiff::tz::TimeZone;

use super::context::PlanContext;
use super::source::UsageSource;
use crate::args::{Cli, ExplainArgs};
use crate::prices::PriceSettings;

/// Explain the figures of a session.
pub(crate) struct ExplainPlan {
    pub(crate) source: UsageSource,
    pub(crate) prices: PriceSettings,
    /// The id of the session, or the beginning of it.
    pub(crate) session: String,
    pub(crate) zone: TimeZone,
}

impl PlanContext {
    pub(super) fn explain(&self, cli: &Cli, args: &ExplainArgs) -> Result<ExplainPlan> {
        Ok(ExplainPlan {
            source: self.source(cli, self.settings(cli)?),
            prices: self.prices(cli)?,
            session: args.session.clone(),
            zone: self.zone.clone(),
        })
    }
}
