use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_format::sink::plain;
use agtop_format::{Content, money, text, units};
use agtop_model::{
    Billing, BillingPlan, ClientId, CostBasis, Field, FieldValue, Gap, Liveness, SnapshotRow, Spend, Status,
};
use agtop_query::smooth_cpu;
use jiff::tz::TimeZone;

use crate::colour::Colour;
use crate::tone::Tone;

/// Text for a terminal, without control characters, with its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell of that text without its control characters. Most text comes from other programs.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: harmless(text.into()), tone }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tone.
    pub const fn tone(&self) -> Tone {
        self.tone
    }

    pub(crate) fn width(&self) -> usize {
        text::width(&self.text)
    }

    /// Writes `shown`, which is the text cut or padded, in the tone of the cell.
    pub(crate) fn write(&self, shown: &str, colour: Colour, out: &mut dyn Write) -> Result<()> {
        match self.tone.sgr().filter(|_| colour == Colour::Always) {
            Some(sgr) => write!(out, "\x1b[{sgr}m{shown}\x1b[0m"),
            None => out.write_all(shown.as_bytes()),
        }
    }
}

fn harmless(text: String) -> String {
    if text.chars().all(|c| matches!(c, ' '..='~')) { text } else { plain(&text).into_owned() }
}

/// How an output writes its cells.
#[derive(Clone, Copy)]
pub struct CellContext<'a> {
    /// Whether message text may be shown.
    pub content: Content,
    /// Which clients a subscription covers.
    pub plan: BillingPlan,
    /// The zone in which moments are shown.
    pub zone: &'a TimeZone,
    /// The fill of a context window, in percent, from which it is a warning, and from which it is urgent.
    pub context_marks: (f64, f64),
    /// The words for statuses and missing values.
    pub wording: Wording,
}

/// The words of an output for statuses and missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Those of JSON, with the latest values: for scripts.
    Exact,
    /// Short ones, with smoothed processor use and faint zeros: for the screen.
    Calm,
}

/// The value of the field; a title that is message text is used only if `content` allows it.
pub(crate) fn value<'a>(field: &Field, row: &SnapshotRow<'a>, content: Content) -> FieldValue<'a> {
    let title = row.session.and_then(|session| session.title.as_ref()).filter(|_| field.id == "title");
    match content.allow(title) {
        Some(title) => FieldValue::Untrusted(Cow::Borrowed(&title.text)),
        None => (field.get)(row),
    }
}

/// The text and the tone of a field of a row, for tables and for the screen.
pub fn cell(field: &Field, row: &SnapshotRow<'_>, context: &CellContext<'_>) -> Cell {
    match context.wording {
        Wording::Exact => exact_cell(field, row, context),
        Wording::Calm => calm_cell(field, row, context),
    }
}

fn exact_cell(field: &Field, row: &SnapshotRow<'_>, context: &CellContext<'_>) -> Cell {
    let value = value(field, row, context.content);
    let row_tone = Some(Tone::of(row.status())).filter(|tone| *tone == Tone::Dim).unwrap_or_default();
    let text = shown(&value, context.zone);
    match (field.id, &value) {
        ("cost", _) => {
            let spend = row.session.map(|session| billed(context.plan, session.client(), session.spend));
            Cell::new(cost(spend.as_ref()), row_tone)
        }
        ("client", _) if row.agent.is_some_and(|agent| agent.danger.is_some()) => {
            Cell::new(format!("⚠ {text}"), Tone::Warn)
        }
        ("context", FieldValue::Percent(percent)) => match context.context_tone(*percent) {
            Tone::Good => Cell::new(text, row_tone),
            tone => Cell::new(text, tone),
        },
        (_, FieldValue::Status(status)) => Cell::new(text, Tone::of(*status)),
        _ => Cell::new(text, row_tone),
    }
}

/// The text of a missing value in tables.
pub(crate) const MISSING: &str = "-";

/// The text of a missing value on the screen.
const MISSING_TEXT: &str = "–";

/// Larger counts are abbreviated.
const MIN_ABBREVIATED_COUNT: u64 = 100_000;

