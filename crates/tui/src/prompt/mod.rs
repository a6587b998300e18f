//! The line at the bottom that the user types into.

mod line;
mod state;

pub(crate) use line::{Prompt, PromptEvent, PromptKind};
pub(crate) use state::Prompts;
