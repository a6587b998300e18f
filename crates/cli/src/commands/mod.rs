//! What agtop does, one file a command.

mod alerts;
mod builtins;
mod clients;
mod compare;
mod config;
mod doctor;
mod events;
mod explain;
pub(crate) mod hook;
mod hooks;
mod ledger;
mod prices;
mod report;
mod show;
mod statusline;
mod terminals;
mod tui;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use agtop_collect::Collector;
use agtop_hooks::{Listener, Options, Places, Reading};
use agtop_model::Health;
use anyhow::Result;
pub(crate) use config::ConfigWork;
use crossbeam_channel::bounded;

use crate::plan::Plan;

/// Writes down what was read, and says on standard error if the ledger is not as it should be.
fn remember(collector: &mut Collector) {
    collector.finish();
    tell_notices(collector);
}

fn tell_notices(collector: &mut Collector) {
    for notice in collector.take_notices() {
        eprintln!("agtop: {notice}");
    }
}

/// More sources than this are only counted.
const SHOWN_SOURCES: usize = 5;

/// Says on standard error which sources cannot be read, or not to their end: figures leave out what is in them.
fn tell_broken_sources(health: &Health) {
    for issue in health.broken_sources().take(SHOWN_SOURCES) {
        eprintln!("agtop: figures may be missing: {}", doctor::line(issue));
    }
    let more = health.broken_sources().count().saturating_sub(SHOWN_SOURCES);
    if more > 0 {
        eprintln!("agtop: … and {more} more sources: agtop doctor");
    }
}

/// Listens to what agents push. Where nobody can listen, files and processes tell.
fn hear(collector: &mut Collector, places: &Places, reading: Reading) {
    let (pushed, woken) = bounded(1);
    let wake = Arc::new(move || {
        // A full channel says it already.
        let _ = pushed.try_send(());
    });
    match Listener::bind(places, Options { wake: Some(wake), reading, ..Options::default() }) {
        Ok(listener) => collector.listen(listener, woken),
        Err(error) => tracing::warn!("{error}: what agents push is not heard"),
    }
}

fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) {
    // Where there are no threads, what they would have told is not told.
    drop(std::thread::Builder::new().name(name.to_owned()).spawn(work));
}

/// What the log calls a command.
fn name_of(plan: &Plan) -> &'static str {
    match plan {
        Plan::Tui(_) => "the screen",
        Plan::Show(_) => "snapshots",
        Plan::Doctor(_) => "doctor",
        Plan::Explain(_) => "explain",
        Plan::Config(_) => "config",
        Plan::Ledger(_) => "ledger",
        Plan::Report(_) => "report",
        Plan::Statusline(_) => "statusline",
        Plan::Compare(_) => "compare",
        Plan::Hooks(_) => "hooks",
        Plan::Hook => "hook",
        Plan::Events(_) => "events",
        Plan::WatchAlerts(_) => "watch-alerts",
        Plan::Prices { .. } => "prices",
        Plan::UpdatePrices { .. } => "prices update",
        #[cfg(feature = "logos")]
        Plan::UpdateLogos(_) => "logos update",
        Plan::ListBuiltins => "--list-builtins",
        Plan::Clients { .. } => "clients",
        Plan::ListFields => "--list-fields",
        Plan::Version => "--version",
    }
}

/// Does what was planned.
pub(crate) fn run(plan: Plan) -> Result<ExitCode> {
    tracing::info!("command: {}", name_of(&plan));
    let mut out = std::io::stdout().lock();
    match plan {
        Plan::Tui(screen) => {
            drop(out);
            return tui::run(*screen);
        }
        Plan::Show(show) => return show::run(*show, &mut out),
        Plan::Doctor(doctor) => return doctor::run(*doctor, &mut out),
        Plan::Explain(explain) => explain::run(*explain, &mut out)?,
        Plan::Report(report) => return report::run(*report, &mut out),
        Plan::Config(work) => return config::run(&work, &mut out),
        Plan::Ledger(work) => return ledger::run(*work, &mut out),
        Plan::Compare(compare) => compare::run(&compare, &mut out)?,
        Plan::Hooks(hooks) => return hooks::run(&hooks, &mut out),
        Plan::Events(events) => return events::run(&events, &mut out),
        Plan::WatchAlerts(watch) => return alerts::run(*watch, &mut out),
        Plan::Hook => return Ok(hook::run()),
        Plan::Statusline(statusline) => statusline::run(&statusline, &mut out)?,
        Plan::Prices { book, models } => return prices::look_up(&book, &models, &mut out),
        Plan::UpdatePrices { url, cache, even_if_fresh } => prices::update(&url, &cache, even_if_fresh, &mut out)?,
        #[cfg(feature = "logos")]
        Plan::UpdateLogos(update) => crate::logos::update(&update, &mut out)?,
        Plan::ListBuiltins => builtins::list(&mut out)?,
        Plan::ListFields => builtins::list_fields(&mut out)?,
        Plan::Clients { as_json: true } => clients::json(&mut out)?,
        Plan::Clients { as_json: false } => clients::table(&mut out)?,
        Plan::Version => writeln!(out, "agtop {}", env!("CARGO_PKG_VERSION"))?,
    }
    Ok(ExitCode::SUCCESS)
}
