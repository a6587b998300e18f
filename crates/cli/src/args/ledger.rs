//! The arguments of `agtop ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print the path of the ledger
    Path,
    /// Print how many files and responses it has
    Stats,
    /// Check the whole ledger; exit 1 if it is damaged
    Verify,
    /// Print every response as a line of JSON; the ledger has no message text
    Export,
    /// Remove files and their usage; files that still exist are read again by the next command
    Forget(ForgetArgs),
    /// Remove and read again all files that still exist; the usage of deleted files stays
    Rebuild,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Only this file, or the files in this directory
    #[arg(long, value_name = "PATH")]
    pub(crate) below: Option<PathBuf>,
    /// Only files without usage since this time: a date, a time, or an age such as 90d
    #[arg(long, value_name = "WHEN")]
    pub(crate) before: Option<String>,
    /// Everything; with --client, everything of that agent
    #[arg(long, conflicts_with_all = ["below", "before"])]
    pub(crate) all: bool,
}
