//! What alerts do outside the terminal: run a command, call a webhook, show a desktop notification.

mod command;
mod desktop;
mod runner;
mod webhook;

pub(crate) use runner::ActionRunner;
