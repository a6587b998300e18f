use thiserror::Error;

/// A value that may be missing, and if so, why. Never "0 if unknown".
pub type Reading<T> = Result<T, Gap>;

/// Why a value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Gap {
    /// The agent does not write it down.
    #[error("not reported")]
    NotReported,
    /// This platform does not provide it.
    #[error("unsupported")]
    Unsupported,
    /// The system denied access.
    #[error("denied")]
    Denied,
    /// It was asked for, and the answer could not be used.
    #[error("failed")]
    Failed,
}
