//! Line types that agtop skips and that may be large: they are recognised by their beginning, without scanning the
//! rest.

use crate::DecodeError;

/// The beginning of a line that starts with its type.
const KIND_FIRST: &[u8] = b"{\"type\":\"";

/// Lines that hold copies of what was sent to the model. (These and the next list make up nine tenths of a 2.1.332
/// transcript.)
const SKIPPED_TYPES: [&[u8]; 5] =
    [b"api-request", b"api-request-blob", b"api-request-shape", b"tools-used", b"atis-latch"];

/// The type of an attachment, which follows the line's position in the conversation.
const ATTACHMENT: &[u8] = b"\"attachment\":{\"type\":\"";

/// Attachments that hold prompts and lists of what the model may use.
const SKIPPED_ATTACHMENTS: [&[u8]; 4] =
    [b"prompt_snapshot", b"skill_listing", b"agent_listing_delta", b"deferred_tools_delta"];

/// An attachment states its type within this many bytes.
const HEAD_BYTES: usize = 256;

/// The type of a line that starts with it.
fn kind(line: &[u8]) -> Option<&[u8]> {
    quoted(line.strip_prefix(KIND_FIRST)?)
}

/// The type of an attachment.
fn attachment(line: &[u8]) -> Option<&[u8]> {
    let head = line.get(..HEAD_BYTES.min(line.len()))?;
    quoted(line.get(memchr::memmem::find(head, ATTACHMENT)? + ATTACHMENT.len()..)?)
}

fn quoted(rest: &[u8]) -> Option<&[u8]> {
    rest.get(..memchr::memchr(b'"', rest.get(..HEAD_BYTES.min(rest.len()))?)?)
}

/// Whether agtop skips lines of this type.
pub(super) fn is_skipped(line: &[u8]) -> bool {
    if let Some(kind) = kind(line) {
        return SKIPPED_TYPES.contains(&kind);
    }
    attachment(line).is_some_and(|kind| SKIPPED_ATTACHMENTS.contains(&kind))
}

/// Whether a line holds a session's totals.
pub(super) fn is_cost_state(line: &[u8]) -> bool {
    kind(line) == Some(b"cost-state")
}

/// Whether a line is about messages queued for the model, or tasks that have ended.
pub(super) fn is_queued(line: &[u8]) -> bool {
    kind(line) == Some(b"queue-operation")
}

/// Checks that a line that is not parsed starts and ends like one JSON object.
pub(super) fn check_object(line: &[u8]) -> Result<(), DecodeError> {
    let is_whole = line.starts_with(b"{") && line.trim_ascii_end().ends_with(b"}");
    if is_whole { Ok(()) } else { Err(DecodeError::malformed("is not a JSON object")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_kind_at_the_beginning_counts() {
        assert!(is_skipped(br#"{"type":"api-request-shape","sessionId":"s"}"#));
        assert!(is_skipped(br#"{"parentUuid":null,"isSidechain":false,"attachment":{"type":"prompt_snapshot"}}"#));
        for line in [
            &br#"{"type":"api-requests"}"#[..],
            br#"{"type":"user","message":{"content":"{\"type\":\"api-request\"}"}}"#,
            br#"{"parentUuid":null,"attachment":{"type":"file"},"message":"\"attachment\":{\"type\":\"prompt_snapshot\""}"#,
            b"{\"type\":\"api-request",
            b"",
        ] {
            assert!(!is_skipped(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
