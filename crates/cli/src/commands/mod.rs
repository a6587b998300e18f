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

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use agtop_collect::Collector;
use agtop_format::sink::LineSanitizer;
use agtop_hooks::{HookDirs, Listener, ListenerOptions, SpoolAccess};
use agtop_model::SourceHealth;
use anyhow::Result;
pub(crate) use config::ConfigWork;
use crossbeam_channel::bounded;

use crate::plan::Plan;
use crate::stderr;

/// Writes down what was read, and says on standard error if the ledger is not as it should be.
fn remember(collector: &mut Collector) {
    collector.finish();
    tell_notices(collector);
}

fn tell_notices(collector: &mut Collector) {
    for notice in collector.take_notices() {
        stderr::say(notice);
    }
}

/// More sources than this are only counted.
const SHOWN_SOURCES: usize = 5;

/// Says on standard error which sources cannot be read, or not to their end: figures leave out what is in them.
fn tell_broken_sources(health: &SourceHealth) {
    for issue in health.broken_sources().take(SHOWN_SOURCES) {
        stderr::say(format_args!("figures may be missing: {}", doctor::line(issue)));
    }
    let more = health.broken_sources().count().saturating_sub(SHOWN_SOURCES);
    if more > 0 {
        stderr::say(format_args!("… and {more} more sources: agtop doctor"));
    }
}

/// Listens to what agents push. Where nobody can listen, files and processes tell.
fn hear(collector: &mut Collector, places: &HookDirs, reading: SpoolAccess) {
    let (pushed, woken) = bounded(1);
    let wake = Arc::new(move || {
        // A full channel says it already.
        let _ = pushed.try_send(());
    });
    match Listener::bind(places, ListenerOptions { wake: Some(wake), spool: reading, ..ListenerOptions::default() }) {
        Ok(listener) => collector.attach_hooks(listener, woken),
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
    match plan {
        Plan::Tui(screen) => tui::run(*screen),
        // These are made of cells, of JSON or of CSV, whose makers escape, and may have colours.
        Plan::Show(show) => show::run(*show, &mut stdout().lock()),
        Plan::Report(report) => report::run(*report, &mut stdout().lock()),
        Plan::Compare(compare) => done(compare::run(&compare, &mut stdout().lock())),
        Plan::WatchAlerts(watch) => alerts::run(*watch, &mut stdout().lock()),
        Plan::Statusline(line) => done(statusline::run(&line, &mut stdout().lock())),
        // What these print is escaped line by line.
        Plan::Doctor(doctor) => in_lines(|out| doctor::run(*doctor, out)),
        Plan::Config(work) => in_lines(|out| config::run(&work, out)),
        Plan::Ledger(work) => in_lines(|out| ledger::run(*work, out)),
        Plan::Hooks(hooks) => in_lines(|out| hooks::run(&hooks, out)),
        Plan::Events(events) => in_lines(|out| events::run(&events, out)),
        Plan::Hook => Ok(hook::run()),
        Plan::Prices { book, models } => in_lines(|out| prices::look_up(&book, &models, out)),
        Plan::Explain(explain) => in_lines(|out| done(explain::run(*explain, out))),
        Plan::UpdatePrices { url, cache, even_if_fresh } => {
            in_lines(|out| done(prices::update(&url, &cache, even_if_fresh, out)))
        }
        #[cfg(feature = "logos")]
        Plan::UpdateLogos(update) => in_lines(|out| done(crate::logos::update(&update, out))),
        Plan::ListBuiltins => in_lines(|out| done(builtins::list(out))),
        Plan::ListFields => in_lines(|out| done(builtins::list_fields(out))),
        Plan::Clients { as_json: true } => in_lines(|out| done(clients::json(out))),
        Plan::Clients { as_json: false } => in_lines(|out| done(clients::table(out))),
        Plan::Version => in_lines(|out| done(writeln!(out, "agtop {}", env!("CARGO_PKG_VERSION")))),
    }
}

/// Prints nothing but lines on standard output.
fn in_lines(print: impl FnOnce(&mut dyn Write) -> Result<ExitCode>) -> Result<ExitCode> {
    let mut out = LineSanitizer::new(stdout().lock());
    let code = print(&mut out)?;
    out.flush()?;
    Ok(code)
}

/// The exit code of a command that succeeds or fails.
fn done<E: Into<anyhow::Error>>(result: Result<(), E>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS).map_err(Into::into)
}
