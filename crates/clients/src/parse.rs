//! Counts, times and texts as vendors write them, for all formats.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use agtop_model::{Timestamp, Untrusted};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Parses a record. The bytes are validated as UTF-8 once as a whole, which is much faster than string by string; if
/// that fails, only the strings that are used must be valid.
pub(crate) fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> serde_json::Result<T> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// Marks a deserialisation error as a number out of range, see [`DecodeError`](crate::DecodeError).
pub(crate) const OUT_OF_RANGE: &str = "count out of range";

/// Maximum token count of a response; a larger number is damage.
const MAX_TOKENS: u64 = 1_000_000_000_000;

/// A token count in any vendor's format: an integer, a float without a fraction, or null for 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Count(pub(crate) u64);

impl Count {
    /// A count from a database.
    pub(crate) fn from_integer(n: i64) -> Option<Self> {
        u64::try_from(n).ok().filter(|&n| n <= MAX_TOKENS).map(Self)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;

        impl Visitor<'_> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count")
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<Count, E> {
                if n <= MAX_TOKENS { Ok(Count(n)) } else { Err(E::custom(OUT_OF_RANGE)) }
            }

            fn visit_i64<E: Error>(self, n: i64) -> Result<Count, E> {
                Count::from_integer(n).ok_or_else(|| E::custom(OUT_OF_RANGE))
            }

            fn visit_f64<E: Error>(self, n: f64) -> Result<Count, E> {
                #[expect(clippy::cast_possible_truncation, reason = "from_integer checks the range, casts saturate")]
                Count::from_integer(n.round() as i64).filter(|_| n.is_finite()).ok_or_else(|| E::custom(OUT_OF_RANGE))
            }

            fn visit_unit<E: Error>(self) -> Result<Count, E> {
                Ok(Count(0))
            }
        }

        deserializer.deserialize_any(CountVisitor)
    }
}

/// A time in any vendor's format: RFC 3339 text, a number of seconds or milliseconds with or without a fraction, or
/// such a number as text. Text that is not a time is no error, so that the record is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LooseTime(pub(crate) Option<Timestamp>);

impl<'de> Deserialize<'de> for LooseTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;

        impl Visitor<'_> for MomentVisitor {
            type Value = LooseTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LooseTime, E> {
                Ok(LooseTime(rfc3339(text).or_else(|| digits(text))))
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<LooseTime, E> {
                Ok(LooseTime(i64::try_from(n).ok().map(Timestamp::from_seconds_or_millis)))
            }

            fn visit_i64<E: Error>(self, n: i64) -> Result<LooseTime, E> {
                Ok(LooseTime(Some(Timestamp::from_seconds_or_millis(n))))
            }

            fn visit_f64<E: Error>(self, n: f64) -> Result<LooseTime, E> {
                let seconds = if n.abs() < 1e11 { n } else { n / 1000.0 };
                Ok(LooseTime(Timestamp::from_float_seconds(seconds)))
            }

            fn visit_unit<E: Error>(self) -> Result<LooseTime, E> {
                Ok(LooseTime(None))
            }
        }

        deserializer.deserialize_any(MomentVisitor)
    }
}

/// A number of seconds or milliseconds as text. Shorter text is something else, such as a year.
fn digits(text: &str) -> Option<Timestamp> {
    let is_number = (10..=13).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok().map(Timestamp::from_seconds_or_millis)).flatten()
}

/// Text, borrowed from the record unless it has escapes. (serde borrows only a bare `Cow<str>`: inside an `Option` it
/// would always allocate.)
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl Str<'_> {
    /// The text, unless it is empty.
    pub(crate) fn filled(&self) -> Option<&str> {
        Some(&*self.0).filter(|text| !text.is_empty())
    }
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;

        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(StrVisitor)
    }
}

/// Parses RFC 3339 text. The format that agents write, `2026-04-01T10:00:00.000Z`, is parsed directly, everything else
/// (offsets, blanks for `T`, missing fractions) by the library.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    utc_millis(text.as_bytes()).or_else(|| {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Timestamp::from_millis(parsed.as_millisecond()))
    })
}

