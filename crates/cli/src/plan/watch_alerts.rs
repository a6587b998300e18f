//! Alerts without a screen.

use std::io::IsTerminal;
use std::time::Duration;

use agtop_alerts::Rules;
use agtop_collect::{RunMode, Sampling, Settings};
use agtop_hooks::HookDirs;
use agtop_output::alert::NotificationTerminal;
use anyhow::Result;
use jiff::tz::TimeZone;

use super::context::PlanContext;
use super::output::{RunLength, TextOrJson};
use crate::args::{Cli, WatchAlertsArgs};
use crate::prices::PriceSettings;

/// Print new alerts.
pub(crate) struct WatchAlertsPlan {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
    pub(crate) rules: Rules,
    pub(crate) hooks: HookDirs,
    pub(crate) interval: Duration,
    pub(crate) length: RunLength,
    pub(crate) output: AlertOutput,
}

/// How alerts are printed.
pub(crate) struct AlertOutput {
    pub(crate) format: TextOrJson,
    pub(crate) zone: TimeZone,
    pub(crate) bell: BellTarget,
}

/// Where a terminal is that can ring and show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BellTarget {
    /// Standard output is one.
    Stdout(NotificationTerminal),
    /// Standard error is one.
    Stderr(NotificationTerminal),
    /// There is none.
    None,
}

impl PlanContext {
    pub(super) fn watch_alerts(&self, cli: &Cli, args: &WatchAlertsArgs) -> Result<WatchAlertsPlan> {
        Ok(WatchAlertsPlan {
            settings: Settings { run_mode: RunMode::Repeated, sampling: Sampling::None, ..self.settings(cli)? },
            prices: self.prices(cli)?,
            rules: self.config.rules.clone(),
            hooks: self.hook_dirs(),
            interval: self.interval(args.interval.or(cli.timing.interval))?,
            length: if args.once { RunLength::Once } else { RunLength::UntilInterrupted },
            output: AlertOutput {
                format: TextOrJson::json_if(args.json),
                zone: self.zone.clone(),
                bell: self.bell_target(args),
            },
        })
    }

    /// Lines of JSON go to a program, and contain no control sequences.
    fn bell_target(&self, args: &WatchAlertsArgs) -> BellTarget {
        if std::io::stdout().is_terminal() && !args.json {
            BellTarget::Stdout(self.terminal())
        } else if std::io::stderr().is_terminal() {
            BellTarget::Stderr(self.terminal())
        } else {
            BellTarget::None
        }
    }
}
