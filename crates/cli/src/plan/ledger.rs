use std::path::PathBuf;

use agtop_collect::Settings;
use agtop_ledger::FileSelector;
use anyhow::{Context, Result, bail};

use super::context::{PlanContext, client_id};
use crate::args::{Cli, ForgetArgs, LedgerArgs, LedgerCommand};
use crate::prices::PriceSettings;
use crate::time;

/// Work on the ledger.
pub(crate) struct LedgerPlan {
    pub(crate) path: PathBuf,
    pub(crate) task: LedgerTask,
}

/// What to do with the ledger.
pub(crate) enum LedgerTask {
    Path,
    Stats,
    Verify,
    Export,
    Forget(FileSelector),
    Rebuild(Box<LedgerRebuild>),
}

/// Read all files again.
pub(crate) struct LedgerRebuild {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
}

impl PlanContext {
    pub(super) fn ledger(&self, cli: &Cli, args: &LedgerArgs) -> Result<LedgerPlan> {
        let task = match &args.command {
            LedgerCommand::Path => LedgerTask::Path,
            LedgerCommand::Stats => LedgerTask::Stats,
            LedgerCommand::Verify => LedgerTask::Verify,
            LedgerCommand::Export => LedgerTask::Export,
            LedgerCommand::Forget(forget) => LedgerTask::Forget(self.selector(cli, forget)?),
            LedgerCommand::Rebuild => {
                let rebuild = LedgerRebuild { settings: self.settings(cli)?, prices: self.prices(cli)? };
                LedgerTask::Rebuild(Box::new(rebuild))
            }
        };
        Ok(LedgerPlan { path: self.ledger_file.clone(), task })
    }

    fn selector(&self, cli: &Cli, forget: &ForgetArgs) -> Result<FileSelector> {
        let client = cli.sources.clients.first().map(|name| client_id(name)).transpose()?;
        if !forget.all && forget.below.is_none() && forget.before.is_none() {
            bail!("which files? choose from --all, --below, --before");
        }
        let below = forget.below.as_deref().map(std::path::absolute).transpose().context("--below")?;
        let now = jiff::Timestamp::now();
        let before = time::span(forget.before.as_deref(), None, now, &self.zone).context("--before")?.0;
        Ok(FileSelector { client, below, before })
    }
}
