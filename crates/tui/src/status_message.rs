/// A message to the user, in the last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusMessage {
    pub(crate) text: String,
    pub(crate) outcome: Result<(), ()>,
}

impl StatusMessage {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), outcome: Ok(()) }
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { text: text.into(), outcome: Err(()) }
    }
}
