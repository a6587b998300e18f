//! Choices that several commands have.

/// The form in which a command prints its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

impl TextOrJson {
    /// What `--json` chooses.
    pub(super) const fn json_if(is_json: bool) -> Self {
        if is_json { Self::Json } else { Self::Text }
    }
}

/// How long a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunLength {
    /// It handles what is there, and ends.
    Once,
    UntilInterrupted,
}
