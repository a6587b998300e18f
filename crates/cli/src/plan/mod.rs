//! From the command line to a checked plan. Everything is checked here; nothing is fetched, printed or written.

mod context;
mod doctor;
mod documents;
mod events;
mod explain;
mod hooks;
mod ledger;
mod output;
mod prices;
mod report;
mod screen;
mod show;
mod source;
mod statusline;
mod view;
mod watch_alerts;

use anyhow::Result;

use self::context::PlanContext;
use crate::args::{Cli, CliCommand, ConfigCommand, PricesArgs, PricesCommand, ShellChoice};
#[cfg(feature = "logos")]
use crate::args::{LogosArgs, LogosCommand};
#[cfg(feature = "logos")]
use crate::logos::LogoUpdate;
use crate::paths::default_config_file;
use crate::prices::ListUpdate;

pub(crate) use doctor::{DoctorPlan, DoctorScope};
pub(crate) use documents::ManPlan;
pub(crate) use events::EventsPlan;
pub(crate) use explain::ExplainPlan;
pub(crate) use hooks::{HookTarget, HooksPlan, HooksTask};
pub(crate) use ledger::{LedgerPlan, LedgerTask};
pub(crate) use output::{RunLength, TextOrJson};
pub(crate) use prices::PricesPlan;
pub(crate) use report::{ComparePlan, ReportHint, ReportPlan};
pub(crate) use screen::{ScreenPlan, ThemeChoice};
pub(crate) use show::{GuardThresholds, ShowPlan};
pub(crate) use source::{DEMO_AGE, DemoSource, UsageSource};
pub(crate) use statusline::StatuslinePlan;
pub(crate) use view::charset;
pub(crate) use watch_alerts::{AlertOutput, BellTarget, WatchAlertsPlan};

/// What the command line asks for.
pub(crate) enum CommandPlan {
    /// Show the screen.
    Screen(Box<ScreenPlan>),
    /// Print snapshots.
    Show(Box<ShowPlan>),
    /// Print how well the files of agents can be read.
    Doctor(Box<DoctorPlan>),
    /// Explain the figures of a session.
    Explain(Box<ExplainPlan>),
    /// Work on the configuration file.
    Config(ConfigPlan),
    /// Work on the ledger.
    Ledger(Box<LedgerPlan>),
    /// Print a usage report.
    Report(Box<ReportPlan>),
    /// Print Claude Code's status line.
    Statusline(StatuslinePlan),
    /// Price the same tokens on other models.
    Compare(Box<ComparePlan>),
    /// Work on the hooks in agents' settings.
    Hooks(HooksPlan),
    /// Print the events of hooks.
    Events(EventsPlan),
    /// Print new alerts.
    WatchAlerts(Box<WatchAlertsPlan>),
    /// Print the rates of models.
    Prices(PricesPlan),
    /// Fetch the price list.
    UpdatePrices(ListUpdate),
    /// Fetch logos.
    #[cfg(feature = "logos")]
    UpdateLogos(LogoUpdate),
    /// Print which agents are recognised, and by what.
    ListBuiltins,
    /// Print what each agent records.
    Clients(TextOrJson),
    /// Print the names of columns.
    ListFields,
    /// Print the script that completes command lines in a shell.
    Completions(ShellChoice),
    /// Print or write manual pages.
    Man(ManPlan),
    /// Print the version.
    Version,
}

/// Work on the configuration file.
pub(crate) struct ConfigPlan {
    pub(crate) path: std::path::PathBuf,
    pub(crate) task: ConfigCommand,
}

impl CommandPlan {
    /// Checks the command line, the environment and the configuration.
    ///
    /// # Errors
    /// If one of them is invalid.
    pub(crate) fn new(cli: &Cli) -> Result<Self> {
        match Self::without_context(cli)? {
            Some(plan) => Ok(plan),
            None => Self::with_context(cli, &PlanContext::load(cli)?),
        }
    }

    /// The plan of a command that needs no configuration. Such a command works even if the configuration is invalid.
    fn without_context(cli: &Cli) -> Result<Option<Self>> {
        match &cli.command {
            Some(CliCommand::Version) => return Ok(Some(Self::Version)),
            Some(CliCommand::Completions(args)) => return Ok(Some(Self::Completions(args.shell))),
            Some(CliCommand::Man(args)) => return Ok(Some(Self::Man(ManPlan::new(args)))),
            Some(CliCommand::Clients(args)) => return Ok(Some(Self::Clients(TextOrJson::json_if(args.json)))),
            Some(CliCommand::Statusline(args)) => return Ok(Some(Self::Statusline(StatuslinePlan::new(cli, args)))),
            _ => {}
        }
        show::check_thresholds(cli)?;
        if cli.sources.list_builtins {
            return Ok(Some(Self::ListBuiltins));
        }
        if cli.output.fields.iter().any(|name| name == "help") {
            return Ok(Some(Self::ListFields));
        }
        let Some(CliCommand::Config(args)) = &cli.command else { return Ok(None) };
        let path = cli.general.config.clone().map_or_else(default_config_file, Ok)?;
        Ok(Some(Self::Config(ConfigPlan { path, task: args.command })))
    }

    fn with_context(cli: &Cli, context: &PlanContext) -> Result<Self> {
        if let Some((kind, options)) = cli.command.as_ref().and_then(CliCommand::report) {
            return Ok(Self::Report(Box::new(context.report(cli, kind, options)?)));
        }
        Ok(match &cli.command {
            Some(CliCommand::Install(args)) => Self::Hooks(context.install(args)?),
            Some(CliCommand::Hooks(args)) => Self::Hooks(context.hooks(cli, args)?),
            Some(CliCommand::Events(args)) => Self::Events(context.events(args)),
            Some(CliCommand::Prices(PricesArgs { command: Some(PricesCommand::Update(args)), .. })) => {
                Self::UpdatePrices(context.prices_update(args))
            }
            #[cfg(feature = "logos")]
            Some(CliCommand::Logos(LogosArgs { command: LogosCommand::Update(args) })) => {
                Self::UpdateLogos(context.logos_update(args))
            }
            Some(CliCommand::Prices(args)) => Self::Prices(context.prices_lookup(cli, args)?),
            Some(CliCommand::Doctor(args)) => Self::Doctor(Box::new(context.doctor(cli, args)?)),
            Some(CliCommand::Explain(args)) => Self::Explain(Box::new(context.explain(cli, args)?)),
            Some(CliCommand::Ledger(args)) => Self::Ledger(Box::new(context.ledger(cli, args)?)),
            Some(CliCommand::WatchAlerts(args)) => Self::WatchAlerts(Box::new(context.watch_alerts(cli, args)?)),
            Some(CliCommand::Compare(args)) => Self::Compare(Box::new(context.compare(cli, args)?)),
            _ if show::wants_screen(cli) => Self::Screen(Box::new(context.screen(cli)?)),
            _ => {
                show::refuse_screen_flags(cli)?;
                Self::Show(Box::new(context.show(cli)?))
            }
        })
    }
}
