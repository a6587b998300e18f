use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_report::{Detail, Line, Report};

use super::columns::{FIGURES, exact_head_text, heads_of, models, names_models};
use crate::csv::{inert, write_record};
use crate::report::{Format, Page};

/// Comma-separated values (RFC 4180, with line feeds): each line once, in base units, without totals, so that columns
/// can be summed. Taken apart, there is a record a model instead of one a line.
pub(super) struct Csv;

impl Format for Csv {
    fn id(&self) -> &'static str {
        "csv"
    }

    fn write(&self, report: &Report, _: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let figures = || FIGURES.iter().filter(|figure| figure.is_in(report));
        let detail = report.detail();
        let heads = heads_of(report);
        let names = heads.iter().map(|(_, head)| head.id);
        let model = (detail == Detail::ByModel).then_some("model");
        let list = names_models(report).then_some("models");
        let ids = names.chain(model).chain(list).chain(figures().map(|figure| figure.id));
        write_record(ids.map(Cow::Borrowed), out)?;
        for (line, part) in report.lines.iter().flat_map(|line| records(line)) {
            let heads = heads.iter().map(|head| inert(&exact_head_text(line, *head, &report.zone)));
            let model = part.keys.first().filter(|_| model.is_some()).map(|key| inert(&key.label(&report.zone)));
            let list = list.map(|_| inert(&models(&line.sums)));
            let figures = figures().map(|figure| (figure.exact)(&part.sums));
            write_record(heads.chain(model).chain(list).chain(figures).map(Cow::Owned), out)?;
        }
        Ok(())
    }
}

/// A line as often as it has parts, with each of them; else once, with itself.
fn records(line: &Line) -> Vec<(&Line, &Line)> {
    if line.parts.is_empty() { vec![(line, line)] } else { line.parts.iter().map(|part| (line, part)).collect() }
}
