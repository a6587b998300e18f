//! Numbers with their unit, in a short form.

use std::time::Duration;

use agtop_model::{PicoUsd, Timestamp};
use jiff::tz::TimeZone;

/// A count, such as of tokens: `950`, `9.5M`, `46k`.
pub fn count(n: u64) -> String {
    scaled(n, 1000, &["", "k", "M", "B", "T", "P", "E"])
}

/// Bytes in powers of 1024, as `ls -h` and `free -h` do: `512B`, `2.1G`, `598M`.
pub fn bytes(n: u64) -> String {
    scaled(n, 1024, &["B", "K", "M", "G", "T", "P", "E"])
}

/// One decimal below ten of a unit, none above, and never `1000k` for `1.0M`.
fn scaled(n: u64, base: u128, suffixes: &[&str]) -> String {
    let n = u128::from(n);
    let mut unit = 1;
    for (step, suffix) in suffixes.iter().enumerate() {
        let tenths = (n * 10 + unit / 2) / unit;
        let whole = (n + unit / 2) / unit;
        if step == 0 && n < base {
            return format!("{n}{suffix}");
        }
        if step > 0 && tenths < 100 {
            return format!("{}.{}{suffix}", tenths / 10, tenths % 10);
        }
        if step > 0 && whole < base {
            return format!("{whole}{suffix}");
        }
        unit *= base;
    }
    n.to_string()
}

/// Dollars and cents: `$4.21`, `$1,442`; `<$0.01` for an amount between zero and a cent.
pub fn money(amount: PicoUsd) -> String {
    let sign = minus(amount);
    match (amount.as_pico(), rounded_cents(amount)) {
        (0, _) | (_, 1..100_000) => cents(amount),
        (_, 0) => format!("{sign}<$0.01"),
        (_, cents) => format!("{sign}${}", grouped((cents + 50) / 100)),
    }
}

/// Dollars and cents, however many: `$1,442.30`.
pub fn cents(amount: PicoUsd) -> String {
    let cents = rounded_cents(amount);
    format!("{}${}.{:02}", minus(amount), grouped(cents / 100), cents % 100)
}

/// The amount without its sign in cents, rounded.
fn rounded_cents(amount: PicoUsd) -> u64 {
    const PICO_PER_CENT: u64 = 10_000_000_000;
    (amount.as_pico().unsigned_abs() + PICO_PER_CENT / 2) / PICO_PER_CENT
}

fn minus(amount: PicoUsd) -> &'static str {
    if amount.as_pico() < 0 { "-" } else { "" }
}

/// The exact amount, without zeros behind its cents: `$4.21`, `$0.002031`.
pub fn exact_money(amount: PicoUsd) -> String {
    let text = decimal(amount);
    text.strip_prefix('-').map_or_else(|| format!("${text}"), |positive| format!("-${positive}"))
}

/// The exact price of a million tokens, from that of one: `$3.00`, `$0.0375`.
pub fn per_million(rate: PicoUsd) -> String {
    exact_money(rate.times(1_000_000))
}

/// The exact amount as a plain number of dollars, without zeros behind its cents: `4.21`.
pub fn decimal(amount: PicoUsd) -> String {
    let exact = amount.to_string();
    let cents = exact.find('.').map_or(exact.len(), |point| point + 3);
    let kept = exact.trim_end_matches('0').len().max(cents);
    exact.get(..kept).unwrap_or(&exact).to_owned()
}

/// The noun for that many: `session`, `sessions`; `copy`, `copies`.
pub fn noun(n: u64, singular: &str) -> String {
    match singular.strip_suffix('y') {
        _ if n == 1 => singular.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{singular}s"),
    }
}

/// A number with its noun: `1 session`, `2,000 sessions`.
pub fn counted(n: u64, singular: &str) -> String {
    format!("{} {}", grouped(n), noun(n, singular))
}

/// A short number of tokens with the noun: `1 token`, `9.5M tokens`.
pub fn tokens(n: u64) -> String {
    format!("{} {}", count(n), noun(n, "token"))
}

/// A whole number with commas between thousands: `12,345`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The two largest units of a span: `17s`, `4m17s`, `2h 5m`, `3d 7h`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// The name of a window of that many minutes: `5h`, `week`.
pub fn window(minutes: u32) -> String {
    match minutes {
        10_080 => "week".to_owned(),
        1_440 => "day".to_owned(),
        m if m >= 1_440 && m.is_multiple_of(1_440) => format!("{}d", m / 1_440),
        m if m >= 60 && m.is_multiple_of(60) => format!("{}h", m / 60),
        m => format!("{m}m"),
    }
}

/// A latency: `340ms`, `1.4s`, and from ten seconds on the form of [`span()`], to the nearest second.
pub fn latency(span: Duration) -> String {
    match span.as_millis() {
        0..1000 => format!("{}ms", span.as_millis()),
        1000..9950 => format!("{:.1}s", span.as_secs_f64()),
        millis => self::span(Duration::from_secs(u64::try_from((millis + 500) / 1000).unwrap_or(u64::MAX))),
    }
}

/// Percent: `52%`, and `3.4%` below ten; `-` for NaN and infinities.
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        "-".to_owned()
    } else if value.abs() < 0.05 {
        "0%".to_owned()
    } else if value.abs() < 9.95 {
        format!("{value:.1}%")
    } else {
        format!("{value:.0}%")
    }
}

