//! What agtop does, one file per command.

mod builtins;
mod clients;
mod compare;
mod config;
mod doctor;
mod documents;
mod events;
mod explain;
pub(crate) mod hook;
mod hooks;
mod ledger;
mod prices;
mod report;
mod show;
mod statusline;
mod tui;
mod watch_alerts;

use std::io::{Write, stdout};
use std::process::ExitCode;

use agtop_format::Charset;
use agtop_format::sink::LineSanitizer;
use anyhow::Result;

use crate::completion;
use crate::plan::CommandPlan;

/// The name of a command in the log.
fn name_of(plan: &CommandPlan) -> &'static str {
    match plan {
        CommandPlan::Screen(_) => "the screen",
        CommandPlan::Show(_) => "snapshots",
        CommandPlan::Doctor(_) => "doctor",
        CommandPlan::Explain(_) => "explain",
        CommandPlan::Config(_) => "config",
        CommandPlan::Ledger(_) => "ledger",
        CommandPlan::Report(_) => "report",
        CommandPlan::Statusline(_) => "statusline",
        CommandPlan::Compare(_) => "compare",
        CommandPlan::Hooks(_) => "hooks",
        CommandPlan::Events(_) => "events",
        CommandPlan::WatchAlerts(_) => "watch-alerts",
        CommandPlan::Prices(_) => "prices",
        CommandPlan::UpdatePrices(_) => "prices update",
        #[cfg(feature = "logos")]
        CommandPlan::UpdateLogos(_) => "logos update",
        CommandPlan::ListBuiltins => "--list-builtins",
        CommandPlan::Clients(_) => "clients",
        CommandPlan::ListFields => "--fields help",
        CommandPlan::Completions(_) => "completions",
        CommandPlan::Man(_) => "man",
        CommandPlan::Version => "--version",
    }
}

/// Carries out the plan.
///
/// # Errors
/// If the command fails. [`InvalidPriceFile`](crate::prices::InvalidPriceFile) is a mistake of the user.
pub(crate) fn run(plan: CommandPlan, charset: Charset) -> Result<ExitCode> {
    tracing::info!("command: {}", name_of(&plan));
    match plan {
        CommandPlan::Screen(plan) => tui::run(*plan),
        // These print cells, JSON or CSV, which are escaped where they are made, and may have colours.
        CommandPlan::Show(plan) => show::run(*plan, &mut stdout().lock()),
        CommandPlan::Report(plan) => report::run(*plan, &mut stdout().lock()),
        CommandPlan::Compare(plan) => done(compare::run(*plan, &mut stdout().lock())),
        CommandPlan::WatchAlerts(plan) => watch_alerts::run(*plan, &mut stdout().lock()),
        CommandPlan::Statusline(plan) => done(statusline::run(&plan, &mut stdout().lock())),
        // These print text of agtop itself, with the control characters that it needs.
        CommandPlan::Completions(shell) => done(completion::write_script(shell, &mut stdout().lock())),
        CommandPlan::Man(plan) => done(documents::run(&plan, &mut stdout().lock())),
        // These print lines, which are escaped here.
        CommandPlan::Doctor(plan) => print_text(charset, |out| doctor::run(*plan, out)),
        CommandPlan::Config(plan) => print_lines(|out| config::run(&plan, out)),
        CommandPlan::Ledger(plan) => print_lines(|out| ledger::run(*plan, out)),
        CommandPlan::Hooks(plan) => print_lines(|out| hooks::run(&plan, out)),
        CommandPlan::Events(plan) => print_lines(|out| events::run(&plan, out)),
        CommandPlan::Prices(plan) => print_text(charset, |out| prices::look_up(&plan, out)),
        CommandPlan::Explain(plan) => print_text(charset, |out| done(explain::run(*plan, out))),
        CommandPlan::UpdatePrices(update) => print_lines(|out| done(prices::update(&update, out))),
        #[cfg(feature = "logos")]
        CommandPlan::UpdateLogos(update) => print_lines(|out| done(crate::logos::update(&update, out))),
        CommandPlan::ListBuiltins => print_text(charset, |out| done(builtins::list(out))),
        CommandPlan::ListFields => print_text(charset, |out| done(builtins::list_fields(out))),
        CommandPlan::Clients(format) => print_lines(|out| done(clients::run(format, out))),
        CommandPlan::Version => print_lines(|out| done(writeln!(out, "agtop {}", env!("CARGO_PKG_VERSION")))),
    }
}

/// Prints text for people: as [`print_lines`], in this character set.
fn print_text(charset: Charset, print: impl FnOnce(&mut dyn Write) -> Result<ExitCode>) -> Result<ExitCode> {
    print_to(LineSanitizer::new(stdout().lock()).with_charset(charset), print)
}

/// Prints on standard output, where everything is escaped except line breaks.
fn print_lines(print: impl FnOnce(&mut dyn Write) -> Result<ExitCode>) -> Result<ExitCode> {
    print_to(LineSanitizer::new(stdout().lock()), print)
}

fn print_to(
    mut out: LineSanitizer<impl Write>,
    print: impl FnOnce(&mut dyn Write) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let code = print(&mut out)?;
    out.flush()?;
    Ok(code)
}

/// The exit code of a command that succeeds or fails.
fn done<E: Into<anyhow::Error>>(result: Result<(), E>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS).map_err(Into::into)
}
