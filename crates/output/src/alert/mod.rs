//! Alerts as JSON and as terminal notifications.

mod json;
mod terminal;

pub use json::json;
pub use terminal::{NotificationTerminal, notification};
