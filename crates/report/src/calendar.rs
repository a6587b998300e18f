use agtop_model::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Finds the day of a moment in some time zone. Moments come in runs of a day, so the last day's bounds are kept.
pub(super) struct Calendar<'a> {
    zone: &'a TimeZone,
    last: Option<(Timestamp, Timestamp, Date)>,
}

impl<'a> Calendar<'a> {
    pub(super) fn new(zone: &'a TimeZone) -> Self {
        Self { zone, last: None }
    }

    /// The day; `None` for moments that no calendar holds.
    pub(super) fn day(&mut self, at: Timestamp) -> Option<Date> {
        if let Some((_, _, day)) = self.last.filter(|(from, to, _)| *from <= at && at < *to) {
            return Some(day);
        }
        let day = day_of(at, self.zone)?;
        self.last = begin_of(day, self.zone).zip(begin_of(day.tomorrow().ok()?, self.zone)).map(|(a, b)| (a, b, day));
        Some(day)
    }
}

/// The day of a moment.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Option<Date> {
    Some(jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(zone.clone()).date())
}

/// The first moment of a day: midnight, or where clocks skip it, the moment after.
pub(super) fn begin_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

/// The Monday of a day's week (ISO 8601).
pub fn monday_of(day: Date) -> Date {
    let since_monday = i32::from(day.weekday().since(Weekday::Monday));
    day.checked_sub(jiff::Span::new().days(since_monday)).unwrap_or(day)
}

/// What a time zone is called: its name, else how far it is from UTC.
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
    fn days_are_as_long_as_clocks_make_them() {
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
    fn a_calendar_that_remembers_finds_what_one_that_does_not_finds() {
        for (name, day, ..) in DAYS {
            let zone = zone(name);
            let mut calendar = Calendar::new(&zone);
            let noon = begin_of(day.parse().unwrap(), &zone).unwrap();
            for quarter in 0..400 {
                let at = Timestamp::from_millis(noon.as_millis() + (quarter * 7 % 400 - 200) * 900_000);
                assert_eq!(calendar.day(at), day_of(at, &zone), "{name} {quarter}");
            }
        }
    }

    #[test]
    fn moments_beyond_every_calendar_have_no_day() {
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
    fn zones_have_names() {
        assert_eq!(zone_name(&zone("Europe/Berlin")), "Europe/Berlin");
        assert_eq!(zone_name(&TimeZone::UTC), "UTC");
        assert_eq!(zone_name(&TimeZone::fixed(jiff::tz::offset(2))), "UTC+02");
    }
}
