//! The arguments of `agtop watch-alerts`.

use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "The rules are those of the screen; [[alerts]] in the configuration changes them and adds others. \
                        Actions of rules are bell, notification, command and webhook. The command ends when it is \
                        interrupted, or when nobody reads its output."
)]
pub(crate) struct WatchAlertsArgs {
    /// Print a line of JSON per alert
    #[arg(short, long)]
    pub(crate) json: bool,
    /// Print the alerts of now, and exit
    #[arg(long)]
    pub(crate) once: bool,
    /// Seconds between two readings of processes; changes of files and events of hooks count at once [default: 1.5]
    #[arg(short, long, value_name = "SECONDS")]
    pub(crate) interval: Option<f64>,
}
