//! The screen that users keep open.
//!
//! Three independent parts: [`App`] is the state, which [`Message`]s change and which
//! returns [`Command`]s; [`Canvas`] draws the state into a frame; [`run`] connects both with a terminal and a
//! [`Host`], which waits for input and runs commands. State and drawing do no I/O, and read neither the
//! clock nor the environment: the time is that of the snapshot.

mod activity_line;
mod alerts;
mod app;
mod bars;
mod clock;
mod column_config;
mod columns;
mod command;
mod command_line;
mod dashboard;
mod data;
mod details;
mod draw;
mod figures;
mod keys;
mod layout;
mod logos;
mod look;
mod message;
mod options;
mod panel;
mod popup;
mod prompt;
mod render_context;
mod runner;
mod status_message;
#[cfg(test)]
mod testing;
mod thresholds;
mod view_id;
mod views;
mod widgets;

pub use app::App;
pub use clock::ClockPrecision;
pub use columns::ColumnChoice;
pub use command::{Command, Export, Reply, SavedChoices, Signal, TerminalTarget};
pub use dashboard::{DASHBOARD_PRESETS, DashboardPreset};
pub use draw::Canvas;
pub use keys::{KeyPreset, UnknownKeyPreset};
pub use logos::{GraphicsProtocol, Logos, TerminalGraphics};
pub use look::{Background, Charset, ColorDepth, Rgb, THEMES, Theme, ThemeError, theme};
pub use message::{Message, Progress, ScreenChange, SelfStats};
pub use options::{Config, Options};
pub use runner::{Host, Input, MouseCapture, Screen, Tty, listen, run};
pub use thresholds::Thresholds;
pub use view_id::{UnknownView, ViewId};
