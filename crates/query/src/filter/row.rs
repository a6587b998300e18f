use agtop_model::{Field, FieldKind, FieldValue, SnapshotRow, field};

use crate::filter::Word;
use crate::filter::substring::Substring;

/// Names that users know from columns and other programs, and the field they mean.
const ALIASES: &[(&str, &str)] = &[
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

/// What can be asked of a row: its fields.
impl Word for &'static Field {
    type Of<'a> = SnapshotRow<'a>;
    const IS_SEARCHED: bool = true;

    fn named(name: &str) -> Option<Self> {
        field(ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, id)| id))
    }

    fn id(self) -> &'static str {
        self.id
    }

    fn kind(self) -> FieldKind {
        self.kind
    }

    fn value<'a>(self, of: &Self::Of<'a>) -> FieldValue<'a> {
        (self.get)(of)
    }

    fn holds(text: &Substring, of: &SnapshotRow<'_>) -> bool {
        text.matches(of)
    }
}
