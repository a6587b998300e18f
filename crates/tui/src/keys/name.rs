use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The key without what differs between terminals: some report the shift of a capital letter, others do not.
pub(super) fn plain(key: KeyEvent) -> KeyEvent {
    let shift = match key.code {
        KeyCode::Char(_) | KeyCode::BackTab => KeyModifiers::SHIFT,
        _ => KeyModifiers::NONE,
    };
    KeyEvent::new(key.code, key.modifiers.difference(shift))
}

/// Reads a sequence of keys, separated by blanks.
pub(super) fn sequence(text: &str) -> Option<Vec<KeyEvent>> {
    text.split(' ').map(key).collect()
}

/// `q`, `F5`, `C-c`, `PgUp`.
pub(crate) fn key(name: &str) -> Option<KeyEvent> {
    const NAMED: &[(&str, KeyCode)] = &[
        ("Enter", KeyCode::Enter),
        ("Space", KeyCode::Char(' ')),
        ("Esc", KeyCode::Esc),
        ("Tab", KeyCode::Tab),
        ("S-Tab", KeyCode::BackTab),
        ("Up", KeyCode::Up),
        ("Down", KeyCode::Down),
        ("Left", KeyCode::Left),
        ("Right", KeyCode::Right),
        ("PgUp", KeyCode::PageUp),
        ("PgDn", KeyCode::PageDown),
        ("Home", KeyCode::Home),
        ("End", KeyCode::End),
        ("Backspace", KeyCode::Backspace),
        ("Delete", KeyCode::Delete),
    ];
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(KeyEvent::new(*code, KeyModifiers::NONE));
    }
    if let Some(letter) = name.strip_prefix("C-") {
        return Some(KeyEvent::new(KeyCode::Char(letter.chars().next()?), KeyModifiers::CONTROL));
    }
    if let Some(number) = name.strip_prefix('F').and_then(|digits| digits.parse().ok()) {
        return Some(KeyEvent::new(KeyCode::F(number), KeyModifiers::NONE));
    }
    let mut chars = name.chars();
    let only = chars.next().filter(|_| chars.next().is_none())?;
    Some(KeyEvent::new(KeyCode::Char(only), KeyModifiers::NONE))
}
