use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};

use crate::day::Day;
use crate::origin;

/// Which of the lists that were published one after another prices usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest prices all usage: its corrections count for what is past, too.
    #[default]
    Now,
    /// The list of that day prices all usage.
    Day(Day),
    /// Each response has the price that the list had when it happened.
    Usage,
}

/// A text names no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// It is no day and none of the words.
    #[error("write a day (2026-11-21), 'usage' or 'now'")]
    Unreadable,
    /// No list is as old.
    #[error("the oldest price list at hand is of {oldest}")]
    TooOld {
        /// The day of the oldest list.
        oldest: Day,
    },
}

impl FromStr for AsOf {
    type Err = AsOfError;

    /// Reads `now`, `usage` or a day.
    fn from_str(text: &str) -> Result<Self, AsOfError> {
        match text {
            "now" => Ok(Self::Now),
            "usage" => Ok(Self::Usage),
            _ => {
                let day: Day = text.parse().map_err(|_| AsOfError::Unreadable)?;
                match origin::issues().next() {
                    Some(oldest) if day < oldest.day => Err(AsOfError::TooOld { oldest: oldest.day }),
                    _ => Ok(Self::Day(day)),
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for AsOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_before_every_list_is_told_which_is_the_oldest() {
        let oldest = origin::issues().next().unwrap().day;
        assert_eq!(oldest.to_string().parse(), Ok(AsOf::Day(oldest)));
        assert_eq!("2020-02-29".parse::<AsOf>(), Err(AsOfError::TooOld { oldest }));
    }

    #[test]
    fn words_and_days_are_told_apart() {
        assert_eq!("usage".parse(), Ok(AsOf::Usage));
        assert_eq!("now".parse(), Ok(AsOf::Now));
        for text in ["", "then", "2026-02-30", "7d", "USAGE "] {
            assert_eq!(text.parse::<AsOf>(), Err(AsOfError::Unreadable), "{text}");
        }
    }
}
