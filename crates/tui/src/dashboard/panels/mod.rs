//! What each panel shows.

mod activity;
mod agents;
mod cost;
mod input;
mod machine;
mod ports;
mod projects;
mod quota;
mod tokens;

pub(super) use self::input::PanelInput;
use super::frame::PanelContent;
use super::panel_id::DashboardPanel;

/// The content of a panel.
pub(super) fn content(panel: DashboardPanel, input: &PanelInput<'_>) -> PanelContent {
    match panel {
        DashboardPanel::Agents => agents::content(input),
        DashboardPanel::Machine => machine::content(input),
        DashboardPanel::Tokens => tokens::content(input),
        DashboardPanel::Cost => cost::content(input),
        DashboardPanel::Quota => quota::content(input),
        DashboardPanel::Projects => projects::content(input),
        DashboardPanel::Ports => ports::content(input),
        DashboardPanel::Activity => activity::content(input),
        DashboardPanel::Errors => activity::errors(input),
    }
}
