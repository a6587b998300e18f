//! `agtop`: top for AI coding agents.

mod args;
mod commands;
mod config;
mod log;
mod logos;
mod plan;
mod prices;
mod progress;
mod stderr;
mod time;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::plan::Plan;

/// The command line cannot be followed, as clap says it too.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    if commands::hook::is_called() {
        return commands::hook::run();
    }
    let cli = Cli::try_parse().unwrap_or_else(|error| stderr::refuse(&error));
    if let Err(error) = log::start(cli.general.log_file.as_deref()) {
        return failed(&error, USAGE);
    }
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    tracing::info!(version, pid, system = std::env::consts::OS, here = ?std::env::current_dir().ok(), "agtop starts");
    let plan = match Plan::of(cli) {
        Ok(plan) => plan,
        Err(error) => return failed(&error, USAGE),
    };
    let code = match commands::run(plan) {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error, 1),
    };
    tracing::info!(pid, ?code, "agtop ends");
    code
}

/// One line on standard error.
fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    stderr::say(format_args!("{error:#}"));
    ExitCode::from(code)
}

/// Whoever reads our output has seen enough: `agtop --list | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
