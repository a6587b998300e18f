use agtop_format::{money, text, units};
use agtop_model::PicoUsd;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::grouping::{UsageGrouping, UsageScope};
use super::heat_map::{HEAT_MAP_ROWS, draw_heat};
use super::state::{BarScale, NumberStyle, UsageState};
use super::sum::UsageSum;
use crate::look::{Look, Tone};
use crate::widgets::{Side, bar, put};

/// Rows of sums in an area. The rest is for headings, the total, and the heat map where there is room for it.
pub(crate) fn rows(area: Rect) -> u16 {
    area.height.saturating_sub(HEAD_ROWS + heat_rows(area))
}

/// Rows of the groupings, the headings and the total.
const HEAD_ROWS: u16 = 3;
/// Fewest rows of an area with a heat map.
const MIN_ROWS_FOR_HEAT_MAP: u16 = 25;

const fn heat_rows(area: Rect) -> u16 {
    // A blank row is above it.
    if area.height >= MIN_ROWS_FOR_HEAT_MAP { HEAT_MAP_ROWS + 1 } else { 0 }
}

pub(crate) fn draw(look: &Look, usage: &UsageState, area: Rect, buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let total = usage.total();
    let widths = LineWidths::of(&total, usage.numbers, inner.width);
    put(buffer, Rect { height: 1, ..inner }, &trail(look, usage), Side::Left);
    put(buffer, Rect { y: inner.y + 1, height: 1, ..inner }, &headings(look, widths), Side::Left);
    if inner.height > HEAD_ROWS {
        let row = Rect { y: inner.y + 2, height: 1, ..inner };
        put(buffer, row, &sum_line(look, &total, (usage.numbers, Tone::Strong), widths), Side::Left);
    }
    let list = Rect { y: inner.y + HEAD_ROWS, height: rows(area).min(inner.height.saturating_sub(HEAD_ROWS)), ..inner };
    draw_sums(look, usage, widths, (list, area), buffer);
    if heat_rows(area) > 0 {
        let heat = Rect { y: area.bottom() - HEAT_MAP_ROWS, height: HEAT_MAP_ROWS, ..inner };
        draw_heat(look, &usage.days, usage.today, heat, buffer);
    }
}

/// The groupings and the open groups.
fn trail(look: &Look, usage: &UsageState) -> Line<'static> {
    let mut spans = vec![look.span("by ", Tone::Dim)];
    for by in usage.choices() {
        let name = if by == UsageGrouping::Period { usage.period.name() } else { by.name() };
        let tone = if by == usage.by { Tone::Accent } else { Tone::Dim };
        spans.push(look.span(format!("{name}  "), tone));
    }
    for (within, _, _) in &usage.path {
        let name = match within {
            UsageScope::Period(period) => period.clone(),
            UsageScope::Model(model) => {
                let name = model.as_deref().unwrap_or("unknown");
                agtop_model::Untrusted::from(name).for_terminal().into_owned()
            }
            UsageScope::Client(client) => client.as_str().to_owned(),
            UsageScope::Project(project) => project.clone(),
        };
        spans.push(look.span(format!("  › {name}"), Tone::Text));
    }
    Line::from(spans)
}

/// Columns of a line: of all, and of its numbers.
#[derive(Clone, Copy)]
struct LineWidths {
    all: u16,
    label: usize,
    cost: usize,
    tokens: usize,
    output: usize,
    responses: usize,
}

/// Most columns of a bar.
const MAX_BAR_COLUMNS: usize = 80;

impl LineWidths {
    /// Columns that hold the total, and so each line.
    fn of(total: &UsageSum, numbers: NumberStyle, all: u16) -> Self {
        let is_covered = total.spend.covered != PicoUsd::ZERO;
        let cost = match all {
            100.. if is_covered => 22,
            62.. if is_covered => 13,
            _ => 9,
        };
        let at_least = |least: usize, n: u64| least.max(text::width(&number(n, numbers)) + 2);
        Self {
            all,
            label: if all >= 90 { 24 } else { 16 },
            cost: if numbers == NumberStyle::Exact { cost.max(14) } else { cost },
            tokens: at_least(9, total.tokens),
            output: at_least(9, total.output),
            responses: at_least(11, total.turns),
        }
    }

