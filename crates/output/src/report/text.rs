use std::io::{Result, Write};

use agtop_format::{money, units};
use agtop_model::{PicoUsd, Spend};
use agtop_report::{Detail, Dimension, Key, Line, Outlook, Report, Sums};

use super::columns::{FIGURES, head_text, heads_of, main_models, names_models};
use crate::cell::{Cell, write_parts};
use crate::notes::about_money;
use crate::report::{Columns, Format, Page};
use crate::table::{Align, Filled, draw};
use crate::tone::Tone;

/// A table for people, as wide as the terminal.
pub(super) struct Text;

impl Format for Text {
    fn id(&self) -> &'static str {
        "text"
    }

    fn write(&self, report: &Report, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        write_parts(&heading(report), page.view, out)?;
        let rows = rows(report);
        draw(&mut table(report, &rows, page), rows.len(), page.view, out)?;
        if let Some(current) = report.current.as_ref().filter(|line| line.outlook().is_some()) {
            write_parts(&outlook(report, current), page.view, out)?;
        }
        write_parts(&notes(report, page), page.view, out)
    }
}

/// What the table shows, and what its days are.
pub(super) fn heading(report: &Report) -> Vec<Cell> {
    let mut parts = vec![Cell::new(format!("{} report", report.kind.as_str()), Tone::Strong)];
    let mut say = |text: String| parts.push(Cell::new(text, Tone::Dim));
    say(format!("time zone {}", agtop_report::zone_name(&report.zone)));
    if report.dimensions.contains(&Dimension::Week) {
        say("weeks begin on Monday (ISO 8601)".to_owned());
    }
    if report.dimensions.contains(&Dimension::Block) {
        say("blocks of 5 hours".to_owned());
    }
    for (word, at) in [("since", report.since), ("until", report.until)] {
        if let Some(at) = at {
            say(format!("{word} {}", units::moment(at, &report.zone)));
        }
    }
    parts
}

