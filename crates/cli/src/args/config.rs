use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print where the configuration lies, or would lie
    Path,
    /// Write a configuration in which everything is explained and nothing is set, unless there is one
    Init,
    /// Say whether the configuration can be understood; exit 1 with line and column if not
    Check,
}
