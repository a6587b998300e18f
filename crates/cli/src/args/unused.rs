//! Flags that a command does not use: they are refused, and left out of its help.

use anyhow::{Result, bail};
use clap::ArgMatches;
use clap::parser::ValueSource;

use super::formats::SnapshotChoice;

/// Flags that every command accepts, although some do not use them.
const SHARED_FLAGS: [&str; 6] = ["clients", "plan", "price_file", "prices_as_of", "demo", "ascii"];

/// The commands that do not use all of these flags, each with those it uses. The status line and hooks ignore the
/// others: an error would be shown by the agent.
const USED_FLAGS: &[(&str, &[&str])] = &[
    ("doctor", &["clients", "price_file", "prices_as_of", "ascii"]),
    ("explain", &["clients", "price_file", "prices_as_of", "demo", "ascii"]),
    ("config", &[]),
    ("ledger", &["clients"]),
    ("hooks", &["clients"]),
    ("install", &[]),
    ("events", &[]),
    ("prices", &["price_file", "prices_as_of", "ascii"]),
    ("logos", &[]),
    ("clients", &[]),
    ("statusline", &["clients", "plan", "price_file", "prices_as_of"]),
    ("watch-alerts", &["clients", "plan", "price_file", "prices_as_of"]),
    ("completions", &[]),
    ("man", &[]),
    ("version", &[]),
];

/// Flags for the output without a command, besides those that choose a format. No command uses them.
const OUTPUT_FLAGS: &[&str] = &[
    "fields",
    "filter",
    "sort",
    "top",
    "iterations",
    "watch",
    "threshold_cpu",
    "threshold_tokens_rate",
    "view",
    "dashboard",
    "pid",
    "theme",
    "no_mouse",
];
/// Commands that accept any flag: an error would be shown by the agent that calls them.
const LENIENT_COMMANDS: [&str; 2] = ["statusline", "hook"];

/// Refuses flags that the command does not use.
///
/// # Errors
/// If there is one. The error names it and the command.
pub(crate) fn reject_unused_flags(matches: &ArgMatches) -> Result<()> {
    let Some(command) = matches.subcommand_name().filter(|name| !LENIENT_COMMANDS.contains(name)) else {
        return Ok(());
    };
    let is_given = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let output_flags = SnapshotChoice::flag_ids().chain(OUTPUT_FLAGS.iter().copied());
    if let Some(id) = unused_shared_flags(command).into_iter().chain(output_flags).find(is_given) {
        bail!("'agtop {command}' does not use {}", flag_of(id));
    }
    Ok(())
}

/// Leaves unused flags out of the help of each command.
pub(super) fn hide_unused_flags(mut cli: clap::Command) -> clap::Command {
    for (command, _) in USED_FLAGS {
        let unused: Vec<_> = cli
            .get_arguments()
            .filter(|arg| unused_shared_flags(command).contains(&arg.get_id().as_str()))
            .cloned()
            .collect();
        if cli.find_subcommand(command).is_some() {
            cli = cli.mut_subcommand(command, |sub| sub.args(unused.into_iter().map(|arg| arg.hide(true))));
        }
    }
    cli
}

fn unused_shared_flags(command: &str) -> Vec<&'static str> {
    let used = USED_FLAGS.iter().find(|(name, _)| *name == command);
    used.map_or_else(Vec::new, |(_, used)| SHARED_FLAGS.into_iter().filter(|flag| !used.contains(flag)).collect())
}

/// The flag with this id, as users type it.
fn flag_of(id: &str) -> String {
    let name = match id {
        "clients" => "client",
        "price_file" => "prices",
        other => other,
    };
    format!("--{}", name.replace('_', "-"))
}
