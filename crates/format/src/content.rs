/// Whether an output may show message text, such as a prompt or the task of a subagent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Message text is hidden; its keys are null or empty.
    #[default]
    Hidden,
    /// Message text is shown.
    Included,
}

impl Content {
    /// The value if message text may be shown, otherwise `None`.
    pub fn allow<T>(self, value: Option<T>) -> Option<T> {
        value.filter(|_| self == Self::Included)
    }
}
