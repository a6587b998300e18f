use agtop_model::{FieldKind, FieldValue};

use crate::substring::Substring;

/// The words that filters have for one kind of subject, such as the fields of a row.
pub trait FilterWord: Copy + 'static {
    /// What a condition is checked against.
    type Subject<'a>;

    /// Whether a bare word in a condition is searched for in the subject.
    const HAS_FREE_TEXT: bool;

    /// The word of that name, which is in lower case.
    fn named(name: &str) -> Option<Self>;

    /// Its name.
    fn id(self) -> &'static str;

    /// What kind of values it has.
    fn kind(self) -> FieldKind;

    /// Its value.
    fn value<'a>(self, subject: &Self::Subject<'a>) -> FieldValue<'a>;

    /// Whether the subject contains the text somewhere.
    fn contains(text: &Substring, subject: &Self::Subject<'_>) -> bool;

    /// Its value in a sentence that shows nothing but this value, such as `$6.00/h` for `$6.00`.
    fn phrase(self, shown: &str) -> String {
        shown.to_owned()
    }
}
