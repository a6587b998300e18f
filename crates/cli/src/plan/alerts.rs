//! How alerts are watched for without a screen.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use agtop_alerts::Rules;
use agtop_collect::{RunMode, Sampling, Settings};
use agtop_hooks::HookDirs;
use agtop_output::alert::NotificationTerminal;
use agtop_prices::PriceBook;
use anyhow::Result;
use jiff::tz::TimeZone;

use super::{EventForm, Ground, Span};
use crate::args::{Cli, WatchAlertsArgs};

/// Print alerts as they begin.
pub(crate) struct WatchAlerts {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) rules: Rules,
    pub(crate) hooks: HookDirs,
    pub(crate) interval: Duration,
    pub(crate) span: Span,
    pub(crate) voice: Voice,
}

/// How alerts are told.
pub(crate) struct Voice {
    pub(crate) form: EventForm,
    pub(crate) zone: TimeZone,
    pub(crate) bell: Bell,
}

/// Where a terminal is that can ring and show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bell {
    /// Standard output is one.
    Output(NotificationTerminal),
    /// Standard error is one.
    Errors(NotificationTerminal),
    /// There is none.
    Absent,
}

impl Ground {
    pub(super) fn watch_alerts(&self, cli: &Cli, args: &WatchAlertsArgs, book: Arc<PriceBook>) -> Result<WatchAlerts> {
        Ok(WatchAlerts {
            settings: Settings { run_mode: RunMode::Repeated, sampling: Sampling::None, ..self.settings(cli)? },
            book,
            rules: self.config.rules.clone(),
            hooks: self.places(),
            interval: self.interval_or(args.interval.or(cli.timing.interval))?,
            span: if args.once { Span::Waiting } else { Span::Endless },
            voice: Voice {
                form: if args.json { EventForm::Json } else { EventForm::Text },
                zone: self.zone.clone(),
                bell: self.bell(args),
            },
        })
    }

    /// Lines of JSON are for a program, which has no use for what makes a terminal ring.
    fn bell(&self, args: &WatchAlertsArgs) -> Bell {
        if std::io::stdout().is_terminal() && !args.json {
            Bell::Output(self.terminal())
        } else if std::io::stderr().is_terminal() {
            Bell::Errors(self.terminal())
        } else {
            Bell::Absent
        }
    }

    /// What the environment tells of the terminal.
    pub(super) fn terminal(&self) -> NotificationTerminal {
        NotificationTerminal::of(|name| self.env.var(name).map(|value| value.to_string_lossy().into_owned()))
    }
}
