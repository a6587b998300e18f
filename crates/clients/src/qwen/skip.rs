use std::sync::LazyLock;

use memchr::memmem::Finder;

/// System lines that are read; lines of all other kinds are frequent, and some are long.
const READ_SUBTYPES: &[&[u8]] = &[
    b"ui_telemetry",
    b"custom_title",
    b"slash_command",
    b"rewind",
    b"turn_result",
    b"chat_compression",
    b"parent_session",
    b"session_source",
    b"session_model",
];

struct Needles {
    system: Finder<'static>,
    subtype: Finder<'static>,
    payload: Finder<'static>,
    message: Finder<'static>,
    tool_call: Finder<'static>,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles {
    system: Finder::new("\"type\":\"system\""),
    subtype: Finder::new("\"subtype\":\""),
    payload: Finder::new("\"systemPayload\":{"),
    message: Finder::new("\"message\":"),
    tool_call: Finder::new("\"uiEvent\":{\"event.name\":\"qwen-code.tool_call\""),
});

/// Whether agtop skips a system line, by the fields before its payload. Those are plain strings in which quotes are
/// escaped, so text cannot be mistaken for a field.
pub(super) fn is_skipped(line: &[u8]) -> bool {
    let Some(payload) = NEEDLES.payload.find(line) else { return false };
    let (head, payload) = line.split_at(payload);
    if NEEDLES.system.find(head).is_none() || NEEDLES.message.find(head).is_some() {
        return false;
    }
    let Some(subtype) = NEEDLES.subtype.find(head).and_then(|at| head.get(at + NEEDLES.subtype.needle().len()..))
    else {
        return false;
    };
    let is_read =
        READ_SUBTYPES.iter().any(|kind| subtype.strip_prefix(*kind).is_some_and(|rest| rest.starts_with(b"\"")));
    let is_tool_call = || NEEDLES.tool_call.find(payload.get(..128).unwrap_or(payload)).is_some();
    !is_read || is_tool_call()
}
