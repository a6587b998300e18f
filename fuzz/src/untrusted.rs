//! Text from outside, on its way to a terminal.

use agtop_model::Untrusted;

/// Cleans the input for a terminal.
///
/// # Panics
///
/// If the result holds something that a terminal acts on, or a second pass changes it.
pub(crate) fn run(input: &[u8]) {
    let text = Untrusted::from_bytes(input);
    let shown = text.for_terminal();
    let acts = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!shown.contains(acts), "{shown:?} is left of {text:?}");
    assert!(shown.len() <= text.raw().len(), "cleaning only takes away");
    assert_eq!(Untrusted::from(&*shown).for_terminal(), shown, "clean text stays as it is");
}