    fn bar(self) -> usize {
        let taken = self.label + 1 + self.cost + self.tokens + self.output + self.responses + 2;
        usize::from(self.all).saturating_sub(taken).min(MAX_BAR_COLUMNS)
    }
}

fn number(n: u64, numbers: NumberStyle) -> String {
    match numbers {
        NumberStyle::Short => units::count(n),
        NumberStyle::Exact => units::grouped(n),
    }
}

fn headings(look: &Look, widths: LineWidths) -> Line<'static> {
    let LineWidths { label, cost, tokens, output, responses, .. } = widths;
    let text =
        format!("{:label$} {:>cost$}{:>tokens$}{:>output$}{:>responses$}", "", "COST", "TOKENS", "OUTPUT", "RESPONSES");
    Line::from(look.span(text, Tone::Dim))
}

fn draw_sums(look: &Look, usage: &UsageState, widths: LineWidths, (list, area): (Rect, Rect), buffer: &mut Buffer) {
    let weight = weights(&usage.sums);
    let most = usage.sums.iter().map(weight).fold(0.0, f64::max);
    let least = usage.sums.iter().map(weight).filter(|weight| *weight > 0.0).fold(f64::INFINITY, f64::min);
    let share = |sum: &UsageSum| match usage.scale {
        _ if most <= 0.0 || weight(sum) <= 0.0 => 0.0,
        BarScale::Linear => weight(sum) / most,
        // The smallest value is a tenth of a decade long, so that it is seen.
        BarScale::Logarithmic => ((weight(sum) / least).log10() + 0.1) / ((most / least).log10() + 0.1),
    };
    for ((row, sum), at) in list.rows().zip(usage.sums.iter().skip(usage.offset)).zip(usage.offset..) {
        let tone = if sum.turns == 0 { Tone::Faint } else { Tone::Text };
        let mut line = sum_line(look, sum, (usage.numbers, tone), widths);
        line.spans.extend(bar(look, share(sum), widths.bar(), Tone::Accent));
        put(buffer, row, &line, Side::Left);
        if at == usage.index {
            buffer.set_style(Rect { x: area.x, width: area.width, ..row }, look.selected());
        }
    }
    if usage.sums.is_empty() {
        put(buffer, list, &Line::from(look.span("no usage", Tone::Faint)), Side::Left);
    }
}

/// What bars compare: costs, or tokens where no price is known.
fn weights(sums: &[UsageSum]) -> fn(&UsageSum) -> f64 {
    if sums.iter().any(|sum| sum.spend.amount != PicoUsd::ZERO) {
        |sum| sum.spend.amount.as_usd()
    } else {
        |sum| sum.tokens as f64
    }
}

fn sum_line(
    look: &Look,
    sum: &UsageSum,
    (numbers, tone): (NumberStyle, Tone),
    LineWidths { label, cost: cost_width, tokens, output, responses, .. }: LineWidths,
) -> Line<'static> {
    let name = text::truncate(&sum.label, label).into_owned();
    let cost = match (sum.turns, numbers) {
        (0, _) => "–".to_owned(),
        (_, NumberStyle::Short) => money::spend(&sum.spend),
        (_, NumberStyle::Exact) => money::exact(&sum.spend),
    };
    let rest = format!(
        "{:>tokens$}{:>output$}{:>responses$}  ",
        number(sum.tokens, numbers),
        number(sum.output, numbers),
        number(sum.turns, NumberStyle::Exact)
    );
    let rest_tone = if tone == Tone::Text { Tone::Dim } else { tone };
    Line::from(vec![
        look.span(format!("{} ", text::left(&name, label)), tone),
        look.span(text::right(&money::within(&cost, cost_width, &sum.spend), cost_width), tone),
        look.span(rest, rest_tone),
    ])
}
