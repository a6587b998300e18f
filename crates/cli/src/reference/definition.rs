use clap::Command;

use crate::args::Cli;

/// The definition of the command line with all that clap adds to it, except `help`, which would only repeat the others.
pub(super) fn built_definition() -> Command {
    let mut definition = Cli::definition().disable_help_subcommand(true);
    definition.build();
    definition
}