/// Parses `YYYY-MM-DDThh:mm:ss.mmmZ` by position. `None` for anything else.
fn utc_millis(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if shape.iter().any(|&(at, byte)| text[at] != byte) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None; // the library's calendar handles days 29 to 31
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_millis(seconds * 1000 + milli))
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`).
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// An optional text. A value of another type is skipped and counts as none, so that unexpected output of a model does
/// not lose the record around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LooseText<'a>(pub(crate) Option<Cow<'a, str>>);

impl LooseText<'_> {
    /// The text, unless it is empty.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LooseText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;

        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = LooseText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<LooseText<'de>, E> {
                Ok(LooseText(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LooseText<'de>, E> {
                Ok(LooseText(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<LooseText<'de>, E> {
                Ok(LooseText(None))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<LooseText<'de>, E> {
                Ok(LooseText(None))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<LooseText<'de>, E> {
                Ok(LooseText(None))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<LooseText<'de>, E> {
                Ok(LooseText(None))
            }

            fn visit_unit<E: Error>(self) -> Result<LooseText<'de>, E> {
                Ok(LooseText(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<LooseText<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(LooseText(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LooseText<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(LooseText(None))
            }
        }

        deserializer.deserialize_any(LooseVisitor)
    }
}

/// Providers that run models on the user's own machine. `oss` is Codex's name for two of them.
const LOCAL_PROVIDERS: &[&str] = &[
    "ollama",
    "ollama-chat",
    "oss",
    "lmstudio",
    "lm-studio",
    "lm_studio",
    "llama.cpp",
    "llamacpp",
    "llama-cpp",
    "llamafile",
    "lemonade",
    "vllm",
    "localhost",
    "local",
];

/// The prefix of models that are free of charge in the price list.
const LOCAL_MODEL_PREFIX: &str = "ollama/";

/// The price list's name of a model for clients that record provider and model separately: the model's own name, or
/// `ollama/NAME` for a provider on this machine, which the price list treats as free of charge.
pub(crate) fn model_name<'m>(provider: &str, model: &'m str) -> Cow<'m, str> {
    let is_local = LOCAL_PROVIDERS.iter().any(|local| provider.eq_ignore_ascii_case(local));
    if is_local && !model.starts_with(LOCAL_MODEL_PREFIX) {
        Cow::Owned(format!("{LOCAL_MODEL_PREFIX}{model}"))
    } else {
        Cow::Borrowed(model)
    }
}

/// Maximum length of titles, targets, origins, reasons and the beginnings of messages, in characters.
pub(crate) const MAX_TEXT_CHARS: usize = 120;

/// The text of an event: the first [`MAX_TEXT_CHARS`] characters of the trimmed text.
pub(crate) fn short_text(text: &str) -> Untrusted {
    Untrusted::new(shortened(text, MAX_TEXT_CHARS))
}

/// The first `most` characters of the trimmed text.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    let text = text.trim();
    text.char_indices().nth(most).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_have_many_formats() {
        let count = |json: &str| serde_json::from_str::<Count>(json).map(|count| count.0).ok();
        assert_eq!(count("12"), Some(12));
        assert_eq!(count("12.0"), Some(12));
        assert_eq!(count("null"), Some(0));
        assert_eq!(count("-1"), None);
        assert_eq!(count("1e300"), None);
        assert_eq!(count("99999999999999999999"), None);
        assert_eq!(count("\"12\""), None);
    }

    #[test]
    fn times_have_many_formats() {
        let moment = |json: &str| serde_json::from_str::<LooseTime>(json).ok().and_then(|moment| moment.0);
        let expected = Some(Timestamp::from_millis(1_776_290_000_000));
        assert_eq!(moment("1776290000"), expected);
        assert_eq!(moment("1776290000000"), expected);
        assert_eq!(moment("1776290000.0"), expected);
        assert_eq!(moment("\"2026-04-15T21:53:20Z\""), expected);
        assert_eq!(moment("\"2026-04-15T21:53:20.000Z\""), expected);
        assert_eq!(moment("\"2026-04-15T23:53:20+02:00\""), expected);
        assert_eq!(moment("\"1776290000000\""), expected);
        assert_eq!(moment("\"yesterday\""), None);
        assert_eq!(moment("\"2026\""), None);
        assert_eq!(moment("null"), None);
    }

    proptest! {
        #[test]
        fn the_fast_time_parser_agrees_with_the_library(millis in -62_000_000_000_000_i64..250_000_000_000_000) {
            let written = jiff::Timestamp::from_millisecond(millis)?;
            let text = format!("{written:.3}");
            prop_assert_eq!(rfc3339(&text), Some(Timestamp::from_millis(millis)), "{}", text);
        }
    }

    #[test]
    fn other_types_count_as_no_text_and_are_skipped() {
        let json = r#"["a\n", null, 1, -1, 1.5, true, [["x"]], {"y": {}}, "b", ""]"#;
        let read: Vec<LooseText<'_>> = serde_json::from_str(json).unwrap();
        assert_eq!(read.iter().filter_map(LooseText::text).collect::<Vec<_>>(), ["a\n", "b"]);
        assert_eq!(read.len(), 10);
    }

    #[test]
    fn models_of_this_machine_are_marked_as_local() {
        assert_eq!(model_name("anthropic", "claude-x"), "claude-x");
        assert_eq!(model_name("LMStudio", "qwen3"), "ollama/qwen3");
        assert_eq!(model_name("ollama", "ollama/qwen3"), "ollama/qwen3");
    }

    #[test]
    fn shortening_keeps_characters_whole() {
        assert_eq!(shortened("  größe  ", 3), "grö");
        assert_eq!(shortened("ab", 3), "ab");
    }
}
