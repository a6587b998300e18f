use agtop_model::Status;

/// The part a text plays, for which each surface has its own look. Never the only carrier of a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As the terminal has it.
    #[default]
    Text,
    /// A heading, or a value to be read first.
    Strong,
    /// Of less interest.
    Dim,
    /// Lines between things, missing values, and zeros.
    Faint,
    /// The accent: what is chosen, keys, bars without a meaning of their own.
    Accent,
    /// At work, and in order.
    Good,
    /// Waits for the user.
    Warn,
    /// Went wrong.
    Bad,
}

/// The parameter of the SGR sequence (ECMA-48) of each tone; one without an entry is written as it is.
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
            Status::Spawning | Status::Working | Status::Active => Self::Good,
            Status::Idle | Status::Done => Self::Text,
            Status::Resumable | Status::Stale | Status::Unknown => Self::Dim,
        }
    }

    /// The tone of a value that is worth a look from `warn` on, and urgent from `bad` on.
    pub fn rising(value: f64, warn: f64, bad: f64) -> Self {
        if value >= bad {
            Self::Bad
        } else if value >= warn {
            Self::Warn
        } else {
            Self::Good
        }
    }

    /// The parameter of the SGR sequence (ECMA-48) that switches it on.
    pub(crate) fn sgr(self) -> Option<u8> {
        SGR.iter().find(|(tone, _)| *tone == self).map(|(_, sgr)| *sgr)
    }
}
