use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a prompt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PromptKind {
    /// The filter of rows.
    Filter,
    /// The text to find in the details.
    Find,
    /// A command.
    Command,
}

/// The line that the user types.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) kind: PromptKind,
    text: Vec<char>,
    cursor: usize,
    /// The line of the history that is shown, counted from the newest; 0 is the typed text.
    back: usize,
    typed: Vec<char>,
}

/// The effect of a key on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PromptEvent {
    /// The text changed.
    TextChanged,
    /// The text did not change.
    CursorMoved,
    /// The user requests completion.
    Complete,
    /// The user has entered the line.
    Entered,
    /// The user has cancelled the prompt.
    Cancelled,
}

/// The longest line of a prompt.
const MAX_PROMPT_CHARS: usize = 1_000;

impl Prompt {
    pub(crate) fn new(kind: PromptKind, text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self { kind, cursor: text.len(), typed: text.clone(), text, back: 0 }
    }

    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The text before the cursor.
    pub(crate) fn head(&self) -> String {
        self.text.iter().take(self.cursor).collect()
    }

    pub(crate) fn set(&mut self, text: &str) {
        self.text = text.chars().take(MAX_PROMPT_CHARS).collect();
        self.cursor = self.text.len();
    }

    /// Inserts text at the cursor, without control characters.
    pub(crate) fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.text.len() < MAX_PROMPT_CHARS {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    pub(crate) fn press(&mut self, key: KeyEvent, history: &[String]) -> PromptEvent {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return PromptEvent::Cancelled,
            KeyCode::Char('c') if is_control => return PromptEvent::Cancelled,
            KeyCode::Enter => return PromptEvent::Entered,
            KeyCode::Tab => return PromptEvent::Complete,
            KeyCode::Up => return self.recall(self.back + 1, history),
            KeyCode::Down => return self.recall(self.back.saturating_sub(1), history),
            KeyCode::Backspace if self.text.is_empty() => return PromptEvent::Cancelled,
            KeyCode::Char('u') if is_control => drop(self.text.drain(..std::mem::take(&mut self.cursor))),
            KeyCode::Char('w') if is_control => self.delete_word(),
            KeyCode::Char('a') if is_control => return self.move_to(0),
            KeyCode::Char('e') if is_control => return self.move_to(self.text.len()),
            KeyCode::Char(_) if is_control => return PromptEvent::CursorMoved,
            KeyCode::Home => return self.move_to(0),
            KeyCode::End => return self.move_to(self.text.len()),
            KeyCode::Left => return self.move_to(self.cursor.saturating_sub(1)),
            KeyCode::Right => return self.move_to(self.cursor + 1),
            KeyCode::Backspace => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Delete => {
                if self.cursor < self.text.len() {
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => return PromptEvent::CursorMoved,
        }
        PromptEvent::TextChanged
    }

    fn move_to(&mut self, cursor: usize) -> PromptEvent {
        self.cursor = cursor.min(self.text.len());
        PromptEvent::CursorMoved
    }

    fn delete_word(&mut self) {
        let head = self.text.get(..self.cursor).unwrap_or_default();
        let without_blanks = head.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        let word = head.get(..without_blanks).unwrap_or_default();
        let start = word.iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1);
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }

    fn recall(&mut self, back: usize, history: &[String]) -> PromptEvent {
        if self.back == 0 {
            self.typed.clone_from(&self.text);
        }
        let line = match back {
            0 => Some(self.typed.clone()),
            back => history.len().checked_sub(back).and_then(|at| history.get(at)).map(|line| line.chars().collect()),
        };
        let Some(line) = line else { return PromptEvent::CursorMoved };
        self.back = back;
        self.text = line;
        self.cursor = self.text.len();
        PromptEvent::TextChanged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::key;

    fn typed(keys: &str, history: &[&str]) -> String {
        let history: Vec<String> = history.iter().map(|&line| line.to_owned()).collect();
        let mut prompt = Prompt::new(PromptKind::Filter, "");
        for name in keys.split(' ') {
            prompt.press(key(name).unwrap(), &history);
        }
        prompt.text()
    }

    #[test]
    fn editing_keys_edit_the_line() {
        assert_eq!(typed("a b c Backspace", &[]), "ab");
        assert_eq!(typed("a b Left x", &[]), "axb");
        assert_eq!(typed("a b Home x End y", &[]), "xaby");
        assert_eq!(typed("a b Home Delete", &[]), "b");
        assert_eq!(typed("日 本 Backspace", &[]), "日");
    }

    #[test]
    fn control_u_clears_and_control_w_deletes_a_word() {
        assert_eq!(typed("a b C-u", &[]), "");
        assert_eq!(typed("a b Space c d Space C-w", &[]), "ab ");
        assert_eq!(typed("a b C-w C-w", &[]), "");
    }

    #[test]
    fn up_and_down_walk_the_history_and_return_to_the_typed_text() {
        assert_eq!(typed("x Up", &["old", "new"]), "new");
        assert_eq!(typed("x Up Up", &["old", "new"]), "old");
        assert_eq!(typed("x Up Up Up", &["old", "new"]), "old");
        assert_eq!(typed("x Up Up Down Down", &["old", "new"]), "x");
    }

    #[test]
    fn pasted_text_is_one_line_of_bounded_length() {
        let mut prompt = Prompt::new(PromptKind::Filter, "");
        prompt.insert("a\nb\u{1b}[2J");
        assert_eq!(prompt.text(), "ab[2J");
        prompt.insert(&"x".repeat(5_000));
        assert_eq!(prompt.text().len(), MAX_PROMPT_CHARS);
    }
}
