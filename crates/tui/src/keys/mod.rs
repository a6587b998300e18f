//! Keys: tables from keys to actions.

mod action;
mod bindings;
mod keymap;
mod name;
mod preset;

pub(crate) use action::KeyAction;
pub(crate) use bindings::{HelpTopic, bindings};
pub(crate) use keymap::Keymap;
#[cfg(test)]
pub(crate) use name::key;
pub use preset::{KeyPreset, UnknownKeyPreset};
