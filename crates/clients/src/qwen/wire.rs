//! Records as Qwen Code writes them, borrowed; fields that agtop does not use are skipped.

use std::borrow::Cow;

use agtop_model::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::parse::{Count, LooseText, LooseTime, Str};
use crate::tool_arguments::Argument;

/// A line of a chat or of a sub-agent's transcript.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) subtype: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) uuid: LooseText<'a>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) session_id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) cwd: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) version: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) git_branch: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) agent_id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) agent_name: LooseText<'a>,
    #[serde(default)]
    pub(super) is_sidechain: bool,
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(default)]
    pub(super) context_window_size: Count,
    #[serde(borrow, default)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) usage_metadata: Option<UsageMetadata>,
    #[serde(borrow, default)]
    pub(super) tool_call_result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) system_payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) forked_from: Option<&'a RawValue>,
}

/// Parses a raw value; `None` if it has another type.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// The usage of a response, as the back end counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    /// The whole prompt, cached tokens included.
    pub(super) prompt: u64,
    pub(super) cached: u64,
    /// Output tokens: with thoughts on OpenAI back ends, without them on Gemini's.
    pub(super) candidates: u64,
    pub(super) thoughts: u64,
    pub(super) total: u64,
}

impl Tokens {
    /// The usage in disjoint buckets. Thoughts are not included in the candidates if the total shows it, or if there
    /// are more thoughts than candidates.
    pub(super) fn usage(self) -> Usage {
        let with_thoughts = self.candidates.saturating_add(self.thoughts);
        let are_beside = self.total >= self.prompt.saturating_add(with_thoughts) || self.thoughts > self.candidates;
        Usage {
            input: self.prompt.saturating_sub(self.cached),
            cache_read: self.cached,
            output: if are_beside { with_thoughts } else { self.candidates },
            reasoning: self.thoughts,
            ..Usage::default()
        }
    }

    /// The counts as bytes, for the keys of records without an id.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.prompt, self.cached, self.candidates, self.thoughts, self.total]
            .iter()
            .flat_map(|count| count.to_le_bytes())
            .collect()
    }
}

/// `usageMetadata` of an assistant line.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageMetadata {
    #[serde(rename = "promptTokenCount")]
    prompt: Count,
    #[serde(rename = "cachedContentTokenCount")]
    cached: Count,
    #[serde(rename = "candidatesTokenCount")]
    candidates: Count,
    #[serde(rename = "thoughtsTokenCount")]
    thoughts: Count,
    #[serde(rename = "totalTokenCount")]
    total: Count,
}

impl UsageMetadata {
    pub(super) fn tokens(self) -> Tokens {
        Tokens {
            prompt: self.prompt.0,
            cached: self.cached.0,
            candidates: self.candidates.0,
            thoughts: self.thoughts.0,
            total: self.total.0,
        }
    }
}

/// The payload of a `ui_telemetry` line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Telemetry<'a> {
    #[serde(borrow)]
    pub(super) ui_event: UiEvent<'a>,
}

/// A telemetry event: a response, or a failed request.
#[derive(Debug, Deserialize)]
pub(super) struct UiEvent<'a> {
    #[serde(borrow, default, rename = "event.name")]
    pub(super) name: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) response_id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) prompt_id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) subagent_name: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) error_type: LooseText<'a>,
    #[serde(default)]
    input_token_count: Count,
    #[serde(default)]
    output_token_count: Count,
    #[serde(default)]
    cached_content_token_count: Count,
    #[serde(default)]
    thoughts_token_count: Count,
    #[serde(default)]
    total_token_count: Count,
}

impl UiEvent<'_> {
    pub(super) fn tokens(&self) -> Tokens {
        Tokens {
            prompt: self.input_token_count.0,
            cached: self.cached_content_token_count.0,
            candidates: self.output_token_count.0,
            thoughts: self.thoughts_token_count.0,
            total: self.total_token_count.0,
        }
    }

    /// The session and the sub-agent of a request. The prompt id of a sub-agent is `<session>#<sub-agent>#<round>`;
    /// early versions wrote no other name of the sub-agent.
    pub(super) fn subagent(&self) -> Option<(Option<&str>, &str)> {
        let mut parts = self.prompt_id.text().unwrap_or_default().split('#');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(session), Some(agent), Some(_), None) if !session.is_empty() && !agent.is_empty() => {
                Some((Some(session), agent))
            }
            _ => self.subagent_name.text().map(|name| (None, name)),
        }
    }
}

/// The content of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow, deserialize_with = "bounded::list")]
    pub(super) parts: Vec<Part<'a>>,
}

/// A part of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) text: LooseText<'a>,
    /// Whether the text is a thought of the model.
    pub(super) thought: Option<bool>,
    #[serde(borrow)]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(borrow)]
    pub(super) function_response: Option<FunctionResponse<'a>>,
}

/// A tool call.
#[derive(Debug, Deserialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) args: Option<&'a RawValue>,
}

/// A tool result, whose content is not read.
#[derive(Debug, Deserialize)]
pub(super) struct FunctionResponse<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
}

/// The arguments that describe a call, in order of preference.
pub(super) const TARGET: &[Argument] = &[
    Argument::FilePath,
    Argument::AbsolutePath,
    Argument::Command,
    Argument::Pattern,
    Argument::Url,
    Argument::Query,
    Argument::Path,
    Argument::Description,
];

/// The fields of a `tool_result` line besides the result itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ToolCallResult<'a> {
    #[serde(borrow)]
    pub(super) call_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) status: LooseText<'a>,
    #[serde(borrow)]
    pub(super) result_display: Option<&'a RawValue>,
}

/// How a tool result is displayed; used if a sub-agent returned it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResultDisplay<'a> {
    #[serde(borrow)]
    pub(super) subagent_name: LooseText<'a>,
}

/// The payload fields of all other system lines; each line has some of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) custom_title: LooseText<'a>,
    #[serde(borrow)]
    pub(super) title_source: LooseText<'a>,
    #[serde(borrow)]
    pub(super) parent_session_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) source_type: LooseText<'a>,
    #[serde(borrow)]
    pub(super) model_id: LooseText<'a>,
    #[serde(borrow)]
    pub(super) state: LooseText<'a>,
    #[serde(borrow)]
    pub(super) phase: LooseText<'a>,
    #[serde(borrow)]
    pub(super) raw_command: LooseText<'a>,
    #[serde(borrow)]
    pub(super) display_text: LooseText<'a>,
    #[serde(borrow)]
    pub(super) info: Option<&'a RawValue>,
}

/// The result of a compaction.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CompressionInfo {
    pub(super) new_token_count: Count,
}

/// The origin of a copied line.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ForkedFrom<'a> {
    #[serde(borrow)]
    pub(super) session_id: LooseText<'a>,
}

/// The text of a message, whose content is text or parts.
pub(super) fn message_text(content: &RawValue) -> Option<Cow<'_, str>> {
    if content.get().starts_with('"') {
        return serde_json::from_str::<Str<'_>>(content.get()).ok().map(|text| text.0);
    }
    let parts: Vec<Part<'_>> = bounded::from_slice(content.get().as_bytes()).ok()?;
    parts.into_iter().find_map(|part| part.text.0)
}
