//! Extracts facts from a long line without parsing it. Quotes within JSON strings are escaped, so text cannot be
//! mistaken for a field.

use std::sync::LazyLock;

use agtop_model::Timestamp;
use memchr::memmem::Finder;

use super::line_types;
use super::prompt::{ended_call, is_generated_text};
use super::subagent_mode::SubagentMode;
use crate::parse::rfc3339;

/// Longer lines without usage hold tool results and attachments: only a few facts are extracted from them.
pub(super) const MIN_BYTES: usize = 4 * 1024;

struct Needles {
    usage: Finder<'static>,
    tool_result: Finder<'static>,
    is_error: Finder<'static>,
    launched: Finder<'static>,
    agent: Finder<'static>,
    timestamp: Finder<'static>,
    uuid: Finder<'static>,
    user: Finder<'static>,
    not_a_prompt: [Finder<'static>; 3],
    compact_boundary: Finder<'static>,
    content: Finder<'static>,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles {
    usage: Finder::new("\"usage\""),
    tool_result: Finder::new("\"tool_use_id\":\""),
    is_error: Finder::new("\"is_error\":true"),
    launched: Finder::new("\"status\":\"async_launched\""),
    agent: Finder::new("\"agentId\":\""),
    timestamp: Finder::new("\"timestamp\":\""),
    uuid: Finder::new("\"uuid\":\""),
    user: Finder::new("\"type\":\"user\""),
    not_a_prompt: [
        Finder::new("\"isMeta\":true"),
        Finder::new("\"isCompactSummary\":true"),
        Finder::new("\"isSidechain\":true"),
    ],
    compact_boundary: Finder::new("\"subtype\":\"compact_boundary\""),
    content: Finder::new("\"content\":\""),
});

/// What was extracted from a line.
pub(super) struct Skimmed<'a> {
    /// The time of the line.
    pub(super) at: Option<Timestamp>,
    /// Its content.
    pub(super) fact: SkimmedContent<'a>,
}

/// The content of a line.
pub(super) enum SkimmedContent<'a> {
    /// Nothing that agtop uses.
    None,
    /// Tool results.
    ToolResults(ToolResults<'a>),
    /// A prompt of the user.
    Prompt,
    /// Another message to the model.
    OtherMessage,
    /// The end of a background task, by the call that started it.
    Ended(&'a str),
    /// A compaction, with the line's id.
    Boundary(Option<&'a str>),
}

/// Tool results.
pub(super) struct ToolResults<'a> {
    /// The calls that they answer.
    pub(super) ids: Vec<&'a str>,
    /// Whether a call failed.
    pub(super) outcome: Result<(), ()>,
    /// The mode of the sub-agent whose result this is.
    pub(super) subagent: Option<SubagentMode>,
}

/// Whether a line may hold usage.
pub(super) fn has_usage(line: &[u8]) -> bool {
    NEEDLES.usage.find(line).is_some()
}

/// Extracts the facts of a line.
pub(super) fn skim(line: &[u8]) -> Skimmed<'_> {
    let has = |needle: &Finder<'_>| needle.find(line).is_some();
    let at = after(&NEEDLES.timestamp, line).and_then(rfc3339);
    let fact = if line_types::is_queued(line) {
        ended(line).map_or(SkimmedContent::None, SkimmedContent::Ended)
    } else if !has(&NEEDLES.user) {
        let is_boundary = has(&NEEDLES.compact_boundary);
        if is_boundary { SkimmedContent::Boundary(after(&NEEDLES.uuid, line)) } else { SkimmedContent::None }
    } else if let Some(results) = results(line) {
        SkimmedContent::ToolResults(results)
    } else if let Some(call) = ended(line) {
        SkimmedContent::Ended(call)
    } else if NEEDLES.not_a_prompt.iter().any(has) || content(line).is_some_and(is_generated_text) {
        SkimmedContent::OtherMessage
    } else {
        SkimmedContent::Prompt
    };
    Skimmed { at, fact }
}

fn results(line: &[u8]) -> Option<ToolResults<'_>> {
    let length = NEEDLES.tool_result.needle().len();
    let found = NEEDLES.tool_result.find_iter(line);
    let ids: Vec<&str> = found.filter_map(|at| quoted(line, at + length)).collect();
    let has = |needle: &Finder<'_>| needle.find(line).is_some();
    (!ids.is_empty()).then(|| ToolResults {
        ids,
        outcome: if has(&NEEDLES.is_error) { Err(()) } else { Ok(()) },
        subagent: has(&NEEDLES.agent)
            .then(|| if has(&NEEDLES.launched) { SubagentMode::Background } else { SubagentMode::Awaited }),
    })
}

/// The beginning of a message's text, as raw JSON.
fn content(line: &[u8]) -> Option<&str> {
    const MAX_BYTES: usize = 400;
    let from = NEEDLES.content.find(line)? + NEEDLES.content.needle().len();
    let text = line.get(from..line.len().min(from + MAX_BYTES))?;
    let sound = std::str::from_utf8(text)
        .or_else(|error| std::str::from_utf8(text.get(..error.valid_up_to()).unwrap_or_default()));
    sound.ok()
}

fn ended(line: &[u8]) -> Option<&str> {
    content(line).and_then(ended_call)
}

/// The JSON string right after a needle.
fn after<'a>(needle: &Finder<'_>, line: &'a [u8]) -> Option<&'a str> {
    quoted(line, needle.find(line)? + needle.needle().len())
}

/// The JSON string that starts at a byte, if it is complete and has no escapes.
fn quoted(bytes: &[u8], from: usize) -> Option<&str> {
    const MAX_BYTES: usize = 200;
    let rest = bytes.get(from..)?;
    let rest = rest.get(..MAX_BYTES.min(rest.len()))?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    rest.get(..end).filter(|_| rest.get(end) == Some(&b'"')).and_then(|text| std::str::from_utf8(text).ok())
}
