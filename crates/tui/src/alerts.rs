//! Alerts: which are shown, and what is done about new ones.

use agtop_alerts::{Alert, AlertAction};
use agtop_output::alert::{NotificationTerminal, notification};

use crate::command::Command;

/// The alerts that the strip shows.
#[derive(Default)]
pub(crate) struct AlertState {
    pub(crate) shown: Vec<Alert>,
}

impl AlertState {
    /// Shows the alerts of a snapshot.
    pub(crate) fn show(&mut self, alerts: Vec<Alert>) {
        self.shown = alerts;
        self.shown.retain(|alert| alert.actions.shown.contains(&AlertAction::Strip));
    }
}

/// The commands that announce new alerts.
pub(crate) fn announce(alerts: Vec<Alert>, terminal: NotificationTerminal) -> Vec<Command> {
    alerts.into_iter().flat_map(|alert| commands(alert, terminal)).collect()
}

/// The commands for an alert: the notification of the terminal, and the actions of the program.
fn commands(alert: Alert, terminal: NotificationTerminal) -> impl Iterator<Item = Command> {
    let sequence = Some(notification(&alert, terminal)).filter(|sequence| !sequence.is_empty());
    let acts = alert.actions.needs_runner().then(|| Command::RunAlertActions(Box::new(alert)));
    sequence.map(Command::Ring).into_iter().chain(acts)
}
