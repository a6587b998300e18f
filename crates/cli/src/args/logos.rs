//! The arguments of `agtop logos`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct LogosArgs {
    #[command(subcommand)]
    pub(crate) command: LogosCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogosCommand {
    /// Fetch the logos of vendors from the network into the cache directory, except those younger than seven days
    Update(UpdateLogosArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UpdateLogosArgs {
    /// Fetch all logos
    #[arg(long)]
    pub(crate) force: bool,
    /// Where to fetch them from: URL/VENDOR.svg
    #[arg(long, value_name = "URL", default_value = crate::logos::URL)]
    pub(crate) url: String,
}