fn calm_cell(field: &Field, row: &SnapshotRow<'_>, context: &CellContext<'_>) -> Cell {
    match (field.id, value(field, row, context.content)) {
        ("status", _) => status_cell(row),
        ("cpu", _) => row.agent.and_then(smooth_cpu).map_or_else(missing, cpu_cell),
        ("cost", _) => row.session.map_or_else(missing, |session| cost_cell(&session.spend)),
        ("context", FieldValue::Percent(percent)) => match context.context_tone(percent) {
            Tone::Good => Cell::new(format!("{percent:.0}%"), Tone::Text),
            tone => Cell::new(format!("{percent:.0}%"), tone),
        },
        ("pid", FieldValue::Count(pid)) => Cell::new(pid.to_string(), Tone::Dim),
        (_, FieldValue::Gap(Gap::Denied)) => Cell::new("denied", Tone::Faint),
        (_, FieldValue::Gap(_)) => missing(),
        (_, FieldValue::Status(status)) => Cell::new(status_word(status), Tone::Text),
        (_, FieldValue::Count(n)) => {
            zero_faint(n as f64, if n < MIN_ABBREVIATED_COUNT { n.to_string() } else { units::count(n) })
        }
        (_, ref value @ (FieldValue::Tokens(n) | FieldValue::Bytes(n))) => {
            zero_faint(n as f64, shown(value, context.zone))
        }
        (_, value) => Cell::new(shown(&value, context.zone), Tone::Text),
    }
}

/// The cell of a missing value.
pub fn missing() -> Cell {
    Cell::new(MISSING_TEXT, Tone::Faint)
}

/// The cell of a number, faint if it is zero.
pub fn zero_faint(value: f64, text: String) -> Cell {
    Cell::new(text, if value > 0.0 { Tone::Text } else { Tone::Faint })
}

/// The sign and the word of the status of a row; `ended` for an agent that has just ended.
pub fn status_cell(row: &SnapshotRow<'_>) -> Cell {
    if row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped) {
        return Cell::new("– ended", Tone::Dim);
    }
    let status = row.status();
    Cell::new(format!("{} {}", status.glyph(), status_word(status)), Tone::of(status))
}

/// A status in one or two words.
pub const fn status_word(status: Status) -> &'static str {
    match status {
        Status::NeedsPermission => "permission",
        Status::NeedsInput => "your turn",
        Status::RateLimited => "rate limit",
        _ => status.as_str(),
    }
}

fn cpu_cell(percent: f64) -> Cell {
    match percent {
        ..0.05 => Cell::new("0%", Tone::Faint),
        100.0.. => Cell::new(units::percent(percent), Tone::Warn),
        _ => Cell::new(units::percent(percent), Tone::Text),
    }
}

/// The cost, or the word for why there is none.
fn cost_cell(spend: &Spend) -> Cell {
    if spend.is_empty() {
        return missing();
    }
    let is_amount = spend.basis() != CostBasis::Local && spend.known().is_some() && spend.billing == Billing::Metered;
    Cell::new(money::spend(spend), if is_amount { Tone::Text } else { Tone::Dim })
}

/// The cost of `client`, marked as covered if the plan covers the client.
pub(crate) fn billed(plan: BillingPlan, client: ClientId, mut spend: Spend) -> Spend {
    if plan.covers(client) {
        spend.cover();
    }
    spend
}

impl CellContext<'_> {
    /// The tone of a context window that is filled to that many percent.
    pub fn context_tone(&self, percent: f64) -> Tone {
        let (warn, bad) = self.context_marks;
        Tone::rising(percent, warn, bad)
    }
}

/// A cost in the form of [`money::spend`]; `-` without a session.
pub(crate) fn cost(spend: Option<&Spend>) -> String {
    spend.map_or_else(|| MISSING.to_owned(), money::spend)
}

/// The value of a field as text with units. Untrusted text still has its control characters; moments are in the zone.
pub fn shown(value: &FieldValue<'_>, zone: &TimeZone) -> String {
    match value {
        FieldValue::Text(text) => text.as_ref().to_owned(),
        FieldValue::Untrusted(text) => text.raw().to_owned(),
        FieldValue::Count(n) => n.to_string(),
        FieldValue::Tokens(n) => units::count(*n),
        FieldValue::Bytes(n) => units::bytes(*n),
        FieldValue::Percent(percent) => units::percent(*percent),
        FieldValue::Money(amount) => units::money(*amount),
        FieldValue::MoneyAtLeast(amount) => money::at_least(*amount),
        FieldValue::Span(span) => units::span(*span),
        FieldValue::Time(at) => units::moment(*at, zone),
        FieldValue::Status(status) => format!("{} {}", status.glyph(), status.as_str()),
        FieldValue::Gap(Gap::Denied) => "denied".to_owned(),
        FieldValue::Gap(_) => MISSING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_contains_no_escape_sequences() {
        assert_eq!(Cell::new("a\u{1b}[31mb\nc\u{202e}", Tone::Text).text(), "ab c");
    }
}
