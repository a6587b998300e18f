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

/// What all Unix systems have in common.
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd"))]
pub(crate) mod unix {
    use rustix::io::Errno;

    use super::Signal;
    use crate::OsError;

    pub(crate) fn number_of(signal: Signal) -> rustix::process::Signal {
        match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
            Signal::Stop => rustix::process::Signal::STOP,
            Signal::Continue => rustix::process::Signal::CONT,
        }
    }

    /// The error for a signal that could not be sent.
    pub(crate) fn failure(error: Errno, signal: Signal) -> OsError {
        tracing::debug!(%signal, %error, "signal: refused");
        match error {
            Errno::SRCH => OsError::Ended,
            Errno::PERM | Errno::ACCESS => OsError::Denied(signal),
            error => OsError::Signal { signal, source: error.into() },
        }
    }
}
