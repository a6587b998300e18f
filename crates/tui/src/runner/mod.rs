//! The loop: waits, handles everything that has happened, and draws once.

mod bounded;
mod event_loop;
mod host;
mod tty;

pub use event_loop::run;
pub use host::{Host, Input, Screen};
pub use tty::{MouseCapture, Tty, listen};

#[cfg(test)]
mod tests;
