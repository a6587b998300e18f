use crossterm::event::KeyEvent;

use super::line::{Prompt, PromptEvent, PromptKind};

/// The open prompt, and what was entered into earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Prompts {
    pub(crate) open: Option<Prompt>,
    filters: Vec<String>,
    commands: Vec<String>,
}

impl Prompts {
    pub(crate) fn start(&mut self, kind: PromptKind, text: &str) {
        self.open = Some(Prompt::new(kind, text));
    }

    /// Hands a key to the open prompt; `None` if no prompt is open.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<PromptEvent> {
        let prompt = self.open.as_mut()?;
        let history = if prompt.kind == PromptKind::Command { &self.commands } else { &self.filters };
        Some(prompt.press(key, history))
    }

    /// Closes the prompt and remembers its text.
    pub(crate) fn enter(&mut self) -> Option<Prompt> {
        let prompt = self.open.take()?;
        let text = prompt.text();
        let history = if prompt.kind == PromptKind::Command { &mut self.commands } else { &mut self.filters };
        if !text.trim().is_empty() && history.last() != Some(&text) {
            history.push(text);
        }
        Some(prompt)
    }
}
