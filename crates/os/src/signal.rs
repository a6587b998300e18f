use std::fmt;

/// A signal that agtop sends to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// It ends after cleaning up.
    Terminate,
    /// It ends at once.
    Kill,
    /// It stops until it is continued.
    Stop,
    /// It continues.
    Continue,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "terminate",
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Continue => "continue",
        })
    }
}
