//! Facts of a long line that are picked out without parsing it. Quotes within JSON text are escaped, so that text cannot
//! pass for a field.

use std::sync::LazyLock;

use agtop_model::Timestamp;
use memchr::memmem::Finder;

use super::compaction::Pace;
use super::kinds;
use super::prompt::{ended_call, is_made_up};
use crate::parse::rfc3339;

/// Lines longer than this, and without usage, hold tool results and attachments: of those only a few facts are picked
/// out.
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

/// What a line told.
pub(super) struct Skimmed<'a> {
    /// When it was written.
    pub(super) at: Option<Timestamp>,
    /// The rest.
    pub(super) fact: Fact<'a>,
}

/// What a line is about.
pub(super) enum Fact<'a> {
    /// Nothing of interest.
    None,
    /// Tools answered.
    Results(Results<'a>),
    /// The user spoke.
    Prompt,
    /// Something else was said to the model.
    Aside,
    /// A background task has ended: the call that began it.
    Ended(&'a str),
    /// The conversation was compacted: the line's id.
    Boundary(Option<&'a str>),
}

/// Answers of tools.
pub(super) struct Results<'a> {
    /// Which calls they answer.
    pub(super) ids: Vec<&'a str>,
    /// Whether a call failed.
    pub(super) outcome: Result<(), ()>,
    /// The sub-agent that gave the answer, or has only begun.
    pub(super) subagent: Option<Pace>,
}

/// Whether a line may hold usage.
pub(super) fn has_usage(line: &[u8]) -> bool {
    NEEDLES.usage.find(line).is_some()
}

/// Looks at a line.
pub(super) fn skim(line: &[u8]) -> Skimmed<'_> {
    let has = |needle: &Finder<'_>| needle.find(line).is_some();
    let at = after(&NEEDLES.timestamp, line).and_then(rfc3339);
    let fact = if kinds::is_queued(line) {
        ended(line).map_or(Fact::None, Fact::Ended)
    } else if !has(&NEEDLES.user) {
        let is_boundary = has(&NEEDLES.compact_boundary);
        if is_boundary { Fact::Boundary(after(&NEEDLES.uuid, line)) } else { Fact::None }
    } else if let Some(results) = results(line) {
        Fact::Results(results)
    } else if let Some(call) = ended(line) {
        Fact::Ended(call)
    } else if NEEDLES.not_a_prompt.iter().any(has) || content(line).is_some_and(is_made_up) {
        Fact::Aside
    } else {
        Fact::Prompt
    };
    Skimmed { at, fact }
}

fn results(line: &[u8]) -> Option<Results<'_>> {
    let length = NEEDLES.tool_result.needle().len();
    let found = NEEDLES.tool_result.find_iter(line);
    let ids: Vec<&str> = found.filter_map(|at| quoted(line, at + length)).collect();
    let has = |needle: &Finder<'_>| needle.find(line).is_some();
    (!ids.is_empty()).then(|| Results {
        ids,
        outcome: if has(&NEEDLES.is_error) { Err(()) } else { Ok(()) },
        subagent: has(&NEEDLES.agent).then(|| if has(&NEEDLES.launched) { Pace::Background } else { Pace::Awaited }),
    })
}

/// How a message's text begins, in JSON.
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

/// The JSON text right after a needle.
fn after<'a>(needle: &Finder<'_>, line: &'a [u8]) -> Option<&'a str> {
    quoted(line, needle.find(line)? + needle.needle().len())
}

/// The JSON text that begins at a byte, if it ends and has no escapes.
fn quoted(bytes: &[u8], from: usize) -> Option<&str> {
    const MAX_BYTES: usize = 200;
    let rest = bytes.get(from..)?;
    let rest = rest.get(..MAX_BYTES.min(rest.len()))?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    rest.get(..end).filter(|_| rest.get(end) == Some(&b'"')).and_then(|text| std::str::from_utf8(text).ok())
}
