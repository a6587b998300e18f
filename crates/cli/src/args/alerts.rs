//! What is typed to be told of alerts without a screen.

use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "The rules are those of the screen, changed and added to by [[alerts]] in the configuration. What a \
                        rule asks for is done: bell, notification, command, webhook. Ends when it is interrupted, or \
                        when nobody reads what it prints."
)]
pub(crate) struct WatchAlertsArgs {
    /// Print a line of JSON for each alert
    #[arg(short, long)]
    pub(crate) json: bool,
    /// Look once, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Seconds between two looks at processes; files and hooks are heard the moment they tell something [default: 1.5]
    #[arg(short, long, value_name = "SECONDS")]
    pub(crate) interval: Option<f64>,
}
