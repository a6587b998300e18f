//! Popups over the view: details, help, questions, texts.

mod draw;
mod help;
mod kill_target;
mod menu;
mod overlay;

pub(crate) use draw::Popup;
pub(crate) use help::Help;
pub(crate) use kill_target::KillTarget;
pub(crate) use menu::{Menu, MenuChoice};
pub(crate) use overlay::Overlay;
