//! Alerts as JSON and as notifications of a terminal.

mod json;
mod terminal;

pub use json::json;
pub use terminal::{Terminal, notification};
