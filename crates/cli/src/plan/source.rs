//! Whose usage a command shows: that of this machine, or that of the demo.

use std::time::Duration;

use agtop_collect::Settings;
use agtop_demo::Demo;
use agtop_model::Timestamp;

use super::context::PlanContext;
use crate::args::Cli;

/// Whose usage a command shows.
pub(crate) enum UsageSource {
    /// The agents of this machine.
    Machine(Box<Settings>),
    /// Fake agents.
    Demo(DemoSource),
}

/// The fake agents of a command.
pub(crate) struct DemoSource {
    pub(crate) demo: Demo,
    /// Only these clients; all if empty.
    pub(crate) clients: Vec<agtop_model::ClientId>,
}

/// The demo has run for this long when a command shows it, so that its series are not empty.
pub(crate) const DEMO_AGE: Duration = Duration::from_secs(90);

impl PlanContext {
    /// The fake agents if `--demo` is given, otherwise those of these settings.
    pub(super) fn source(&self, cli: &Cli, settings: Settings) -> UsageSource {
        if !cli.screen.demo {
            return UsageSource::Machine(Box::new(settings));
        }
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let demo = Demo { plan: self.billing_plan(cli), ..Demo::usual(now.minus(DEMO_AGE), settings.zone.clone()) };
        UsageSource::Demo(DemoSource { demo, clients: settings.clients })
    }
}
