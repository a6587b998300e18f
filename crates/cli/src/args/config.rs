//! The arguments of `agtop config`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the path of the configuration file
    Path,
    /// Write a template that explains every key and sets none, unless the file exists
    Init,
    /// Print the JSON schema of the configuration file, for editors
    Schema,
    /// Check the configuration file; exit 1 with line and column if it is invalid
    Check,
}
