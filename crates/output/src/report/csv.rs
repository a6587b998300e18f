use std::borrow::Cow;
use std::io::{Result, Write};

use agtop_report::{LineDetail, Report, ReportLine};

use super::columns::{SUM_COLUMNS, exact_key_text, key_columns, models, names_models};
use crate::csv::{inert, write_record};
use crate::report::format::{ReportContext, ReportFormat, ReportFormatInfo};

/// Comma-separated values (RFC 4180, with line feeds): each line once, in base units, without totals, so that columns
/// can be added up. A report by model has one record for each model of a line.
pub(super) struct Csv;

static INFO: ReportFormatInfo = ReportFormatInfo {
    id: "csv",
    short: None,
    help: Some("Print CSV, with exact numbers and without totals"),
    only_kind: None,
};

impl ReportFormat for Csv {
    fn info(&self) -> &'static ReportFormatInfo {
        &INFO
    }

    fn write(&self, report: &Report, _: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let sum_columns = || SUM_COLUMNS.iter().filter(|column| column.is_in(report));
        let detail = report.detail();
        let heads = key_columns(report);
        let names = heads.iter().map(|(_, head)| head.id);
        let model = (detail == LineDetail::ByModel).then_some("model");
        let list = names_models(report).then_some("models");
        let ids = names.chain(model).chain(list).chain(sum_columns().map(|column| column.id));
        write_record(ids.map(Cow::Borrowed), out)?;
        for (line, part) in report.lines.iter().flat_map(|line| records(line)) {
            let heads = heads.iter().map(|head| inert(&exact_key_text(line, *head, &report.zone)));
            let model = part.keys.first().filter(|_| model.is_some()).map(|key| inert(&key.label(&report.zone)));
            let list = list.map(|_| inert(&models(&line.sums)));
            let sum_columns = sum_columns().map(|column| (column.exact)(&part.sums));
            write_record(heads.chain(model).chain(list).chain(sum_columns).map(Cow::Owned), out)?;
        }
        Ok(())
    }
}

/// A line with each of its models, or with itself if it is not broken down.
fn records(line: &ReportLine) -> Vec<(&ReportLine, &ReportLine)> {
    if line.by_model.is_empty() { vec![(line, line)] } else { line.by_model.iter().map(|part| (line, part)).collect() }
}
