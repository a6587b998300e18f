use agtop_collect::Settings;
use agtop_hooks::HookDirs;
use anyhow::Result;

use super::context::PlanContext;
use super::hooks::HooksPlan;
use crate::args::{Cli, DoctorArgs};
use crate::prices::PriceSettings;

/// Print how well the files of agents can be read.
pub(crate) struct DoctorPlan {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
    pub(crate) hooks: HookDirs,
    /// All settings files that may have hooks; `None` if agtop cannot install any from here.
    pub(crate) installed_hooks: Option<HooksPlan>,
    pub(crate) scope: DoctorScope,
}

/// Which agents and places are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoctorScope {
    /// Those that are there.
    Present,
    All,
}

impl PlanContext {
    pub(super) fn doctor(&self, cli: &Cli, args: &DoctorArgs) -> Result<DoctorPlan> {
        Ok(DoctorPlan {
            settings: self.settings(cli)?,
            prices: self.prices(cli)?,
            hooks: self.hook_dirs(),
            installed_hooks: self.all_hooks(),
            scope: if args.all { DoctorScope::All } else { DoctorScope::Present },
        })
    }
}
