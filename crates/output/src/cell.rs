use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_format::sink::plain;
use agtop_format::{money, text, units};
use agtop_model::{Field, Gap, Row, Spend, Status, Value};
use jiff::tz::TimeZone;

use crate::{Colour, View};

/// How full a context window may be before it is worth a look, and before it is urgent, in percent.
const CONTEXT_MARKS: [(f64, Style); 2] = [(90.0, Style::Bad), (70.0, Style::Warn)];

/// What a text is like, besides what it says. Never the only carrier of a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the terminal has it.
    #[default]
    Plain,
    /// A heading.
    Bold,
    /// Of little interest now.
    Dim,
    /// At work.
    Good,
    /// Wants its person.
    Warn,
    /// Went wrong.
    Bad,
}

impl Style {
    /// The style of rows and counts of that status.
    pub(crate) const fn of(status: Status) -> Self {
        match status {
            Status::NeedsPermission | Status::NeedsInput => Self::Warn,
            Status::Stalled | Status::RateLimited | Status::Error => Self::Bad,
            Status::Spawning | Status::Working | Status::Active => Self::Good,
            Status::Idle | Status::Done => Self::Plain,
            Status::Resumable | Status::Stale | Status::Unknown => Self::Dim,
        }
    }

    /// The parameter of the SGR sequence (ECMA-48) that switches it on.
    const fn sgr(self) -> Option<u8> {
        match self {
            Self::Plain => None,
            Self::Bold => Some(1),
            Self::Dim => Some(2),
            Self::Good => Some(32),
            Self::Warn => Some(33),
            Self::Bad => Some(31),
        }
    }
}

/// Text for a terminal, harmless to it, with its style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Makes `text` harmless: most of it comes from elsewhere, and what does not loses nothing by it.
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: harmless(text.into()), style }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn width(&self) -> usize {
        text::width(&self.text)
    }

    /// Writes `shown`, this cell's text cut or padded, in this cell's style.
    pub(crate) fn write(&self, shown: &str, colour: Colour, out: &mut dyn Write) -> Result<()> {
        match self.style.sgr().filter(|_| colour == Colour::Always) {
            Some(sgr) => write!(out, "\x1b[{sgr}m{shown}\x1b[0m"),
            None => out.write_all(shown.as_bytes()),
        }
    }
}

fn harmless(text: String) -> String {
    if text.chars().all(|c| matches!(c, ' '..='~')) { text } else { plain(&text).into_owned() }
}

/// Writes the parts, joined by ` · `, in lines that fit the view; a part is cut only where it alone is too long.
pub(crate) fn write_parts(parts: &[Cell], view: &View, out: &mut dyn Write) -> Result<()> {
    const JOINT: &str = " · ";
    let columns = view.width.unwrap_or(usize::MAX);
    let mut used = 0;
    for part in parts {
        let shown = text::truncate(part.text(), columns);
        let wanted = text::width(JOINT) + text::width(&shown);
        if used > 0 && used + wanted <= columns {
            out.write_all(JOINT.as_bytes())?;
            used += wanted;
        } else {
            out.write_all(if used > 0 { b"\n" } else { b"" })?;
            used = text::width(&shown);
        }
        part.write(&shown, view.colour, out)?;
    }
    out.write_all(b"\n")
}

/// The field of the row; a name that is message text counts only where content was asked for.
pub(crate) fn value<'a>(field: &Field, row: &Row<'a>, view: &View) -> Value<'a> {
    let title = row.session.and_then(|session| session.title.as_ref()).filter(|_| field.id == "title");
    match view.content.allow(title) {
        Some(title) => Value::Untrusted(Cow::Borrowed(&title.text)),
        None => (field.get)(row),
    }
}

/// What the field of the row looks like in a table.
pub(crate) fn cell(field: &Field, row: &Row<'_>, view: &View) -> Cell {
    let value = value(field, row, view);
    let row_style = Some(Style::of(row.status())).filter(|style| *style == Style::Dim).unwrap_or_default();
    match (field.id, &value) {
        ("cost", _) => {
            let spend = row.session.map(|session| view.billed(session.client(), session.spend));
            Cell::new(cost(spend.as_ref()), row_style)
        }
        ("client", _) if row.agent.is_some_and(|agent| agent.danger.is_some()) => {
            Cell::new(format!("⚠ {}", shown(&value, &view.zone)), Style::Warn)
        }
        ("context", Value::Percent(percent)) => {
            let mark = CONTEXT_MARKS.iter().find(|(least, _)| percent >= least);
            Cell::new(shown(&value, &view.zone), mark.map_or(row_style, |(_, style)| *style))
        }
        (_, Value::Status(status)) => Cell::new(shown(&value, &view.zone), Style::of(*status)),
        _ => Cell::new(shown(&value, &view.zone), row_style),
    }
}

/// A sum of money with what is to be known about it, as [`money::spend`] writes it.
pub(crate) fn cost(spend: Option<&Spend>) -> String {
    spend.map_or_else(|| "-".to_owned(), money::spend)
}

/// A field's value for people, as it came: text of somebody else's has yet to be made harmless. Moments are those of the
/// zone.
pub fn shown(value: &Value<'_>, zone: &TimeZone) -> String {
    match value {
        Value::Text(text) => text.as_ref().to_owned(),
        Value::Untrusted(text) => text.raw().to_owned(),
        Value::Count(n) => n.to_string(),
        Value::Tokens(n) => units::count(*n),
        Value::Bytes(n) => units::bytes(*n),
        Value::Percent(percent) => units::percent(*percent),
        Value::Money(amount) => units::money(*amount),
        Value::MoneyAtLeast(amount) => money::at_least(*amount),
        Value::Span(span) => units::span(*span),
        Value::Time(at) => units::moment(*at, zone),
        Value::Status(status) => format!("{} {}", status.glyph(), status.as_str()),
        Value::Gap(Gap::Denied) => "denied".to_owned(),
        Value::Gap(_) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::view;

    #[test]
    fn escape_sequences_never_reach_a_cell() {
        assert_eq!(Cell::new("a\u{1b}[31mb\nc\u{202e}", Style::Plain).text(), "ab c");
    }

    #[test]
    fn lines_break_between_parts() {
        let parts: Vec<Cell> = ["3 agents", "12M tokens", "$4.21"].map(|part| Cell::new(part, Style::Plain)).into();
        let shown = |width| {
            let mut out = Vec::new();
            write_parts(&parts, &View { width, ..view() }, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(Some(20)), "3 agents\n12M tokens · $4.21\n");
        assert_eq!(shown(None), "3 agents · 12M tokens · $4.21\n");
        assert_eq!(shown(Some(4)), "3 a…\n12M…\n$4.…\n");
    }
}
