//! Printed snapshots, and whether these or the screen are meant.

use std::io::IsTerminal;
use std::time::Duration;

use agtop_collect::{RunMode, Settings};
use agtop_hooks::HookDirs;
use agtop_output::{Surface, View, surface};
use anyhow::{Result, anyhow, bail};

use super::context::PlanContext;
use crate::args::Cli;
use crate::prices::PriceSettings;

/// Print snapshots.
pub(crate) struct ShowPlan {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
    pub(crate) surface: &'static dyn Surface,
    pub(crate) view: View,
    pub(crate) interval: Duration,
    /// The number of snapshots; `None` is until interrupted.
    pub(crate) iterations: Option<u64>,
    /// Printed between two snapshots.
    pub(crate) divider: &'static str,
    pub(crate) thresholds: GuardThresholds,
    /// Where hook events come from; `None` if there is only one snapshot.
    pub(crate) hooks: Option<HookDirs>,
}

/// Values that end `--watch` when they are exceeded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GuardThresholds {
    /// Processor use of all agents, in percent of one processor.
    pub(crate) cpu_percent: Option<f64>,
    /// Tokens of input and output per minute of all agents.
    pub(crate) tokens_per_minute: Option<f64>,
}

impl PlanContext {
    pub(super) fn show(&self, cli: &Cli) -> Result<ShowPlan> {
        let timing = &cli.timing;
        let surface = self.surface(cli)?;
        let settings = self.settings(cli)?;
        Ok(ShowPlan {
            hooks: (settings.run_mode == RunMode::Repeated).then(|| self.hook_dirs()),
            settings,
            prices: self.prices(cli)?,
            surface,
            view: self.view(cli)?,
            interval: self.interval(timing.interval)?,
            iterations: timing.iterations.or(if timing.watch { None } else { Some(1) }),
            divider: divider(cli, surface),
            thresholds: GuardThresholds {
                cpu_percent: timing.threshold_cpu,
                tokens_per_minute: timing.threshold_tokens_rate,
            },
        })
    }

    fn surface(&self, cli: &Cli) -> Result<&'static dyn Surface> {
        let output = &cli.output;
        let id = match &output.json {
            Some(shape) => {
                let by_config = self.config.json.as_deref().unwrap_or("agents");
                let shape = if shape.is_empty() { by_config } else { shape };
                if !["agents", "sessions", "tree"].contains(&shape) {
                    bail!("unknown JSON shape '{shape}'; choose from agents, sessions, tree");
                }
                format!("json-{shape}")
            }
            None if output.list => "list".to_owned(),
            None if output.csv => "csv".to_owned(),
            None if cli.timing.watch => "watch".to_owned(),
            None => "once".to_owned(),
        };
        surface(&id).ok_or_else(|| anyhow!("no output is called '{id}'"))
    }
}

/// clap accepts a flag without the one it requires if another flag excludes that.
pub(super) fn check_thresholds(cli: &Cli) -> Result<()> {
    let timing = &cli.timing;
    let flags = [
        ("--threshold-cpu", timing.threshold_cpu.is_some()),
        ("--threshold-tokens-rate", timing.threshold_tokens_rate.is_some()),
    ];
    match flags.iter().find(|(_, is_set)| *is_set && !timing.watch && cli.command.is_none()) {
        Some((flag, _)) => bail!("{flag} needs --watch, which cannot be used with --once or --csv"),
        None => Ok(()),
    }
}

/// Whether the screen is shown: on a terminal, if no other output is asked for.
pub(super) fn wants_screen(cli: &Cli) -> bool {
    let output = &cli.output;
    let wants_text = output.once
        || output.list
        || output.json.is_some()
        || output.csv
        || output.pretty
        || !output.fields.is_empty()
        || cli.timing.watch
        || cli.timing.iterations.is_some()
        || cli.rows.top > 0;
    !wants_text && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// JSON and lines of `--watch` need nothing between them. A table on a terminal is drawn over the previous one.
fn divider(cli: &Cli, surface: &dyn Surface) -> &'static str {
    const REDRAW: &str = "\x1b[H\x1b[J";
    match (surface.id(), cli.timing.watch) {
        ("watch", _) => "",
        (id, _) if id.starts_with("json") => "",
        (_, true) if std::io::stdout().is_terminal() => REDRAW,
        _ => "---\n",
    }
}
