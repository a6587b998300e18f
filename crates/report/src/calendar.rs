use agtop_model::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Finds the day of a moment in a time zone. Most moments lie on the same day as the one before, so the bounds of the
/// last day are kept.
pub(super) struct Calendar<'a> {
    zone: &'a TimeZone,
    last: Option<(Timestamp, Timestamp, Date)>,
}

impl<'a> Calendar<'a> {
    pub(super) fn new(zone: &'a TimeZone) -> Self {
        Self { zone, last: None }
    }

    /// The day; `None` for a moment outside the calendar.
    pub(super) fn day(&mut self, at: Timestamp) -> Option<Date> {
        if let Some((_, _, day)) = self.last.filter(|(from, to, _)| *from <= at && at < *to) {
            return Some(day);
        }
        let day = day_of(at, self.zone)?;
        self.last = begin_of(day, self.zone).zip(begin_of(day.tomorrow().ok()?, self.zone)).map(|(a, b)| (a, b, day));
        Some(day)
    }
}

/// The day of a moment; `None` for a moment outside the calendar.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Option<Date> {
    Some(jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(zone.clone()).date())
}

/// The first moment of a day: midnight, or the moment after if clocks skip midnight. `None` outside the calendar.
pub(super) fn begin_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

/// The Monday of a day's week (ISO 8601).
pub fn monday_of(day: Date) -> Date {
    let since_monday = i32::from(day.weekday().since(Weekday::Monday));
    day.checked_sub(jiff::Span::new().days(since_monday)).unwrap_or(day)
}

/// The name of a time zone, or its offset from UTC if it has none.
pub fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map_or_else(
        || zone.to_fixed_offset().map_or_else(|_| "local time".to_owned(), |offset| format!("UTC{offset}")),
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    /// Days, each with its zone and its first and last quarter of an hour.
    const DAYS: &[(&str, &str, &str, &str, &str)] = &[
        ("Europe/Berlin", "2026-03-29", "23 h", "2026-03-28T23:00:00Z", "2026-03-29T21:45:00Z"),
        ("Europe/Berlin", "2026-10-25", "25 h", "2026-10-24T22:00:00Z", "2026-10-25T22:45:00Z"),
        ("America/New_York", "2026-03-08", "23 h", "2026-03-08T05:00:00Z", "2026-03-09T03:45:00Z"),
        ("America/New_York", "2026-11-01", "25 h", "2026-11-01T04:00:00Z", "2026-11-02T04:45:00Z"),
        ("Pacific/Auckland", "2026-04-05", "25 h", "2026-04-04T11:00:00Z", "2026-04-05T11:45:00Z"),
        ("Pacific/Auckland", "2026-09-27", "23 h", "2026-09-26T12:00:00Z", "2026-09-27T10:45:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", "24 h 30", "2026-04-04T13:00:00Z", "2026-04-05T13:15:00Z"),
        ("Australia/Lord_Howe", "2026-10-04", "23 h 30", "2026-10-03T13:30:00Z", "2026-10-04T12:45:00Z"),
        ("Asia/Kathmandu", "2026-01-01", "24 h", "2025-12-31T18:15:00Z", "2026-01-01T18:00:00Z"),
    ];

    #[test]
    fn a_day_is_as_long_as_its_clocks_make_it() {
        for (name, day, length, first, last) in DAYS {
            let zone = zone(name);
            let mut calendar = Calendar::new(&zone);
            let (first, last) = (at(first), at(last));
            let quarter = std::time::Duration::from_mins(15);
            let day: Date = day.parse().unwrap();
            let found = [first.minus(quarter), first, last, last.plus(quarter)].map(|at| calendar.day(at).unwrap());
            let wanted = [day.yesterday().unwrap(), day, day, day.tomorrow().unwrap()];
            assert_eq!(found, wanted, "{name} {day} of {length}");
        }
    }

    #[test]
    fn a_calendar_with_a_kept_day_finds_the_same_days_as_one_without() {
        for (name, day, ..) in DAYS {
            let zone = zone(name);
            let mut calendar = Calendar::new(&zone);
            let midnight = begin_of(day.parse().unwrap(), &zone).unwrap();
            for quarter in 0..400 {
                let at = Timestamp::from_millis(midnight.as_millis() + (quarter * 7 % 400 - 200) * 900_000);
                assert_eq!(calendar.day(at), day_of(at, &zone), "{name} {quarter}");
            }
        }
    }

    #[test]
    fn a_moment_outside_the_calendar_has_no_day() {
        let zone = TimeZone::UTC;
        let mut calendar = Calendar::new(&zone);
        assert_eq!(calendar.day(Timestamp::from_millis(i64::MAX)), None);
        assert_eq!(calendar.day(Timestamp::from_millis(i64::MIN)), None);
    }

    #[test]
    fn weeks_begin_on_monday_across_years() {
        let monday = |day: &str| monday_of(day.parse().unwrap()).to_string();
        assert_eq!(monday("2027-01-03"), "2026-12-28", "a Sunday belongs to the week before");
        assert_eq!(monday("2026-12-28"), "2026-12-28");
        assert_eq!(monday("2026-01-01"), "2025-12-29");
    }

    #[test]
    fn a_zone_is_named_by_its_id_or_its_offset() {
        assert_eq!(zone_name(&zone("Europe/Berlin")), "Europe/Berlin");
        assert_eq!(zone_name(&TimeZone::UTC), "UTC");
        assert_eq!(zone_name(&TimeZone::fixed(jiff::tz::offset(2))), "UTC+02");
    }
}
