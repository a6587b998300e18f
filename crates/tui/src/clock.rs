//! The clock in the header.

use serde::Deserialize;

/// What the clock shows. Each change of it is a frame to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockPrecision {
    /// Hours and minutes.
    #[default]
    Minutes,
    /// Seconds, too.
    Seconds,
}

impl ClockPrecision {
    /// The time from one change to the next, in milliseconds.
    pub(crate) const fn step_millis(self) -> i64 {
        match self {
            Self::Minutes => 60_000,
            Self::Seconds => 1000,
        }
    }
}
