/// Whether message text, such as the words of a prompt or the task of a subagent, may be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// It stays out; keys that would hold it are null or empty.
    #[default]
    Hidden,
    /// It is shown.
    Included,
}

impl Content {
    /// The value, if content may be shown.
    pub fn allow<T>(self, value: Option<T>) -> Option<T> {
        value.filter(|_| self == Self::Included)
    }
}
