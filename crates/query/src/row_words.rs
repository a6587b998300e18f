use agtop_model::{Field, FieldKind, FieldValue, SnapshotRow, field};

use crate::filter_word::FilterWord;
use crate::substring::Substring;

/// Names that users know from columns and other programs, each with the field it stands for.
const FIELD_ALIASES: &[(&str, &str)] = &[
    ("agent", "client"),
    ("ctx", "context"),
    ("dir", "cwd"),
    ("directory", "cwd"),
    ("id", "session"),
    ("memory", "mem"),
    ("name", "title"),
    ("quiet", "active"),
    ("state", "status"),
    ("up", "uptime"),
];

/// The words for a row are its fields.
impl FilterWord for &'static Field {
    type Subject<'a> = SnapshotRow<'a>;
    const HAS_FREE_TEXT: bool = true;

    fn named(name: &str) -> Option<Self> {
        field(FIELD_ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, id)| id))
    }

    fn id(self) -> &'static str {
        self.id
    }

    fn kind(self) -> FieldKind {
        self.kind
    }

    fn value<'a>(self, row: &Self::Subject<'a>) -> FieldValue<'a> {
        (self.get)(row)
    }

    fn contains(text: &Substring, row: &SnapshotRow<'_>) -> bool {
        text.matches(row)
    }
}
