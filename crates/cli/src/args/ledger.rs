use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print where the ledger lies
    Path,
    /// Print how much there is in it
    Stats,
    /// Check all of it; exit 1 if anything is wrong
    Verify,
    /// Print every response that it remembers, as lines of JSON; there is no message text in it
    Export,
    /// Forget files with all they told; what is still on disk is read again the next time
    Forget(ForgetArgs),
    /// Forget what is still on disk, and read all of it again; what agents deleted stays
    Rebuild,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Only this file, or what lies in this directory
    #[arg(long, value_name = "PATH")]
    pub(crate) below: Option<PathBuf>,
    /// Only files in which nothing happened since: a date, an RFC 3339 time, or an age such as 90d
    #[arg(long, value_name = "WHEN")]
    pub(crate) before: Option<String>,
    /// Everything; together with --client, everything of that agent program
    #[arg(long, conflicts_with_all = ["below", "before"])]
    pub(crate) all: bool,
}
