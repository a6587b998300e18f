use agtop_model::{FieldKind, FieldValue};

use crate::error::FilterError;

/// The value as a number in the unit that [`parse_number`] returns for its kind; `None` for text and missing values.
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

/// How a user writes numbers of one kind.
struct KindOfNumber {
    /// What they are called.
    name: &'static str,
    example: &'static str,
    /// The units that may follow a number, each with its factor.
    units: &'static [(&'static str, f64)],
}

/// How a user writes numbers of that kind.
fn units(kind: FieldKind) -> KindOfNumber {
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
        FieldKind::Text => KindOfNumber { name: "text", example: "", units: &[] },
        FieldKind::Count => KindOfNumber { name: "count", example: "3", units: COUNTS },
        FieldKind::Tokens => KindOfNumber { name: "number of tokens", example: "50k", units: COUNTS },
        FieldKind::Bytes => KindOfNumber { name: "size", example: "2G", units: BYTES },
        FieldKind::Percent => KindOfNumber { name: "percentage", example: "50", units: &[("%", 1.0)] },
        FieldKind::Money => KindOfNumber { name: "dollar amount", example: "$2", units: &[("k", 1e3)] },
        FieldKind::Span => KindOfNumber { name: "duration", example: "5m", units: SPANS },
        FieldKind::Time => KindOfNumber { name: "moment in milliseconds", example: "1795264200000", units: &[] },
    }
}

/// A number as users write it: `50`, `50%`, `1.5M`, `$2`, `5m`. In the base unit of the kind: percent, tokens, bytes,
/// dollars, seconds, milliseconds since 1970.
///
/// # Errors
/// If the text is no such number.
pub fn parse_number(text: &str, kind: FieldKind) -> Result<f64, FilterError> {
    let KindOfNumber { name, example, units } = units(kind);
    let lower = text.to_lowercase();
    let bare = if kind == FieldKind::Money { lower.trim_start_matches('$') } else { &lower };
    let digits = bare.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let unit = bare.strip_prefix(digits).unwrap_or_default();
    let factor =
        if unit.is_empty() { Some(1.0) } else { units.iter().find(|(name, _)| *name == unit).map(|(_, by)| *by) };
    let number: Option<f64> = digits.parse().ok().filter(|number: &f64| number.is_finite());
    match (number, factor) {
        (Some(number), Some(factor)) => Ok(number * factor),
        _ => Err(FilterError::BadValue { value: text.to_owned(), kind: name, example }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_the_units_of_its_field() {
        let cases = [
            ("50%", FieldKind::Percent, 50.0),
            ("1.5M", FieldKind::Tokens, 1_500_000.0),
            ("2G", FieldKind::Bytes, 2_147_483_648.0),
            ("$4.21", FieldKind::Money, 4.21),
            ("5m", FieldKind::Span, 300.0),
            ("-3", FieldKind::Count, -3.0),
        ];
        for (text, kind, number) in cases {
            assert!((parse_number(text, kind).unwrap() - number).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_number_of_the_field_is_refused() {
        for (text, kind) in
            [("", FieldKind::Count), ("5m", FieldKind::Percent), ("abc", FieldKind::Money), ("inf", FieldKind::Count)]
        {
            assert!(matches!(parse_number(text, kind), Err(FilterError::BadValue { .. })), "{text}");
        }
    }
}
