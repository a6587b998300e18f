//! Kinds of lines that tell nothing and may be large: they are told by how they begin, without looking at the rest.

use crate::DecodeError;

/// How a line begins that says its kind first.
const KIND_FIRST: &[u8] = b"{\"type\":\"";

/// Lines that hold copies of what was sent to the model. (These and the next list are nine tenths of a transcript of
/// 2.1.332.)
const WITHOUT_NEWS: [&[u8]; 5] =
    [b"api-request", b"api-request-blob", b"api-request-shape", b"tools-used", b"atis-latch"];

/// How an attachment says its kind, after the line's place in the conversation.
const ATTACHMENT: &[u8] = b"\"attachment\":{\"type\":\"";

/// Attachments that hold prompts and lists of what the model may use.
const ATTACHMENTS_WITHOUT_NEWS: [&[u8]; 4] =
    [b"prompt_snapshot", b"skill_listing", b"agent_listing_delta", b"deferred_tools_delta"];

/// Within so many bytes an attachment has said what it is.
const HEAD_BYTES: usize = 256;

/// The kind of a line, where it begins with it.
fn kind(line: &[u8]) -> Option<&[u8]> {
    quoted(line.strip_prefix(KIND_FIRST)?)
}

/// The kind of an attachment.
fn attachment(line: &[u8]) -> Option<&[u8]> {
    let head = line.get(..HEAD_BYTES.min(line.len()))?;
    quoted(line.get(memchr::memmem::find(head, ATTACHMENT)? + ATTACHMENT.len()..)?)
}

fn quoted(rest: &[u8]) -> Option<&[u8]> {
    rest.get(..memchr::memchr(b'"', rest.get(..HEAD_BYTES.min(rest.len()))?)?)
}

/// Whether a line is of a kind that tells nothing.
pub(super) fn is_without_news(line: &[u8]) -> bool {
    if let Some(kind) = kind(line) {
        return WITHOUT_NEWS.contains(&kind);
    }
    attachment(line).is_some_and(|kind| ATTACHMENTS_WITHOUT_NEWS.contains(&kind))
}

/// Whether a line holds a session's totals.
pub(super) fn is_cost_state(line: &[u8]) -> bool {
    kind(line) == Some(b"cost-state")
}

/// Whether a line tells what waits for the model: messages, and notes of tasks that have ended.
pub(super) fn is_queued(line: &[u8]) -> bool {
    kind(line) == Some(b"queue-operation")
}

/// Checks that a line which is not parsed is one object, as far as its ends tell.
pub(super) fn whole(line: &[u8]) -> Result<(), DecodeError> {
    let is_whole = line.starts_with(b"{") && line.trim_ascii_end().ends_with(b"}");
    if is_whole { Ok(()) } else { Err(DecodeError::malformed("is not a JSON object")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_kind_at_the_beginning_counts() {
        assert!(is_without_news(br#"{"type":"api-request-shape","sessionId":"s"}"#));
        assert!(is_without_news(br#"{"parentUuid":null,"isSidechain":false,"attachment":{"type":"prompt_snapshot"}}"#));
        for line in [
            &br#"{"type":"api-requests"}"#[..],
            br#"{"type":"user","message":{"content":"{\"type\":\"api-request\"}"}}"#,
            br#"{"parentUuid":null,"attachment":{"type":"file"},"message":"\"attachment\":{\"type\":\"prompt_snapshot\""}"#,
            b"{\"type\":\"api-request",
            b"",
        ] {
            assert!(!is_without_news(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
