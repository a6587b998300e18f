use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{FIELDS, Field, FieldValue, Snapshot, Untrusted};
use agtop_query::select;

use crate::cell::value;
use crate::json::wire;
use crate::snapshot_format::{JsonPairing, SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::view::View;

/// The sessions as comma-separated values (RFC 4180, with line feeds): every field, in base units.
pub(crate) struct SessionCsv;

static INFO: SnapshotFormatInfo = SnapshotFormatInfo {
    id: "csv",
    flag: SnapshotFlag::Switch { short: None, help: "Print the sessions as CSV", json: JsonPairing::Excluded },
    series: SeriesForm::Pages,
};

impl SnapshotFormat for SessionCsv {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let fields = view.fields.clone().unwrap_or_else(|| FIELDS.iter().collect());
        write_record(fields.iter().map(|field| Cow::Borrowed(field.id)), out)?;
        let rows = select::sessions(snapshot, &view.selection);
        for row in select::top(&rows, &view.selection) {
            write_record(fields.iter().map(|field: &&Field| Cow::Owned(exact(value(field, row, view.content)))), out)?;
        }
        Ok(())
    }
}

/// Writes one record.
pub(crate) fn write_record<'a>(values: impl Iterator<Item = Cow<'a, str>>, out: &mut dyn Write) -> Result<()> {
    for (at, value) in values.enumerate() {
        out.write_all(if at > 0 { b"," } else { b"" })?;
        if value.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", value.replace('"', "\"\""))?;
        } else {
            out.write_all(value.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

/// The exact value: tokens, bytes, percent and seconds as plain numbers, money in dollars, moments in RFC 3339 (UTC).
/// Empty for a missing value.
fn exact(value: FieldValue<'_>) -> String {
    match value {
        FieldValue::Text(text) => inert(&Untrusted::new(text.as_ref())),
        FieldValue::Untrusted(text) => inert(&text),
        FieldValue::Count(n) | FieldValue::Tokens(n) | FieldValue::Bytes(n) => n.to_string(),
        FieldValue::Percent(percent) if percent.is_finite() => format!("{percent:.2}"),
        FieldValue::Money(amount) | FieldValue::MoneyAtLeast(amount) => units::decimal(amount),
        FieldValue::Span(span) => span.as_secs().to_string(),
        FieldValue::Time(at) => wire::rfc3339(at).unwrap_or_default(),
        FieldValue::Status(status) => status.as_str().to_owned(),
        FieldValue::Percent(_) | FieldValue::Gap(_) => String::new(),
    }
}

/// Text without control characters. A text that begins like a formula gets an apostrophe before it, so that no
/// spreadsheet runs it (OWASP, "CSV injection").
pub(crate) fn inert(text: &Untrusted) -> String {
    let shown = text.for_terminal();
    if shown.starts_with(['=', '+', '-', '@']) { format!("'{shown}") } else { shown.into_owned() }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_query::fields;

    use super::*;
    use crate::View;
    use crate::testing::{text_of, view};

    #[test]
    fn the_sessions_of_a_rich_snapshot() {
        insta::assert_snapshot!("csv_rich", text_of(&SessionCsv, &testing::rich(), &view()));
        insta::assert_snapshot!("csv_empty", text_of(&SessionCsv, &testing::empty(), &view()));
    }

    #[test]
    fn a_value_with_quotes_or_commas_is_quoted() {
        let mut out = Vec::new();
        write_record(["a,b", "say \"x\"", "plain"].into_iter().map(Cow::Borrowed), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"a,b\",\"say \"\"x\"\"\",plain\n");
    }

    #[test]
    fn a_formula_is_written_as_text() {
        assert_eq!(inert(&"=HYPERLINK(\"x\")".into()), "'=HYPERLINK(\"x\")");
        assert_eq!(inert(&"a=b".into()), "a=b");
    }

    #[test]
    fn the_requested_fields_are_the_columns() {
        let view = View { fields: Some(fields("tokens,client").unwrap()), ..view() };
        assert!(text_of(&SessionCsv, &testing::rich(), &view).starts_with("tokens,client\n"));
    }
}
