//! Times agtop as whole processes on a home, beside the peers that are installed, and says what falls short of its bar.

use anyhow::{Result, bail};

#[cfg(unix)]
mod agents;
#[cfg(unix)]
mod hook;
mod measure;
mod reports;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod tui;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    screen: Option<Screen>,
    #[command(flatten)]
    reports: Option<reports::Args>,
}

#[derive(clap::Subcommand)]
enum Screen {
    /// Time the screen on a terminal of 200×50, over fake agents that append to their transcripts
    #[cfg(unix)]
    Tui(tui::Args),
    /// Time what agents wait for: `agtop hook`
    #[cfg(unix)]
    Hook(hook::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match args {
        #[cfg(unix)]
        Args { screen: Some(Screen::Tui(screen)), .. } => tui::run(screen),
        #[cfg(unix)]
        Args { screen: Some(Screen::Hook(hook)), .. } => hook::run(hook),
        Args { reports: Some(reports), .. } => reports::run(reports),
        Args { .. } => bail!("name a home, `tui` and a home, or `hook`"),
    }
}
