//! The screen that people keep open all day.
//!
//! Three parts that know nothing of each other's business: [`App`] is the state, which [`Message`]s change and which
//! answers with [`Command`]s; [`Canvas`] turns the state into a frame; [`run`] brings both together with a terminal and a
//! [`Host`], which waits for what happens and carries commands out. State and drawing do no I/O, and read neither the
//! clock nor the environment: the moment that counts is the snapshot's.

mod alerts;
mod app;
mod columns;
mod command;
mod draw;
mod facts;
mod keys;
mod layout;
mod logos;
mod look;
mod panel;
mod popup;
mod quota;
mod runner;
#[cfg(test)]
mod testing;
mod views;
mod widgets;

pub use alerts::Thresholds;
pub use app::{App, Change, Config, Message, Options, Own, Progress, UnknownView, ViewId};
pub use columns::ColumnChoice;
pub use command::{Choices, Command, Export, Reply, Signal, Whereabouts};
pub use draw::Canvas;
pub use keys::{Preset, UnknownPreset};
pub use logos::{Easel, Graphics, Logos};
pub use look::{Charset, Depth, Rgb, THEMES, Theme, ThemeError, theme};
pub use runner::{Host, Input, Mouse, Screen, Tty, listen, run};
