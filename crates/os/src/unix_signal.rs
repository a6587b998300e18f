//! How the Unix systems number signals and refuse them.

use rustix::io::Errno;

use crate::{OsError, Signal};

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
