use std::io::{Result, Write};

use agtop_model::Untrusted;
use agtop_report::{Report, ReportLine, UsageSums};

use super::columns::{SUM_COLUMNS, key_columns, key_text, main_models, names_models};
use crate::report::format::{ReportColumns, ReportContext, ReportFormat, ReportFormatInfo};
use crate::report::text::heading;

/// A table in GitHub's Markdown, with a line of totals.
pub(super) struct Markdown;

static INFO: ReportFormatInfo =
    ReportFormatInfo { id: "markdown", short: None, help: Some("Print a Markdown table"), only_kind: None };

impl ReportFormat for Markdown {
    fn info(&self) -> &'static ReportFormatInfo {
        &INFO
    }

    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let about: Vec<String> = heading(report, context).iter().map(|part| escaped(&part.text().into())).collect();
        writeln!(out, "{}\n", about.join(" · "))?;
        let heads = key_columns(report);
        let shows_models = context.columns == ReportColumns::All && names_models(report);
        let titles = heads.iter().map(|(_, head)| head.title).chain(shows_models.then_some("MODELS"));
        let titles: Vec<&str> = titles.chain(sum_columns(report, context).map(|(title, _)| title)).collect();
        write_row(titles.iter().map(|title| capitalised(title)), out)?;
        let texts = heads.len() + usize::from(shows_models);
        write_row((0..titles.len()).map(|at| if at < texts { "---" } else { "---:" }.to_owned()), out)?;
        for line in &report.lines {
            let named = heads.iter().map(|head| escaped(&key_text(line, *head, &report.zone)));
            let models = shows_models.then(|| escaped(&main_models(&line.sums)));
            write_row(named.chain(models).chain(shown(&line.sums, report, context)), out)?;
            for part in &line.by_model {
                write_row(named_alone(&part_name(part, report), texts).chain(shown(&part.sums, report, context)), out)?;
            }
        }
        if let Some(rest) = &report.omitted {
            let name = format!("{} more", rest.lines);
            write_row(named_alone(&name, texts).chain(shown(&rest.sums, report, context)), out)?;
        }
        let bold = named_alone("total", texts).chain(shown(&report.totals, report, context));
        write_row(bold.map(|text| if text.is_empty() { text } else { format!("**{text}**") }), out)
    }
}

/// The columns of sums of the table, with their headings.
fn sum_columns<'p>(
    report: &Report,
    context: &'p ReportContext<'_>,
) -> impl Iterator<Item = (&'static str, fn(&UsageSums) -> String)> {
    let is_wide = context.columns == ReportColumns::All;
    let present: Vec<_> = SUM_COLUMNS.iter().filter(|column| column.is_in(report)).collect();
    present.into_iter().filter(move |column| is_wide || column.rank == 0).filter_map(|f| Some((f.title?, f.text)))
}

fn shown(sums: &UsageSums, report: &Report, context: &ReportContext<'_>) -> Vec<String> {
    sum_columns(report, context).map(|(_, text)| text(sums)).collect()
}

fn part_name(part: &ReportLine, report: &Report) -> String {
    let name = part.keys.first().map_or_else(String::new, |key| escaped(&key.label(&report.zone)));
    format!("↳ {name}")
}

/// A name in the first of that many cells.
fn named_alone(name: &str, cells: usize) -> impl Iterator<Item = String> {
    std::iter::once(name.to_owned()).chain(std::iter::repeat_n(String::new(), cells.saturating_sub(1)))
}

fn write_row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> Result<()> {
    for cell in cells {
        write!(out, "| {cell} ")?;
    }
    out.write_all(b"|\n")
}

/// Text with its markup and cell separators escaped.
fn escaped(text: &Untrusted) -> String {
    let mut escaped = String::new();
    for c in text.for_terminal().chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '&' | '~' | '!' | '#' | '@') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// `CACHE WR` as `Cache wr`.
fn capitalised(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().into_iter().chain(chars.flat_map(char::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_escaped() {
        assert_eq!(escaped(&"a|b<img>\n".into()), "a\\|b\\<img\\> ");
        assert_eq!(escaped(&"my_tool".into()), "my\\_tool");
    }
}
