//! The arguments of `agtop hooks`, `agtop install` and `agtop events`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "With hooks, agents call 'agtop hook' at their events. It sends the event to a running agtop, or \
                        spools it for the next one; it prints nothing and never fails. Without --client, the command \
                        is about all agents that are used here and have hooks."
)]
pub(crate) struct HooksArgs {
    #[command(subcommand)]
    pub(crate) command: HooksCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksCommand {
    /// Print the settings files with agtop's hooks in them
    Print(ScopeArgs),
    /// Write agtop's hooks into the settings of agents; everything else in them stays as it is
    Install(ChangeArgs),
    /// Remove agtop's hooks from the settings of agents
    Uninstall(ChangeArgs),
    /// Show which settings have agtop's hooks
    Status(ScopeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Which settings: yours, those of this directory, or your own for this directory
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scope: ScopeChoice,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Print the lines that would change, without changing them
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
    /// Print events until interrupted
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Print lines of JSON
    #[arg(short, long)]
    pub(crate) json: bool,
    /// Include the whole payload of each event, with message text
    #[arg(long)]
    pub(crate) include_content: bool,
}
