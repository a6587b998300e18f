use agtop_model::{Field, Kind, Row, Value, field};

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
    type Of<'a> = Row<'a>;
    const IS_SEARCHED: bool = true;

    fn named(name: &str) -> Option<Self> {
        field(ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, id)| id))
    }

    fn id(self) -> &'static str {
        self.id
    }

    fn kind(self) -> Kind {
        self.kind
    }

    fn value<'a>(self, of: &Self::Of<'a>) -> Value<'a> {
        (self.get)(of)
    }

    fn holds(text: &Substring, of: &Row<'_>) -> bool {
        text.matches(of)
    }
}
