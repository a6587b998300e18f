//! Alerts: which are shown, and what is done about new ones.

use std::collections::HashSet;

use agtop_alerts::{Alert, AlertAction, AlertSubject};
use agtop_model::ProcId;
use agtop_output::alert::{NotificationTerminal, notification};

use crate::command::Command;

/// The label of the built-in rule about full contexts.
const CONTEXT_LABEL: &str = "context";

/// The alerts for the strip, and which of them it shows.
#[derive(Default)]
pub(crate) struct AlertState {
    present: Vec<Alert>,
    pub(crate) shown: Vec<Alert>,
}

impl AlertState {
    /// Takes the alerts of a snapshot.
    pub(crate) fn receive(&mut self, alerts: Vec<Alert>) {
        self.present = alerts;
        self.present.retain(|alert| alert.actions.shown.contains(&AlertAction::Strip));
    }

    /// Shows what no row of an agent in `visible` shows: its status, or how full its context is.
    pub(crate) fn show_beside(&mut self, visible: &HashSet<ProcId>) {
        let is_in_table = |alert: &&Alert| {
            let AlertSubject::Agent(process, _) = &alert.subject else { return false };
            visible.contains(process) && (alert.status.is_some() || *alert.label == *CONTEXT_LABEL)
        };
        self.shown = self.present.iter().filter(|alert| !is_in_table(alert)).cloned().collect();
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
