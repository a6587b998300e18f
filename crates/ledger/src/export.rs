//! The ledger as JSON lines, for other programs: a response a line, copies included.

use std::io::{self, Write};

use agtop_model::{InferenceGeo, Purpose, Timestamp, Usage};
use serde::Serialize;

use crate::error::LedgerError;
use crate::memory::{Memory, TurnMemory};
use crate::record::FileEntry;
use crate::store::Ledger;

/// One response. There is no text in it.
#[derive(Serialize)]
struct Line<'a> {
    client: &'static str,
    session: &'a str,
    path: &'a str,
    state: &'static str,
    /// The key that tells copies of a response: add those with the same one only once.
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
        self.each_memory(|file, memory| {
            if written.is_ok()
                && let Some(memory) = memory
            {
                written = write_file(&file, &memory, &mut to);
                lines += memory.turns.len() as u64;
            }
        })?;
        written?;
        to.flush()?;
        Ok(lines)
    }
}

fn write_file(file: &FileEntry, memory: &Memory, to: &mut impl Write) -> io::Result<()> {
    let path = file.path.to_string_lossy();
    for turn in &memory.turns {
        serde_json::to_writer(&mut *to, &line(file, &path, memory, turn))?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

fn line<'a>(file: &FileEntry, path: &'a str, memory: &'a Memory, turn: &TurnMemory) -> Line<'a> {
    let response = &turn.response;
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches } = response.usage;
    let when = turn.time.resolve(Timestamp::from_millis(i64::MAX), file.stamp.file.modified);
    let session = memory.sessions.get(turn.session as usize);
    let mut coarser = turn.part_of.iter().map(|coarse| format!("{:032x}", coarse.to_bits()));
    Line {
        client: session.map_or(file.client, |session| session.key.client).as_str(),
        session: session.map_or("", |session| &session.key.id),
        path,
        state: file.state.as_str(),
        message: format!("{:032x}", turn.message.to_bits()),
        part_of: coarser.next(),
        also_part_of: coarser.collect(),
        at: rfc3339(when.at),
        is_estimate: when.source.is_estimate(),
        model: response.model().and_then(|model| memory.name(model)).map(|name| &**name),
        tier: response.tier.as_str(),
        inference_geo: (response.geo != InferenceGeo::default()).then(|| response.geo.as_str()),
        purpose: (response.purpose != Purpose::default()).then(|| response.purpose.as_str()),
        input,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning,
        web_searches,
        embedded_cost_usd: response.embedded_cost.map(agtop_model::PicoUsd::as_usd),
        stop: response.stop.map(agtop_model::StopReason::as_str),
    }
}

/// The time in UTC; empty for one that no calendar has.
fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| String::new(), |at| at.to_string())
}
