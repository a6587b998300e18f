//! Records as Gemini CLI writes them; fields that agtop does not use are left out.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::bounded;
use crate::list::LazyList;
use crate::parse::{Count, LooseTime, Str};
use crate::tool_arguments::Argument;

/// Data about a chat: its first line, the content of `$set`, or a whole `.json` file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) session_id: Option<Str<'a>>,
    /// The SHA-256 of the directory, or in newer releases its short name.
    #[serde(borrow)]
    pub(super) project_hash: Option<Str<'a>>,
    pub(super) start_time: LooseTime,
    pub(super) last_updated: LooseTime,
    #[serde(borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) summary: Option<Str<'a>>,
    /// The whole conversation. Each message is parsed on its own, so that a damaged one does not lose the others.
    #[serde(borrow)]
    pub(super) messages: Option<LazyList<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Update<'a> {
    #[serde(rename = "$set", borrow)]
    pub(super) set: Header<'a>,
}

#[derive(Deserialize)]
pub(super) struct Rewind<'a> {
    #[serde(rename = "$rewindTo", borrow)]
    pub(super) to: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(rename = "type", borrow)]
    pub(super) kind: Str<'a>,
    /// Parsed only if needed.
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    pub(super) tokens: Option<Tokens>,
    #[serde(default, borrow, deserialize_with = "bounded::list_or_null")]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
}

/// The counts of one response: `input` includes `cached`, `output` excludes `thoughts`, and prompt tokens of built-in
/// tools are in neither (`total` = input + output + thoughts + tool).
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub(super) input: Count,
    pub(super) output: Count,
    pub(super) cached: Count,
    pub(super) thoughts: Count,
    pub(super) tool: Count,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolCall<'a> {
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(borrow)]
    pub(super) name: Str<'a>,
    #[serde(default, borrow)]
    pub(super) args: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) status: Option<Str<'a>>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    /// The session of the sub-agent that the call started.
    #[serde(default)]
    pub(super) agent_id: Option<IgnoredAny>,
}

/// The arguments that describe a call, in order of preference.
pub(super) const TARGET: &[Argument] = &[
    Argument::FilePath,
    Argument::Command,
    Argument::Path,
    Argument::DirPath,
    Argument::Pattern,
    Argument::Query,
    Argument::Prompt,
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(default, borrow)]
    text: Option<Str<'a>>,
    #[serde(default)]
    function_response: Option<IgnoredAny>,
}

/// The text of a message, whose content is text, a part, or parts. `None` for tool results and other shapes.
pub(super) fn message_text<'a>(content: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
    let raw = content?.get();
    let parts: Vec<Part<'a>> = match raw.bytes().next()? {
        b'"' => return serde_json::from_str::<Str<'a>>(raw).ok().map(|text| text.0),
        b'{' => vec![serde_json::from_str(raw).ok()?],
        b'[' => bounded::from_slice(raw.as_bytes()).ok()?,
        _ => return None,
    };
    if parts.is_empty() || parts.iter().any(|part| part.function_response.is_some()) {
        return None;
    }
    let text = parts.into_iter().find_map(|part| part.text);
    Some(text.map_or(Cow::Borrowed(""), |text| text.0))
}

/// The kind of a line in a `.jsonl` chat.
#[derive(Clone, Copy)]
pub(super) enum LineKind {
    Header,
    Update,
    Rewind,
    Message,
}

/// The keys that determine the kind of a line.
#[derive(Deserialize)]
struct Keys {
    id: Option<IgnoredAny>,
    #[serde(rename = "$set")]
    set: Option<IgnoredAny>,
    #[serde(rename = "$rewindTo")]
    rewind: Option<IgnoredAny>,
}

/// The kind of a line. Gemini CLI writes the deciding key first; otherwise all keys are parsed.
pub(super) fn kind_of(line: &[u8]) -> Result<LineKind, serde_json::Error> {
    const FIRST_KEYS: [(&[u8], LineKind); 4] = [
        (b"{\"id\":", LineKind::Message),
        (b"{\"$set\":", LineKind::Update),
        (b"{\"sessionId\":", LineKind::Header),
        (b"{\"$rewindTo\":", LineKind::Rewind),
    ];
    if let Some((_, kind)) = FIRST_KEYS.iter().find(|(key, _)| line.starts_with(key)) {
        return Ok(*kind);
    }
    let keys: Keys = serde_json::from_slice(line)?;
    Ok(match keys {
        Keys { set: Some(_), .. } => LineKind::Update,
        Keys { rewind: Some(_), .. } => LineKind::Rewind,
        Keys { id: Some(_), .. } => LineKind::Message,
        _ => LineKind::Header,
    })
}
