use std::io::{Result, Write};

use agtop_model::Untrusted;
use agtop_report::{Line, Report, Sums};

use super::columns::{FIGURES, head_text, heads_of, main_models, names_models};
use crate::report::text::heading;
use crate::report::{Columns, Format, Page};

/// A table as GitHub's Markdown has it, with a line of totals.
pub(super) struct Markdown;

impl Format for Markdown {
    fn id(&self) -> &'static str {
        "markdown"
    }

    fn write(&self, report: &Report, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let about: Vec<String> = heading(report).iter().map(|part| escaped(&part.text().into())).collect();
        writeln!(out, "{}\n", about.join(" · "))?;
        let heads = heads_of(report);
        let shows_models = page.columns == Columns::All && names_models(report);
        let titles = heads.iter().map(|(_, head)| head.title).chain(shows_models.then_some("MODELS"));
        let titles: Vec<&str> = titles.chain(figures(report, page).map(|(title, _)| title)).collect();
        write_row(titles.iter().map(|title| capitalised(title)), out)?;
        let texts = heads.len() + usize::from(shows_models);
        write_row((0..titles.len()).map(|at| if at < texts { "---" } else { "---:" }.to_owned()), out)?;
        for line in &report.lines {
            let named = heads.iter().map(|head| escaped(&head_text(line, *head, &report.zone)));
            let models = shows_models.then(|| escaped(&main_models(&line.sums)));
            write_row(named.chain(models).chain(shown(&line.sums, report, page)), out)?;
            for part in &line.parts {
                write_row(named_alone(&part_name(part, report), texts).chain(shown(&part.sums, report, page)), out)?;
            }
        }
        if let Some(rest) = &report.rest {
            let name = format!("{} more", rest.lines);
            write_row(named_alone(&name, texts).chain(shown(&rest.sums, report, page)), out)?;
        }
        let bold = named_alone("total", texts).chain(shown(&report.totals, report, page));
        write_row(bold.map(|text| if text.is_empty() { text } else { format!("**{text}**") }), out)
    }
}

/// The figures that the table has, with their headings.
fn figures<'p>(report: &Report, page: &'p Page<'_>) -> impl Iterator<Item = (&'static str, fn(&Sums) -> String)> {
    let is_wide = page.columns == Columns::All;
    let present: Vec<_> = FIGURES.iter().filter(|figure| figure.is_in(report)).collect();
    present.into_iter().filter(move |figure| is_wide || figure.rank == 0).filter_map(|f| Some((f.title?, f.text)))
}

fn shown(sums: &Sums, report: &Report, page: &Page<'_>) -> Vec<String> {
    figures(report, page).map(|(_, text)| text(sums)).collect()
}

fn part_name(part: &Line, report: &Report) -> String {
    let name = part.keys.first().map_or_else(String::new, |key| escaped(&key.label(&report.zone)));
    format!("↳ {name}")
}

/// A name in the first of so many cells.
fn named_alone(name: &str, cells: usize) -> impl Iterator<Item = String> {
    std::iter::once(name.to_owned()).chain(std::iter::repeat_n(String::new(), cells.saturating_sub(1)))
}

fn write_row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> Result<()> {
    for cell in cells {
        write!(out, "| {cell} ")?;
    }
    out.write_all(b"|\n")
}

/// Text that is neither markup nor the end of a cell.
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
    fn names_are_no_markup() {
        assert_eq!(escaped(&"a|b<img>\n".into()), "a\\|b\\<img\\> ");
        assert_eq!(escaped(&"my_tool".into()), "my\\_tool");
    }
}
