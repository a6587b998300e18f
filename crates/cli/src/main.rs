//! `agtop`: top for AI coding agents.

mod alert_actions;
mod args;
mod collector_setup;
mod commands;
mod completion;
mod config;
mod config_schema;
mod explanation;
mod find_session;
mod log;
mod logos;
mod paths;
mod plan;
mod prices;
mod progress;
mod reference;
mod runtime;
mod source_issues;
mod stderr;
mod threads;
mod time;
mod usage_reader;

use std::process::ExitCode;

use agtop_format::Charset;

use crate::args::{Cli, CliCommand, reject_unused_flags};
use crate::plan::{CommandPlan, charset};
use crate::prices::InvalidPriceFile;

/// The exit code of an invalid command line, environment or configuration. clap uses the same.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    if commands::hook::is_called() {
        return commands::hook::run();
    }
    completion::answer_request();
    agtop_os::return_large_blocks_at_once();
    let (cli, matches) = Cli::read().unwrap_or_else(|error| stderr::exit_with_usage_error(&error));
    // With flags before the word `hook`, too, an agent must not see an error.
    if matches!(cli.command, Some(CliCommand::Hook)) {
        return commands::hook::run();
    }
    if let Err(error) = reject_unused_flags(&matches).and_then(|()| log::start(cli.general.log_file.as_deref())) {
        return fail(&error, EXIT_USAGE);
    }
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    tracing::info!(version, pid, system = std::env::consts::OS, here = ?std::env::current_dir().ok(), "agtop starts");
    let code = match CommandPlan::new(&cli) {
        Ok(plan) => run(plan, charset(&cli)),
        Err(error) => fail(&error, EXIT_USAGE),
    };
    tracing::info!(pid, ?code, "agtop ends");
    code
}

fn run(plan: CommandPlan, charset: Charset) -> ExitCode {
    match commands::run(plan, charset) {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<InvalidPriceFile>() => fail(&error, EXIT_USAGE),
        Err(error) => fail(&error, 1),
    }
}

/// Prints the error in one line.
fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    stderr::print_message(format_args!("{error:#}"));
    ExitCode::from(code)
}

/// Whether the reader of the output has ended, as in `agtop --list | head`. That is not a failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_broken_pipe)
}
