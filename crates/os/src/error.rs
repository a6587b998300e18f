use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::Signal;

/// Why the operating system did not do what was asked.
#[derive(Debug, Error)]
pub enum OsError {
    /// agtop cannot read processes on this platform.
    #[error("processes cannot be read on this platform")]
    Unsupported,
    /// The table exists and cannot be read.
    #[error("cannot read the process table in {}", path.display())]
    Table {
        /// Where the table is.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The process has ended, even if another has its pid now.
    #[error("the process has ended")]
    Ended,
    /// This user may not signal the process.
    #[error("no permission to {0} the process")]
    Denied(Signal),
    /// This platform has no such signal.
    #[error("this platform has no way to {0} a process")]
    NoSuchSignal(Signal),
    /// A signal could not be sent.
    #[error("cannot {signal} the process")]
    Signal {
        /// The signal.
        signal: Signal,
        /// The system's error.
        source: io::Error,
    },
}
