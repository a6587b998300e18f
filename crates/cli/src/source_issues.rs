//! Problems with the files of agents, as lines of text.

use agtop_format::sink::plain;
use agtop_model::{Issue, SourceHealth, SourcePosition};

use crate::stderr;

/// The other sources with problems are only counted.
const MAX_REPORTED_SOURCES: usize = 5;

/// Reports on standard error the sources that cannot be read completely: figures leave out what is in them.
pub(crate) fn report_broken_sources(health: &SourceHealth) {
    for issue in health.broken_sources().take(MAX_REPORTED_SOURCES) {
        stderr::print_message(format_args!("figures may be missing: {}", issue_line(issue)));
    }
    let more = health.broken_sources().count().saturating_sub(MAX_REPORTED_SOURCES);
    if more > 0 {
        stderr::print_message(format_args!("… and {more} more sources: agtop doctor"));
    }
}

/// An issue in one line: kind, file with place, reason.
pub(crate) fn issue_line(issue: &Issue) -> String {
    let place = match issue.place {
        None => String::new(),
        Some(SourcePosition::Byte(offset)) => format!(", byte {offset}"),
        Some(SourcePosition::Entry(entry)) => format!(", entry {entry}"),
        Some(SourcePosition::Row { table, rowid }) => format!(", {table} row {rowid}"),
    };
    format!("{}: {}{place}: {}", issue.kind.as_str(), plain(&issue.path.to_string_lossy()), plain(&issue.detail))
}
