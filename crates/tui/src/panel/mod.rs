//! The panel below the list: details of the chosen line, in tabs.

mod draw;
mod tab;

pub(crate) use draw::{InfoPanel, inner, titles};
pub(crate) use tab::PanelTab;
