use agtop_report::monday_of;
use jiff::civil::Date;

/// The length of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Period {
    #[default]
    Day,
    Week,
    Month,
}

impl Period {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::Day,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The name of the period of a day. A week begins on Monday and is named after that day.
    pub(super) fn of(self, day: &str) -> String {
        match (self, day.parse::<Date>()) {
            (Self::Week, Ok(date)) => monday_of(date).to_string(),
            (Self::Month, Ok(date)) => date.strftime("%Y-%m").to_string(),
            _ => day.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(Period::Week.of("2026-11-22"), "2026-11-16");
        assert_eq!(Period::Week.of("2026-11-23"), "2026-11-23");
        assert_eq!(Period::Month.of("2026-11-22"), "2026-11");
        assert_eq!(Period::Week.of("unknown"), "unknown");
    }
}
