//! Reports as text, JSON, CSV, Markdown and a graph: one file per format.

mod columns;
pub mod compare;
mod csv;
mod format;
mod graph;
mod json;
mod markdown;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;

pub use format::{ReportColumns, ReportContext, ReportFormat, ReportFormatInfo};

/// Every format, in the order of help. A new one is a file and an entry here.
pub static REPORT_FORMATS: &[&dyn ReportFormat] =
    &[&text::Text, &json::Json, &csv::Csv, &markdown::Markdown, &graph::Graph];

/// The format of that name; `None` if there is none.
pub fn report_format(id: &str) -> Option<&'static dyn ReportFormat> {
    REPORT_FORMATS.iter().copied().find(|format| format.id() == id)
}
