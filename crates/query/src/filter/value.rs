use std::borrow::Cow;

use agtop_model::{FieldKind, FieldValue, Status};

use crate::filter::FilterError;

/// Whether a person must do something before it goes on.
pub const fn needs_its_person(status: Status) -> bool {
    matches!(status, Status::NeedsPermission | Status::NeedsInput)
}

/// The words by which a status is found: its own name, and those of the groups it is in.
pub(super) fn status_names(status: Status) -> Vec<&'static str> {
    let is_busy = matches!(status, Status::Working | Status::Spawning | Status::Active);
    let groups = [("attention", needs_its_person(status)), ("busy", is_busy)];
    let in_groups = groups.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name);
    std::iter::once(status.as_str()).chain(in_groups).collect()
}

/// All words by which statuses are found, each once.
pub(super) fn status_words() -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for word in Status::ALL.into_iter().flat_map(status_names) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The value as text to look in; `None` for what is missing.
pub(super) fn text(value: FieldValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        FieldValue::Text(text) => Some(text),
        FieldValue::Untrusted(text) => Some(Cow::Owned(text.raw().to_owned())),
        FieldValue::Count(n) => Some(Cow::Owned(n.to_string())),
        _ => None,
    }
}

/// The value as a number, in the unit in which [`parsed`] brings what users write.
pub fn number(value: &FieldValue<'_>) -> Option<f64> {
    match value {
        FieldValue::Count(n) | FieldValue::Tokens(n) | FieldValue::Bytes(n) => Some(*n as f64),
        FieldValue::Percent(percent) => Some(*percent),
        FieldValue::Money(amount) | FieldValue::MoneyAtLeast(amount) => Some(amount.as_usd()),
        FieldValue::Span(span) => Some(span.as_secs_f64()),
        FieldValue::Time(at) => Some(at.as_millis() as f64),
        FieldValue::Text(_) | FieldValue::Untrusted(_) | FieldValue::Status(_) | FieldValue::Gap(_) => None,
    }
}

/// Units that may follow a number, by the kind of the field, and what they stand for.
fn units(kind: FieldKind) -> (&'static str, &'static [(&'static str, f64)]) {
    const COUNTS: &[(&str, f64)] = &[("k", 1e3), ("m", 1e6), ("b", 1e9)];
    const BYTES: &[(&str, f64)] = &[
        ("b", 1.0),
        ("k", 1024.0),
        ("kb", 1024.0),
        ("m", 1_048_576.0),
        ("mb", 1_048_576.0),
        ("g", 1_073_741_824.0),
        ("gb", 1_073_741_824.0),
    ];
    const SPANS: &[(&str, f64)] = &[("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("w", 604_800.0)];
    match kind {
        FieldKind::Text => ("text", &[]),
        FieldKind::Count => ("count", COUNTS),
        FieldKind::Tokens => ("number of tokens", COUNTS),
        FieldKind::Bytes => ("size", BYTES),
        FieldKind::Percent => ("percentage", &[("%", 1.0)]),
        FieldKind::Money => ("dollar amount", &[("k", 1e3)]),
        FieldKind::Span => ("duration", SPANS),
        FieldKind::Time => ("moment in milliseconds", &[]),
    }
}

/// A number as users write it: `50`, `50%`, `1.5M`, `$2`, `5m`.
pub fn parsed(text: &str, kind: FieldKind) -> Result<f64, FilterError> {
    let (name, units) = units(kind);
    let lower = text.to_lowercase();
    let bare = if kind == FieldKind::Money { lower.trim_start_matches('$') } else { &lower };
    let digits = bare.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let unit = bare.strip_prefix(digits).unwrap_or_default();
    let factor =
        if unit.is_empty() { Some(1.0) } else { units.iter().find(|(name, _)| *name == unit).map(|(_, by)| *by) };
    let number: Option<f64> = digits.parse().ok().filter(|number: &f64| number.is_finite());
    match (number, factor) {
        (Some(number), Some(factor)) => Ok(number * factor),
        _ => Err(FilterError::BadValue { value: text.to_owned(), kind: name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_units_of_their_field() {
        let cases = [
            ("50%", FieldKind::Percent, 50.0),
            ("1.5M", FieldKind::Tokens, 1_500_000.0),
            ("2G", FieldKind::Bytes, 2_147_483_648.0),
            ("$4.21", FieldKind::Money, 4.21),
            ("5m", FieldKind::Span, 300.0),
            ("-3", FieldKind::Count, -3.0),
        ];
        for (text, kind, number) in cases {
            assert!((parsed(text, kind).unwrap() - number).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn what_is_no_such_number_is_refused() {
        for (text, kind) in
            [("", FieldKind::Count), ("5m", FieldKind::Percent), ("abc", FieldKind::Money), ("inf", FieldKind::Count)]
        {
            assert!(matches!(parsed(text, kind), Err(FilterError::BadValue { .. })), "{text}");
        }
    }
}
