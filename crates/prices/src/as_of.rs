use std::str::FromStr;

use agtop_model::Day;
use serde::de::{Deserialize, Deserializer, Error};

use crate::origin;

/// Which of the published price lists prices usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest list prices all usage: its corrections apply to the past too.
    #[default]
    Now,
    /// The list of that day prices all usage.
    Day(Day),
    /// The list that was current when a response happened prices that response.
    Usage,
}

/// Why a text does not select a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// It is neither a day nor one of the words.
    #[error("write a day (2026-11-21), 'usage' or 'now'")]
    Unreadable,
    /// It is older than the oldest list.
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
                match origin::list_versions().next() {
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
    fn a_day_before_every_list_is_an_error_with_the_oldest_day() {
        let oldest = origin::list_versions().next().unwrap().day;
        assert_eq!(oldest.to_string().parse(), Ok(AsOf::Day(oldest)));
        assert_eq!("2020-02-29".parse::<AsOf>(), Err(AsOfError::TooOld { oldest }));
    }

    #[test]
    fn words_and_days_are_distinguished() {
        assert_eq!("usage".parse(), Ok(AsOf::Usage));
        assert_eq!("now".parse(), Ok(AsOf::Now));
        for text in ["", "then", "2026-02-30", "7d", "USAGE "] {
            assert_eq!(text.parse::<AsOf>(), Err(AsOfError::Unreadable), "{text}");
        }
    }
}
