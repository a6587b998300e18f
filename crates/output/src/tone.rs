use agtop_model::Status;

/// The emphasis of a text, which each output shows in its own style. A tone never carries a meaning alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Normal text.
    #[default]
    Text,
    /// A heading, or a value to be read first.
    Strong,
    /// Of less interest.
    Dim,
    /// Separators, missing values, and zeros.
    Faint,
    /// The accent: the selection, keys, and bars without a tone of their own.
    Accent,
    /// At work, without trouble.
    Good,
    /// Waits for the user.
    Warn,
    /// Failed, or urgent.
    Bad,
}

/// The parameter of the SGR sequence (ECMA-48) of each tone; a tone without an entry has none.
const SGR: &[(Tone, u8)] = &[
    (Tone::Strong, 1),
    (Tone::Dim, 2),
    (Tone::Faint, 2),
    (Tone::Accent, 36),
    (Tone::Good, 32),
    (Tone::Warn, 33),
    (Tone::Bad, 31),
];

impl Tone {
    /// The tone of rows and counts of that status.
    pub const fn of(status: Status) -> Self {
        match status {
            Status::NeedsPermission | Status::NeedsInput => Self::Warn,
            Status::Stalled | Status::RateLimited | Status::Error => Self::Bad,
            Status::Stopped => Self::Accent,
            Status::Spawning | Status::Working | Status::Active => Self::Good,
            Status::Idle | Status::Done => Self::Text,
            Status::Resumable | Status::Stale | Status::Unknown => Self::Dim,
        }
    }

    /// The tone of a value: a warning from `warn` on, urgent from `bad` on.
    pub fn rising(value: f64, warn: f64, bad: f64) -> Self {
        if value >= bad {
            Self::Bad
        } else if value >= warn {
            Self::Warn
        } else {
            Self::Good
        }
    }

    /// The parameter of its SGR sequence (ECMA-48); `None` for normal text.
    pub(crate) fn sgr(self) -> Option<u8> {
        SGR.iter().find(|(tone, _)| *tone == self).map(|(_, sgr)| *sgr)
    }
}
