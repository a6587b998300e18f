//! What is done about alerts outside the screen, and `agtop watch-alerts`.

mod command;
mod desktop;
mod hands;
mod watch;
mod webhook;

pub(super) use hands::Hands;
pub(super) use watch::run;
