use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_format::sink::plain;
use agtop_format::{Content, money, text, units};
use agtop_model::{
    Agent, Billing, BillingPlan, ClientId, CostBasis, Field, FieldValue, Gap, Liveness, SnapshotRow, Spend, Status,
};
use jiff::tz::TimeZone;

use crate::tone::Tone;
use crate::{Colour, View};

/// Text for a terminal, harmless to it, with its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Makes `text` harmless: most of it comes from elsewhere, and what does not loses nothing by it.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: harmless(text.into()), tone }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it stands out.
    pub const fn tone(&self) -> Tone {
        self.tone
    }

    pub(crate) fn width(&self) -> usize {
        text::width(&self.text)
    }

    /// Writes `shown`, this cell's text cut or padded, in this cell's tone.
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

/// How the cells of a surface are written.
#[derive(Clone, Copy)]
pub struct CellContext<'a> {
    /// Whether message text may be shown.
    pub content: Content,
    /// Whom subscriptions cover.
    pub plan: BillingPlan,
    /// The zone in which moments are shown.
    pub zone: &'a TimeZone,
    /// How full a context window may be before it is worth a look, and before it is urgent, in percent.
    pub context_marks: (f64, f64),
    /// Which words stand for what has no number.
    pub wording: Wording,
}

/// Which words a surface has for statuses and missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Those of JSON, and values as they are now: what scripts read.
    Exact,
    /// Short ones, processor use that does not jump, and zeros that stand back: what people watch.
    Calm,
}

/// The field of the row; a name that is message text counts only where content was asked for.
pub(crate) fn value<'a>(field: &Field, row: &SnapshotRow<'a>, content: Content) -> FieldValue<'a> {
    let title = row.session.and_then(|session| session.title.as_ref()).filter(|_| field.id == "title");
    match content.allow(title) {
        Some(title) => FieldValue::Untrusted(Cow::Borrowed(&title.text)),
        None => (field.get)(row),
    }
}

/// The text and the tone of a field of a row: the one place where tables and the screen get them.
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
            let spend = row.session.map(|session| context.billed(session.client(), session.spend));
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

/// What stands for a value that is missing.
const MISSING: &str = "–";

/// Counts from here on are abbreviated.
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

/// What stands for a missing value.
pub fn missing() -> Cell {
    Cell::new(MISSING, Tone::Faint)
}

/// A number that is zero most of the time stands back when it is.
pub fn zero_faint(value: f64, text: String) -> Cell {
    Cell::new(text, if value > 0.0 { Tone::Text } else { Tone::Faint })
}

/// The mark and the word of a row's status; of an agent that has just ended, that it has.
pub fn status_cell(row: &SnapshotRow<'_>) -> Cell {
    if row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped) {
        return Cell::new("– ended", Tone::Dim);
    }
    let status = row.status();
    Cell::new(format!("{} {}", status.glyph(), status_word(status)), Tone::of(status))
}

/// What people call a status, in a word or two.
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

/// Money, or the word that says why there is none.
fn cost_cell(spend: &Spend) -> Cell {
    if spend.is_empty() {
        return missing();
    }
    let is_amount = spend.basis() != CostBasis::Local && spend.known().is_some() && spend.billing == Billing::Metered;
    Cell::new(money::spend(spend), if is_amount { Tone::Text } else { Tone::Dim })
}

/// Processor use smoothed over the last readings, so that a list sorted by it can be read; each reading counts four
/// tenths against those before it, as in agtop 2.
pub fn smooth_cpu(agent: &Agent) -> Option<f64> {
    let latest = agent.cpu_percent.ok().filter(|percent| percent.is_finite())?;
    let recent = agent.cpu_history.iter().rev().take(12).rev().map(|&percent| f64::from(percent));
    Some(recent.filter(|percent| percent.is_finite()).reduce(|mean, next| 0.6 * mean + 0.4 * next).unwrap_or(latest))
}

impl CellContext<'_> {
    fn billed(&self, client: ClientId, mut spend: Spend) -> Spend {
        if self.plan.covers(client) {
            spend.cover();
        }
        spend
    }

    /// The tone of a context window that is so full, in percent.
    pub fn context_tone(&self, percent: f64) -> Tone {
        let (warn, bad) = self.context_marks;
        Tone::rising(percent, warn, bad)
    }
}

/// A sum of money with what is to be known about it, as [`money::spend`] writes it.
pub(crate) fn cost(spend: Option<&Spend>) -> String {
    spend.map_or_else(|| "-".to_owned(), money::spend)
}

/// A field's value for people, as it came: text of somebody else's has yet to be made harmless. Moments are those of the
/// zone.
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
        FieldValue::Gap(_) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::view;

    #[test]
    fn escape_sequences_never_reach_a_cell() {
        assert_eq!(Cell::new("a\u{1b}[31mb\nc\u{202e}", Tone::Text).text(), "ab c");
    }

    #[test]
    fn lines_break_between_parts() {
        let parts: Vec<Cell> = ["3 agents", "12M tokens", "$4.21"].map(|part| Cell::new(part, Tone::Text)).into();
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
