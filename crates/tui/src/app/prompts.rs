//! What typing into a prompt does.

use crossterm::event::KeyEvent;

use super::App;
use crate::command::Command;
use crate::command_line::completed;
use crate::popup::Overlay;
use crate::prompt::{PromptEvent, PromptKind};

impl App {
    /// Opens the prompt of the filter. Only lists have one.
    pub(super) fn start_filter(&mut self) {
        if self.list().is_none() {
            self.report_failure("only agents and sessions can be filtered: press 1 or 2");
            return;
        }
        let text = self.settings().filter.text.clone();
        self.prompts.start(PromptKind::Filter, &text);
    }

    pub(super) fn press_in_prompt(&mut self, key: KeyEvent) -> Vec<Command> {
        match self.prompts.press(key) {
            None | Some(PromptEvent::CursorMoved) => {}
            Some(PromptEvent::TextChanged) => self.apply_prompt(),
            Some(PromptEvent::Complete) => self.complete(),
            Some(PromptEvent::Cancelled) => self.cancel_prompt(),
            Some(PromptEvent::Entered) => return self.enter_prompt(),
        }
        Vec::new()
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompts.open {
            prompt.insert(text);
            self.apply_prompt();
            self.change();
        }
    }

    /// Filters take effect while they are typed.
    fn apply_prompt(&mut self) {
        let Some(prompt) = &self.prompts.open else { return };
        let text = prompt.text();
        match prompt.kind {
            PromptKind::Filter => self.set_filter(&text),
            PromptKind::Find => {
                if let Some(Overlay::Detail { find, scroll }) = &mut self.overlay {
                    *find = text;
                    *scroll = 0;
                }
            }
            PromptKind::Command => {}
        }
    }

    /// Cancelling a filter clears it.
    fn cancel_prompt(&mut self) {
        if let Some(prompt) = self.prompts.open.as_mut().filter(|prompt| prompt.kind != PromptKind::Command) {
            prompt.set("");
            self.apply_prompt();
        }
        self.prompts.open = None;
    }

    /// A filter with an error stays open, and the error is shown beside it.
    fn enter_prompt(&mut self) -> Vec<Command> {
        let is_filter = self.prompts.open.as_ref().is_some_and(|prompt| prompt.kind == PromptKind::Filter);
        if is_filter && self.settings().filter.error.is_some() {
            return Vec::new();
        }
        match self.prompts.enter() {
            Some(prompt) if prompt.kind == PromptKind::Command => self.run_command_line(&prompt.text()),
            _ => Vec::new(),
        }
    }

    fn complete(&mut self) {
        let Some(prompt) = self.prompts.open.as_mut().filter(|prompt| prompt.kind == PromptKind::Command) else {
            return;
        };
        let head = prompt.head();
        if let Some(text) = completed(&head, &self.options.themes).filter(|text| text.len() >= head.len()) {
            prompt.set(&text);
        }
    }
}