/// A moment in that zone to the minute: `2026-11-21 12:30`; `-` outside the calendar.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    format_time(at, zone, "%Y-%m-%d %H:%M")
}

/// A moment in that zone to the second: `2026-11-21 12:30:05`; `-` outside the calendar.
pub fn second(at: Timestamp, zone: &TimeZone) -> String {
    format_time(at, zone, "%Y-%m-%d %H:%M:%S")
}

fn format_time(at: Timestamp, zone: &TimeZone, pattern: &str) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| "-".to_owned(), |at| at.to_zoned(zone.clone()).strftime(pattern).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_dollars_have_cents_and_commas() {
        let text = |usd: f64| cents(PicoUsd::from_usd(usd).unwrap());
        assert_eq!(
            [text(0.0), text(4.211), text(1442.3), text(1_234_567.891)],
            ["$0.00", "$4.21", "$1,442.30", "$1,234,567.89"]
        );
    }

    #[test]
    fn a_window_is_named_by_its_length() {
        let names = [300, 10_080, 1_440, 4_320, 90].map(window);
        assert_eq!(names, ["5h", "week", "day", "3d", "90m"]);
    }

    #[test]
    fn a_latency_below_ten_seconds_has_a_finer_unit() {
        let shown = |millis| latency(Duration::from_millis(millis));
        assert_eq!([0, 340, 999].map(shown), ["0ms", "340ms", "999ms"]);
        assert_eq!([1000, 1449, 9949, 9950].map(shown), ["1.0s", "1.4s", "9.9s", "10s"]);
        assert_eq!([59_000, 61_000].map(shown), ["59s", "1m01s"]);
    }

    #[test]
    fn a_count_is_short_and_below_a_thousand_of_its_unit() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (46_135, "46k"),
            (515_708, "516k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (1_234_567, "1.2M"),
            (95_199_819, "95M"),
            (5_000_000_000, "5.0B"),
            (u64::MAX, "18E"),
        ];
        for (n, text) in cases {
            assert_eq!(count(n), text, "{n}");
        }
    }

    #[test]
    fn bytes_are_powers_of_1024() {
        for (n, text) in [(0, "0B"), (1023, "1023B"), (1024, "1.0K"), (626_491_392, "597M"), (2_254_857_830, "2.1G")] {
            assert_eq!(bytes(n), text, "{n}");
        }
        assert_eq!(bytes(u64::MAX), "16E");
    }

    #[test]
    fn money_has_cents_and_a_small_amount_is_not_zero() {
        let usd = |usd| money(PicoUsd::from_usd(usd).unwrap());
        let cases = [
            (0.0, "$0.00"),
            (0.001, "<$0.01"),
            (0.005, "$0.01"),
            (4.21, "$4.21"),
            (999.99, "$999.99"),
            (1441.68, "$1,442"),
            (-1.5, "-$1.50"),
        ];
        for (amount, text) in cases {
            assert_eq!(usd(amount), text, "{amount}");
        }
        assert_eq!(money(PicoUsd::new(i64::MIN)), "-$9,223,372");
    }

    #[test]
    fn an_exact_amount_has_all_its_decimals_but_no_zeros_behind_its_cents() {
        let cases =
            [(4_210_000_000_000, "$4.21"), (3, "$0.000000000003"), (-1_500_000_000_000, "-$1.50"), (0, "$0.00")];
        for (pico, text) in cases {
            assert_eq!(exact_money(PicoUsd::new(pico)), text);
        }
        assert_eq!([3_000_000, 37_500, 0].map(|pico| per_million(PicoUsd::new(pico))), ["$3.00", "$0.0375", "$0.00"]);
        assert_eq!(decimal(PicoUsd::new(-1_500_000_000_000)), "-1.50");
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (257, "4m17s"),
            (3599, "59m59s"),
            (7_500, "2h 5m"),
            (284_400, "3d 7h"),
            (31_536_000, "365d 0h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(Duration::from_secs(seconds)), text, "{seconds}");
        }
    }

    #[test]
    fn a_percentage_has_a_decimal_only_below_ten() {
        let cases = [(0.0, "0%"), (0.04, "0%"), (3.44, "3.4%"), (9.96, "10%"), (52.4, "52%"), (431.0, "431%")];
        for (value, text) in cases {
            assert_eq!(percent(value), text, "{value}");
        }
        assert_eq!(percent(f64::NAN), "-");
    }

    #[test]
    fn a_moment_is_shown_in_its_zone() {
        let at = Timestamp::from_millis(1_795_264_200_000);
        assert_eq!(moment(at, &TimeZone::UTC), "2026-11-21 12:30");
        assert_eq!(moment(at, &TimeZone::fixed(jiff::tz::offset(2))), "2026-11-21 14:30");
        assert_eq!(moment(Timestamp::from_millis(i64::MAX), &TimeZone::UTC), "-");
    }

    #[test]
    fn one_of_a_kind_is_singular() {
        let shown = [(0, "session"), (1, "session"), (2000, "session"), (1, "copy"), (2, "copy"), (2, "day")];
        let shown = shown.map(|(n, noun)| counted(n, noun));
        assert_eq!(shown, ["0 sessions", "1 session", "2,000 sessions", "1 copy", "2 copies", "2 days"]);
        assert_eq!([0, 1, 46_135].map(tokens), ["0 tokens", "1 token", "46k tokens"]);
    }

    #[test]
    fn thousands_are_separated() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(n), text);
        }
    }
}
