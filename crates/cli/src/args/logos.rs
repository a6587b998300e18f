use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct LogosArgs {
    #[command(subcommand)]
    pub(crate) command: LogosCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogosCommand {
    /// Fetch vendors' logos from the network into the cache directory, those younger than seven days left out
    Update(UpdateLogosArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UpdateLogosArgs {
    /// Fetch all of them, however young
    #[arg(long)]
    pub(crate) force: bool,
    /// Where to fetch them from: URL/VENDOR.svg
    #[arg(long, value_name = "URL", default_value = crate::logos::URL)]
    pub(crate) url: String,
}
