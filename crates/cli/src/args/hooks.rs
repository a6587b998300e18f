//! What is typed for hooks and the events they push.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "Agents then call 'agtop hook' at their events, which hands them to the agtop that runs, or keeps \
                        them for the next one. It prints nothing and never fails. Without --client: all agents that \
                        are installed here and have hooks."
)]
pub(crate) struct HooksArgs {
    #[command(subcommand)]
    pub(crate) command: HooksCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksCommand {
    /// Print the settings files as they would be with agtop in them
    Print(ScopeArgs),
    /// Write agtop into the agents' settings; everything else in them stays as it is
    Install(ChangeArgs),
    /// Take agtop out of the agents' settings
    Uninstall(ChangeArgs),
    /// Say which settings name agtop
    Status(ScopeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Whose settings: the user's, this directory's, or the user's for this directory
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scope: ScopeChoice,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Print the lines that would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeChoice {
    #[default]
    User,
    Project,
    Local,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// Write the settings instead of printing them
    #[arg(long)]
    pub(crate) write: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Go on until interrupted
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Print lines of JSON
    #[arg(short, long)]
    pub(crate) json: bool,
    /// Include what agents pushed as it came, message text and all
    #[arg(long)]
    pub(crate) include_content: bool,
}
