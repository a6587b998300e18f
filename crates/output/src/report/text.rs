use std::io::{Result, Write};

use agtop_format::{money, units};
use agtop_model::{PicoUsd, Spend};
use agtop_report::{BlockProjection, Dimension, LineDetail, LineKey, Report, ReportLine, UsageSums};

use super::columns::{SUM_COLUMNS, key_columns, key_text, main_models, names_models};
use crate::cell::Cell;
use crate::empty;
use crate::parts::{write_parts, write_sentence};
use crate::report::format::{ReportColumns, ReportContext, ReportFormat, ReportFormatInfo};
use crate::summary::cost_notes;
use crate::table::{Align, ColumnRoom, TableColumn, draw};
use crate::tone::Tone;

/// A table that fits the terminal.
pub(super) struct Text;

static INFO: ReportFormatInfo = ReportFormatInfo { id: "text", short: None, help: None, only_kind: None };

impl ReportFormat for Text {
    fn info(&self) -> &'static ReportFormatInfo {
        &INFO
    }

    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        write_parts(&heading(report, context), context.view, out)?;
        if report.lines.is_empty() {
            return write_empty(report, context, out);
        }
        let rows = rows(report);
        draw(&mut table(report, &rows, context), rows.len(), context.view, out)?;
        if let Some(current) = report.current.as_ref().filter(|line| line.projection().is_some()) {
            write_parts(&projection(report, current), context.view, out)?;
        }
        write_parts(&notes(report, context), context.view, out)
    }
}

/// Writes that there is no usage, and how agtop would find some.
fn write_empty(report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
    let is_restricted = report.since.is_some() || report.until.is_some() || !context.restrictions.is_empty();
    let has_files = context.health.clients.iter().any(|client| client.records > 0);
    let message = if is_restricted || has_files { "No usage matches." } else { "No agent has left a session here." };
    write_sentence(&Cell::new(message, Tone::Text), context.view, out)?;
    if is_restricted || has_files { Ok(()) } else { empty::write_hint(context.health, context.view, out) }
}

