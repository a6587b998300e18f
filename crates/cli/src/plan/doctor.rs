use agtop_collect::Settings;
use agtop_hooks::HookDirs;
use anyhow::Result;

use super::context::PlanContext;
use crate::args::Cli;
use crate::prices::PriceSettings;

/// Print how well the files of agents can be read.
pub(crate) struct DoctorPlan {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
    pub(crate) hooks: HookDirs,
}

impl PlanContext {
    pub(super) fn doctor(&self, cli: &Cli) -> Result<DoctorPlan> {
        Ok(DoctorPlan { settings: self.settings(cli)?, prices: self.prices(cli)?, hooks: self.hook_dirs() })
    }
}
