use crate::Timestamp;

/// The times that bound and replace those of a file's events.
#[derive(Clone, Copy, Debug)]
pub struct TimeBounds {
    /// When the file was last written: the time of what says none.
    pub modified: Timestamp,
    /// Times after this are a broken clock's.
    pub latest: Timestamp,
}

impl TimeBounds {
    /// The time, if a clock that works can have shown it.
    pub fn credible(self, at: Option<Timestamp>) -> Option<Timestamp> {
        at.filter(|&at| Timestamp::EARLIEST <= at && at <= self.latest)
    }
}