/// The kind of the report, what it is restricted to, its time zone and its time.
pub(super) fn heading(report: &Report, context: &ReportContext<'_>) -> Vec<Cell> {
    let mut parts = vec![Cell::new(format!("{} report", report.kind.as_str()), Tone::Strong)];
    let mut say = |text: String| parts.push(Cell::new(text, Tone::Dim));
    context.restrictions.iter().for_each(|only| say(only.clone()));
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
enum TableRow<'r> {
    Line(&'r ReportLine),
    /// One model of the line before it.
    Part(&'r ReportLine),
    Omitted(usize, &'r UsageSums),
    Total(&'r UsageSums),
}

fn rows(report: &Report) -> Vec<TableRow<'_>> {
    let of_line = |line| std::iter::once(TableRow::Line(line)).chain(line.by_model.iter().map(TableRow::Part));
    let mut rows: Vec<TableRow<'_>> = report.lines.iter().flat_map(of_line).collect();
    rows.extend(report.omitted.iter().map(|omitted| TableRow::Omitted(omitted.lines, &omitted.sums)));
    rows.push(TableRow::Total(&report.totals));
    rows
}

impl TableRow<'_> {
    fn sums(&self) -> &UsageSums {
        match self {
            Self::Line(line) | Self::Part(line) => &line.sums,
            Self::Omitted(_, sums) | Self::Total(sums) => sums,
        }
    }

    fn style(&self) -> Tone {
        match self {
            Self::Line(line) if line.projection().is_some() => Tone::Good,
            Self::Line(line) if !line.is_gap() => Tone::Text,
            Self::Line(_) | Self::Part(_) | Self::Omitted(..) => Tone::Dim,
            Self::Total(_) => Tone::Strong,
        }
    }

    fn cell(&self, text: impl Into<String>) -> Cell {
        Cell::new(text, self.style())
    }

    /// The text of a sum; empty for a gap.
    fn column(&self, text: fn(&UsageSums) -> String) -> Cell {
        let is_gap = matches!(self, Self::Line(line) if line.is_gap());
        self.cell(if is_gap { String::new() } else { text(self.sums()) })
    }
}

fn table(report: &Report, rows: &[TableRow<'_>], context: &ReportContext<'_>) -> Vec<TableColumn> {
    let mut table: Vec<TableColumn> = Vec::new();
    for (at, column) in key_columns(report).into_iter().enumerate() {
        let cell = |row: &TableRow<'_>| match row {
            TableRow::Line(line) => row.cell(key_text(line, column, &report.zone).raw()),
            TableRow::Part(line) if at == 0 => row.cell(format!("  {}", part_name(line, report))),
            TableRow::Omitted(lines, _) if at == 0 => row.cell(format!("{lines} more")),
            TableRow::Total(_) if at == 0 => row.cell("total"),
            _ => row.cell(""),
        };
        table.push(TableColumn::of_cells(column.1.title, Align::Left, column.1.room, rows.iter().map(cell).collect()));
    }
    if context.columns == ReportColumns::All && names_models(report) {
        let cells = rows.iter().map(|row| match row {
            TableRow::Line(line) => row.cell(main_models(&line.sums).raw()),
            _ => row.cell(""),
        });
        table.push(TableColumn::of_cells("MODELS", Align::Left, ColumnRoom::new(14, 4), cells.collect()));
    }
    for column in SUM_COLUMNS.iter().filter(|column| column.is_in(report)) {
        let Some(title) = column.title.filter(|_| context.columns == ReportColumns::All || column.rank == 0) else {
            continue;
        };
        let cells = rows.iter().map(|row| row.column(column.text)).collect();
        table.push(TableColumn::of_cells(title, Align::Right, ColumnRoom::new(0, column.rank), cells));
    }
    if let Some(limit) = report.token_limit {
        let share = |row: &TableRow<'_>| match row {
            TableRow::Line(line) if !line.is_gap() => row.cell(units::percent(percent(line.sums.usage.total(), limit))),
            _ => row.cell(""),
        };
        table.push(TableColumn::of_cells(
            "LIMIT",
            Align::Right,
            ColumnRoom::new(0, 1),
            rows.iter().map(share).collect(),
        ));
    }
    if context.columns == ReportColumns::All && report.lines.len() > 1 {
        table.push(bars(report, rows));
    }
    table
}

fn part_name(part: &ReportLine, report: &Report) -> String {
    part.keys.first().map_or_else(String::new, |key| key.label(&report.zone).raw().to_owned())
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}

/// The width of the longest bar in terminal columns.
const MAX_BAR_COLUMNS: u32 = 10;

/// One bar for each line: by cost, or if no line has a price, by tokens or calls.
fn bars(report: &Report, rows: &[TableRow<'_>]) -> TableColumn {
    let measure = BarMeasure::of(&report.lines);
    let most = report.lines.iter().map(|line| measure.of_sums(&line.sums)).fold(0.0, f64::max);
    let cells = rows.iter().map(|row| match row {
        TableRow::Line(line) => row.cell(bar(measure.of_sums(&line.sums), most)),
        _ => row.cell(""),
    });
    TableColumn::of_cells(
        measure.title(),
        Align::Left,
        ColumnRoom::new(usize::try_from(MAX_BAR_COLUMNS).unwrap_or(0), 2),
        cells.collect(),
    )
}

/// What bars and shades show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BarMeasure {
    Cost,
    Tokens,
    Calls,
}

impl BarMeasure {
    /// Cost if any is known, otherwise calls if there are any, otherwise tokens.
    pub(super) fn of(lines: &[ReportLine]) -> Self {
        if lines.iter().any(|line| line.sums.spend.amount > PicoUsd::ZERO) {
            Self::Cost
        } else if lines.iter().any(|line| line.sums.calls > 0) {
            Self::Calls
        } else {
            Self::Tokens
        }
    }

    pub(super) fn of_sums(self, sums: &UsageSums) -> f64 {
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

/// A bar in eighths of a column; at least one eighth for a positive value.
fn bar(value: f64, most: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value <= 0.0 || most <= 0.0 {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 80")]
    let eighths =
        (value / most * f64::from(MAX_BAR_COLUMNS * 8)).round().clamp(1.0, f64::from(MAX_BAR_COLUMNS * 8)) as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS.get(eighths % 8).unwrap_or(&""))
}

/// The projection of the active block.
fn projection(report: &Report, line: &ReportLine) -> Vec<Cell> {
    let Some(projection) = line.projection() else { return Vec::new() };
    let mut parts = vec![Cell::new(format!("active block: {} left", units::span(projection.left)), Tone::Good)];
    let spend = &line.sums.spend;
    parts.extend(burn_rate(projection, spend).map(|text| Cell::new(text, Tone::Text)));
    let Some(tokens) = projection.tokens else { return parts };
    let cost = projection.cost.map_or_else(String::new, |cost| format!(", {}", money::part_of(spend, cost)));
    parts.push(Cell::new(format!("at its end {}{cost}", units::tokens(tokens)), Tone::Text));
    if let Some(limit) = report.token_limit {
        let share = percent(tokens, limit);
        let style = if share > 100.0 { Tone::Bad } else { Tone::Text };
        let limit = units::tokens(limit);
        parts.push(Cell::new(format!("{} of the limit of {limit}", units::percent(share)), style));
    }
    parts
}

/// `12k tokens in+out/min`, `$4.20/h`.
fn burn_rate(projection: &BlockProjection, spend: &Spend) -> impl Iterator<Item = String> {
    let burn = projection.burn.into_iter();
    burn.flat_map(|burn| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
        let tokens = burn.fresh_tokens_per_minute.round() as u64;
        let cost = burn.cost_per_hour.map(|cost| format!("{}/h", money::part_of(spend, cost)));
        std::iter::once(format!("{} tokens in+out/min", units::count(tokens))).chain(cost)
    })
}

fn notes(report: &Report, context: &ReportContext<'_>) -> Vec<Cell> {
    if report.dimensions.contains(&Dimension::Tool) {
        let note = "every call of each session shown: transcripts do not record what a call used";
        return vec![Cell::new(note, Tone::Dim)];
    }
    let mut notes = cost_notes(context.prices, &report.totals.spend, report.totals.covered);
    if report.lines.iter().any(|line| matches!(line.keys.first(), Some(LineKey::Period(None)))) {
        notes.push(Cell::new("unknown: records without a time", Tone::Dim));
    }
    if report.detail() == LineDetail::ByModel {
        notes.push(Cell::new("indented: by model", Tone::Dim));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_by_eighths_and_shows_every_positive_value() {
        assert_eq!(bar(0.0, 8.0), "");
        assert_eq!(bar(0.000_1, 8.0), "▏");
        assert_eq!(bar(8.0, 8.0), "██████████");
        assert_eq!(bar(4.1, 8.0), "█████▏");
    }
}
