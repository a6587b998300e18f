//! The ledger as JSON lines, for other programs: a response a line, copies included.

use std::io::{self, Write};

use agtop_model::{InferenceGeo, Purpose, Timestamp, Usage};
use serde::Serialize;

use crate::error::LedgerError;
use crate::file_summary::{FileSummary, ResponseRecord};
use crate::record::FileEntry;
use crate::store::Ledger;

/// One response. There is no text in it.
#[derive(Serialize)]
struct Line<'a> {
    client: &'static str,
    session: &'a str,
    path: &'a str,
    state: &'static str,
    /// The key that all copies of a response share: add those with the same one only once.
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<String>,
    /// Further coarser records that it is a part of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_part_of: Vec<String>,
    at: String,
    /// The record does not say when it was made: `at` is what those beside it, or its file, say.
    #[serde(rename = "at_is_estimate", skip_serializing_if = "std::ops::Not::not")]
    is_estimate: bool,
    model: Option<&'a str>,
    tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    input: u64,
    cache_read: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
    output: u64,
    reasoning: u64,
    web_searches: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedded_cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'static str>,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The lines could not be written.
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

impl Ledger {
    /// Writes every response that is known as a line of JSON, and returns how many there are. Damaged files are passed
    /// over: [`Self::verify`] names them.
    ///
    /// # Errors
    ///
    /// Where the ledger cannot be read or the lines cannot be written.
    pub fn export(&self, mut to: impl Write) -> Result<u64, ExportError> {
        let mut lines = 0;
        let mut written = Ok(());
        self.for_each_summary(|file, summary| {
            if written.is_ok()
                && let Some(summary) = summary
            {
                written = write_file(&file, &summary, &mut to);
                lines += summary.responses.len() as u64;
            }
        })?;
        written?;
        to.flush()?;
        Ok(lines)
    }
}

fn write_file(file: &FileEntry, summary: &FileSummary, to: &mut impl Write) -> io::Result<()> {
    let path = file.path.to_string_lossy();
    for response in &summary.responses {
        serde_json::to_writer(&mut *to, &line(file, &path, summary, response))?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

fn line<'a>(file: &FileEntry, path: &'a str, summary: &'a FileSummary, response: &ResponseRecord) -> Line<'a> {
    let counted = &response.counted;
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches } = counted.usage;
    let when = response.time.resolve(Timestamp::from_millis(i64::MAX), file.stamp.file.modified);
    let session = summary.sessions.get(response.session as usize);
    let mut coarser = response.part_of.iter().map(|coarse| format!("{:032x}", coarse.to_bits()));
    Line {
        client: session.map_or(file.client, |session| session.key.client).as_str(),
        session: session.map_or("", |session| &session.key.id),
        path,
        state: file.state.as_str(),
        message: format!("{:032x}", response.message.to_bits()),
        part_of: coarser.next(),
        also_part_of: coarser.collect(),
        at: rfc3339(when.at),
        is_estimate: when.source.is_estimate(),
        model: counted.model().and_then(|model| summary.name(model)).map(|name| &**name),
        tier: counted.tier.as_str(),
        inference_geo: (counted.geo != InferenceGeo::default()).then(|| counted.geo.as_str()),
        purpose: (counted.purpose != Purpose::default()).then(|| counted.purpose.as_str()),
        input,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning,
        web_searches,
        embedded_cost_usd: counted.embedded_cost.map(agtop_model::PicoUsd::as_usd),
        stop: counted.stop.map(agtop_model::StopReason::as_str),
    }
}

/// The time in UTC; empty for one that no calendar has.
fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| String::new(), |at| at.to_string())
}
