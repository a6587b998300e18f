//! Snapshots as JSON. Each document has types of its own, which can only be written: what a document must not contain
//! has no field in its types. `schema/` describes the documents, and tests check the output against it.

mod activity;
mod agent;
pub(crate) mod agents;
mod aggregates;
pub(crate) mod issue;
mod process;
mod session;
pub(crate) mod sessions;
mod telemetry;
mod timings;
mod totals;
pub(crate) mod tree;
pub(crate) mod wire;

#[cfg(test)]
mod schema_tests;

use std::io::{Result, Write};

use agtop_format::sink::JsonEscaper;
use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use crate::{JsonLayout, View};

/// Writes `value` as the view lays it out, with a line feed at the end.
pub(crate) fn write(value: &impl Serialize, view: &View, out: &mut dyn Write) -> Result<()> {
    let mut out = JsonEscaper::new(out);
    match view.layout {
        JsonLayout::Line => serde_json::to_writer(&mut out, value)?,
        JsonLayout::Pretty => {
            let formatter = PrettyFormatter::with_indent(b"    ");
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
        }
    }
    out.write_all(b"\n")
}
