use agtop_model::Timestamp;
use jiff::tz::TimeZone;

/// Days since the epoch, in some time zone.
pub(super) type Day = i32;

/// Finds the day of a time. Successive responses are mostly of one day, so the bounds of the last day are kept.
pub(super) struct Calendar<'a> {
    zone: &'a TimeZone,
    day: Day,
    from: Timestamp,
    to: Timestamp,
}

impl<'a> Calendar<'a> {
    pub(super) fn new(zone: &'a TimeZone) -> Self {
        Self { zone, day: 0, from: Timestamp::from_millis(0), to: Timestamp::from_millis(0) }
    }

    pub(super) fn day(&mut self, at: Timestamp) -> Option<Day> {
        if !(self.from <= at && at < self.to) {
            let midnight = |day: jiff::civil::Date| day.to_zoned(self.zone.clone()).ok();
            let date = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(self.zone.clone()).date();
            let (from, to) = (midnight(date)?, midnight(date.tomorrow().ok()?)?);
            self.from = Timestamp::from_millis(from.timestamp().as_millisecond());
            self.to = Timestamp::from_millis(to.timestamp().as_millisecond());
            self.day = (date - jiff::civil::date(1970, 1, 1)).get_days();
        }
        Some(self.day)
    }
}

/// The name of a time zone; `local` if it has none.
pub(super) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map_or_else(|| "local".to_owned(), str::to_owned)
}
