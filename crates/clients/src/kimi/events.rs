//! Records as Kimi CLI writes them, borrowed; fields that agtop does not use are skipped.

use std::borrow::Cow;

use agtop_model::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::parse::{Count, LooseText, LooseTime, Str};
use crate::tool_arguments::Argument;

/// A line of `wire.jsonl`: the file's header, or a message with its time.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: LooseText<'a>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) message: Option<Envelope<'a>>,
}

/// A message and its type.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) payload: &'a RawValue,
}

/// The payload fields of all messages; each message has some of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) user_input: Option<&'a RawValue>,
    pub(super) context_tokens: Count,
    pub(super) max_context_tokens: Count,
    pub(super) token_usage: Option<TokenUsage>,
    #[serde(borrow)]
    pub(super) message_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) function: Option<Function<'a>>,
    #[serde(borrow)]
    pub(super) tool_call_id: LooseText<'a>,
    pub(super) return_value: Option<ReturnValue>,
    #[serde(borrow)]
    pub(super) request_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) error_type: LooseText<'a>,
    /// The sub-agent of a wrapped message; before 1.25 only the call that started it was written.
    #[serde(borrow)]
    pub(super) agent_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) parent_tool_call_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) task_tool_call_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) subagent_type: LooseText<'a>,
    #[serde(borrow)]
    pub(super) event: Option<&'a RawValue>,
}

/// The usage of a step, in disjoint buckets; reasoning is a part of the output.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenUsage {
    #[serde(rename = "input_other")]
    other: Count,
    output: Count,
    #[serde(rename = "input_cache_read")]
    cache_read: Count,
    #[serde(rename = "input_cache_creation")]
    cache_creation: Count,
}

impl TokenUsage {
    pub(super) fn usage(self) -> Usage {
        Usage {
            input: self.other.0,
            cache_read: self.cache_read.0,
            cache_write_5m: self.cache_creation.0,
            output: self.output.0,
            ..Usage::default()
        }
    }
}

/// The function of a tool call.
#[derive(Debug, Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    /// JSON as text.
    #[serde(borrow, default)]
    pub(super) arguments: LooseText<'a>,
}

/// How a tool call ended.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReturnValue {
    pub(super) is_error: bool,
}

/// The arguments that describe a call, in order of preference.
pub(super) const TARGET: &[Argument] =
    &[Argument::Path, Argument::Command, Argument::Pattern, Argument::Url, Argument::Query, Argument::Description];

/// A part of a user message.
#[derive(Debug, Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: LooseText<'a>,
}

/// The text of a user message, whose content is text or parts.
pub(super) fn message_text(content: &RawValue) -> Option<Cow<'_, str>> {
    if content.get().starts_with('"') {
        return serde_json::from_str::<Str<'_>>(content.get()).ok().map(|text| text.0);
    }
    let parts: Vec<Part<'_>> = bounded::from_slice(content.get().as_bytes()).ok()?;
    parts.into_iter().find_map(|part| part.text.0)
}

/// `/compact` or `/skill:x now`, but not `/home/u/notes.md says …`.
pub(super) fn is_command(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.strip_prefix('/').is_some_and(|name| !name.is_empty() && !name.contains('/'))
}