/// One row of the table.
enum Row<'r> {
    Line(&'r Line),
    /// A part of the line before it.
    Part(&'r Line),
    Rest(usize, &'r Sums),
    Total(&'r Sums),
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let of_line = |line| std::iter::once(Row::Line(line)).chain(line.parts.iter().map(Row::Part));
    let mut rows: Vec<Row<'_>> = report.lines.iter().flat_map(of_line).collect();
    rows.extend(report.rest.iter().map(|rest| Row::Rest(rest.lines, &rest.sums)));
    rows.push(Row::Total(&report.totals));
    rows
}

impl Row<'_> {
    fn sums(&self) -> &Sums {
        match self {
            Self::Line(line) | Self::Part(line) => &line.sums,
            Self::Rest(_, sums) | Self::Total(sums) => sums,
        }
    }

    fn style(&self) -> Tone {
        match self {
            Self::Line(line) if line.outlook().is_some() => Tone::Good,
            Self::Line(line) if !line.is_gap() => Tone::Text,
            Self::Line(_) | Self::Part(_) | Self::Rest(..) => Tone::Dim,
            Self::Total(_) => Tone::Strong,
        }
    }

    fn cell(&self, text: impl Into<String>) -> Cell {
        Cell::new(text, self.style())
    }

    /// A figure; there is none of a time in which nothing was used.
    fn figure(&self, text: fn(&Sums) -> String) -> Cell {
        let is_gap = matches!(self, Self::Line(line) if line.is_gap());
        self.cell(if is_gap { String::new() } else { text(self.sums()) })
    }
}

fn table(report: &Report, rows: &[Row<'_>], page: &Page<'_>) -> Vec<Filled> {
    let mut table: Vec<Filled> = Vec::new();
    for (at, column) in heads_of(report).into_iter().enumerate() {
        let cell = |row: &Row<'_>| match row {
            Row::Line(line) => row.cell(head_text(line, column, &report.zone).raw()),
            Row::Part(line) if at == 0 => row.cell(format!("  {}", part_name(line, report))),
            Row::Rest(lines, _) if at == 0 => row.cell(format!("{lines} more")),
            Row::Total(_) if at == 0 => row.cell("total"),
            _ => row.cell(""),
        };
        table.push(Filled::of_cells(column.1.title, Align::Left, column.1.room, rows.iter().map(cell).collect()));
    }
    if page.columns == Columns::All && names_models(report) {
        let cells = rows.iter().map(|row| match row {
            Row::Line(line) => row.cell(main_models(&line.sums).raw()),
            _ => row.cell(""),
        });
        table.push(Filled::of_cells("MODELS", Align::Left, (14, 4), cells.collect()));
    }
    for figure in FIGURES.iter().filter(|figure| figure.is_in(report)) {
        let Some(title) = figure.title.filter(|_| page.columns == Columns::All || figure.rank == 0) else { continue };
        let cells = rows.iter().map(|row| row.figure(figure.text)).collect();
        table.push(Filled::of_cells(title, Align::Right, (0, figure.rank), cells));
    }
    if let Some(limit) = report.token_limit {
        let share = |row: &Row<'_>| match row {
            Row::Line(line) if !line.is_gap() => row.cell(units::percent(percent(line.sums.usage.total(), limit))),
            _ => row.cell(""),
        };
        table.push(Filled::of_cells("LIMIT", Align::Right, (0, 1), rows.iter().map(share).collect()));
    }
    if page.columns == Columns::All && report.lines.len() > 1 {
        table.push(bars(report, rows));
    }
    table
}

fn part_name(part: &Line, report: &Report) -> String {
    part.keys.first().map_or_else(String::new, |key| key.label(&report.zone).raw().to_owned())
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}

/// Columns that the longest bar takes.
const BAR: u32 = 10;

/// A bar a line, the longest for the dearest, or where nothing has a price, for what used most.
fn bars(report: &Report, rows: &[Row<'_>]) -> Filled {
    let measure = Measure::of(&report.lines);
    let most = report.lines.iter().map(|line| measure.of_sums(&line.sums)).fold(0.0, f64::max);
    let cells = rows.iter().map(|row| match row {
        Row::Line(line) => row.cell(bar(measure.of_sums(&line.sums), most)),
        _ => row.cell(""),
    });
    Filled::of_cells(measure.title(), Align::Left, (usize::try_from(BAR).unwrap_or(0), 2), cells.collect())
}

/// What bars and shades are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Cost,
    Tokens,
    Calls,
}

impl Measure {
    /// Money if any is known, else tokens, else calls.
    pub(super) fn of(lines: &[Line]) -> Self {
        if lines.iter().any(|line| line.sums.spend.amount > PicoUsd::ZERO) {
            Self::Cost
        } else if lines.iter().any(|line| line.sums.calls > 0) {
            Self::Calls
        } else {
            Self::Tokens
        }
    }

    pub(super) fn of_sums(self, sums: &Sums) -> f64 {
        match self {
            Self::Cost => sums.spend.amount.as_usd(),
            Self::Tokens => sums.usage.total() as f64,
            Self::Calls => sums.calls as f64,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Cost => "BY COST",
            Self::Tokens => "BY TOKENS",
            Self::Calls => "BY CALLS",
        }
    }
}

/// A bar in eighths of a column. What is more than nothing has at least one.
fn bar(value: f64, most: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value <= 0.0 || most <= 0.0 {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 80")]
    let eighths = (value / most * f64::from(BAR * 8)).round().clamp(1.0, f64::from(BAR * 8)) as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS.get(eighths % 8).unwrap_or(&""))
}

/// How the active block goes on.
fn outlook(report: &Report, line: &Line) -> Vec<Cell> {
    let Some(outlook) = line.outlook() else { return Vec::new() };
    let mut parts = vec![Cell::new(format!("active block: {} left", units::span(outlook.left)), Tone::Good)];
    let spend = &line.sums.spend;
    parts.extend(pace(outlook, spend).map(|text| Cell::new(text, Tone::Text)));
    let Some(tokens) = outlook.tokens else { return parts };
    let cost = outlook.cost.map_or_else(String::new, |cost| format!(", {}", money::part_of(spend, cost)));
    parts.push(Cell::new(format!("at its end {} tokens{cost}", units::count(tokens)), Tone::Text));
    if let Some(limit) = report.token_limit {
        let share = percent(tokens, limit);
        let style = if share > 100.0 { Tone::Bad } else { Tone::Text };
        let limit = units::count(limit);
        parts.push(Cell::new(format!("{} of the limit of {limit} tokens", units::percent(share)), style));
    }
    parts
}

/// `12k tokens in+out/min`, `$4.20/h`.
fn pace(outlook: &Outlook, spend: &Spend) -> impl Iterator<Item = String> {
    let burn = outlook.burn.into_iter();
    burn.flat_map(|burn| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
        let tokens = burn.fresh_tokens_per_minute.round() as u64;
        let cost = burn.cost_per_hour.map(|cost| format!("{}/h", money::part_of(spend, cost)));
        std::iter::once(format!("{} tokens in+out/min", units::count(tokens))).chain(cost)
    })
}

fn notes(report: &Report, page: &Page<'_>) -> Vec<Cell> {
    if report.dimensions.contains(&Dimension::Tool) {
        let note = "every call of each session shown: transcripts do not tell what a call used";
        return vec![Cell::new(note, Tone::Dim)];
    }
    let mut notes = about_money(page.prices, &report.totals.spend, report.totals.covered);
    if report.lines.iter().any(|line| matches!(line.keys.first(), Some(Key::Period(None)))) {
        notes.push(Cell::new("unknown: records without a time", Tone::Dim));
    }
    if report.detail() == Detail::ByModel {
        notes.push(Cell::new("indented: by model", Tone::Dim));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_by_eighths_and_never_vanish() {
        assert_eq!(bar(0.0, 8.0), "");
        assert_eq!(bar(0.000_1, 8.0), "▏");
        assert_eq!(bar(8.0, 8.0), "██████████");
        assert_eq!(bar(4.1, 8.0), "█████▏");
    }
}
