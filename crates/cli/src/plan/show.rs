//! Printed snapshots, and whether these or the screen are meant.

use std::io::IsTerminal;
use std::time::Duration;

use agtop_collect::RunMode;
use agtop_hooks::HookDirs;
use agtop_output::{SNAPSHOT_FORMATS, SeriesForm, SnapshotFlag, SnapshotFormat, View, snapshot_format};
use anyhow::{Context, Result, anyhow, bail};

use super::context::PlanContext;
use super::source::UsageSource;
use crate::args::{Cli, SnapshotChoice};
use crate::prices::PriceSettings;

/// Print snapshots.
pub(crate) struct ShowPlan {
    pub(crate) source: UsageSource,
    pub(crate) prices: PriceSettings,
    pub(crate) format: &'static dyn SnapshotFormat,
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
        let format = self.format(cli)?;
        let settings = self.settings(cli)?;
        Ok(ShowPlan {
            hooks: (settings.run_mode == RunMode::Repeated).then(|| self.hook_dirs()),
            source: self.source(cli, settings),
            prices: self.prices(cli)?,
            format,
            view: self.view(cli)?,
            interval: self.interval(timing.interval)?,
            iterations: timing.iterations.or(if timing.watch { None } else { Some(1) }),
            divider: divider(cli, format.info().series),
            thresholds: GuardThresholds {
                cpu_percent: timing.threshold_cpu,
                tokens_per_minute: timing.threshold_tokens_rate,
            },
        })
    }

    fn format(&self, cli: &Cli) -> Result<&'static dyn SnapshotFormat> {
        let found = match &cli.output.format {
            SnapshotChoice::Json(shape) => {
                let shape = shape.as_deref().or(self.config.json.as_deref());
                return json_format(shape.or(SnapshotChoice::json_shapes().next()).unwrap_or_default());
            }
            SnapshotChoice::Switch(id) => snapshot_format(id),
            SnapshotChoice::Unspecified if cli.timing.watch => {
                SNAPSHOT_FORMATS.iter().copied().find(|format| format.info().flag == SnapshotFlag::Watch)
            }
            SnapshotChoice::Unspecified => SNAPSHOT_FORMATS.first().copied(),
        };
        found.context("no format of snapshots has that flag")
    }
}

fn json_format(shape: &str) -> Result<&'static dyn SnapshotFormat> {
    SnapshotChoice::json_format(shape).ok_or_else(|| {
        let shapes: Vec<_> = SnapshotChoice::json_shapes().collect();
        anyhow!("unknown JSON shape '{shape}'; choose from {}", shapes.join(", "))
    })
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

/// Refuses flags of the screen where it is not shown.
///
/// # Errors
/// If there is one. The error says what is missing for the screen.
pub(super) fn refuse_screen_flags(cli: &Cli) -> Result<()> {
    let args = &cli.screen;
    let flags = [
        ("--theme", args.theme.is_some()),
        ("--view", args.view.is_some()),
        ("--dashboard", args.dashboard),
        ("--no-mouse", args.no_mouse),
    ];
    let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    let reason = if wants_text(cli) {
        "which is not shown with flags for other outputs, such as --once or --json"
    } else if is_terminal_dumb() {
        "which a terminal with TERM=dumb cannot show"
    } else {
        "which needs a terminal as input and output"
    };
    bail!("{flag} is for the screen, {reason}")
}

/// Whether the screen is shown: on a terminal that can show it, if no other output is asked for.
pub(super) fn wants_screen(cli: &Cli) -> bool {
    !wants_text(cli) && !is_terminal_dumb() && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// Whether the terminal cannot place text, such as that of an editor's shell.
fn is_terminal_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether a flag asks for another output than the screen.
fn wants_text(cli: &Cli) -> bool {
    let output = &cli.output;
    !matches!(output.format, SnapshotChoice::Unspecified)
        || output.pretty
        || !output.fields.is_empty()
        || cli.timing.watch
        || cli.timing.iterations.is_some()
        || cli.rows.top > 0
}

/// What is printed between two snapshots. A table on a terminal is drawn over the previous one.
fn divider(cli: &Cli, form: SeriesForm) -> &'static str {
    const REDRAW: &str = "\x1b[H\x1b[J";
    match form {
        SeriesForm::Lines => "",
        SeriesForm::Pages if cli.timing.watch && std::io::stdout().is_terminal() => REDRAW,
        SeriesForm::Pages => "---\n",
    }
}
