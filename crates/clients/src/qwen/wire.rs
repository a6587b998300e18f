//! Records as Qwen Code writes them, borrowed; what agtop does not need is skipped.

use std::borrow::Cow;

use agtop_model::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::parse::{Count, Loose, Moment, Str};

/// A line of a chat or of a sub-agent's transcript.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) subtype: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) uuid: Loose<'a>,
    #[serde(default)]
    pub(super) timestamp: Moment,
    #[serde(borrow, default)]
    pub(super) session_id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) cwd: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) version: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) git_branch: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) agent_id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) agent_name: Loose<'a>,
    #[serde(default)]
    pub(super) is_sidechain: bool,
    #[serde(borrow, default)]
    pub(super) model: Loose<'a>,
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

/// A raw value as something that it need not be: then nothing.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// What a response used, as the back end counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    /// The whole prompt, cached tokens included.
    pub(super) prompt: u64,
    pub(super) cached: u64,
    /// What was written: with thoughts on OpenAI back ends, without them on Gemini's.
    pub(super) candidates: u64,
    pub(super) thoughts: u64,
    pub(super) total: u64,
}

impl Tokens {
    /// The usage in disjoint buckets. Thoughts are beside the candidates where the total says so, or where there are
    /// more of them than candidates.
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

    /// The numbers, for telling apart records that have nothing else to tell them by.
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

/// An event of Qwen Code's telemetry: a response, or a request that failed.
#[derive(Debug, Deserialize)]
pub(super) struct UiEvent<'a> {
    #[serde(borrow, default, rename = "event.name")]
    pub(super) name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) response_id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) model: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) prompt_id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) subagent_name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) error_type: Loose<'a>,
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

    /// The session and the sub-agent that asked: sub-agents' prompts are called `<session>#<sub-agent>#<round>`, those
    /// of the conversation otherwise. Before sub-agents' names were written the prompt's alone tells.
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
    pub(super) text: Loose<'a>,
    /// Whether the model thinks.
    pub(super) thought: Option<bool>,
    #[serde(borrow)]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(borrow)]
    pub(super) function_response: Option<FunctionResponse<'a>>,
}

/// A call of a tool.
#[derive(Debug, Deserialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) args: Option<&'a RawValue>,
}

/// The answer of a tool; what it says is not read.
#[derive(Debug, Deserialize)]
pub(super) struct FunctionResponse<'a> {
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
}

/// What a tool is used on: the arguments that say it in a few words, in the order in which they are asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments<'a> {
    #[serde(borrow)]
    file_path: Loose<'a>,
    #[serde(borrow)]
    absolute_path: Loose<'a>,
    #[serde(borrow)]
    command: Loose<'a>,
    #[serde(borrow)]
    pattern: Loose<'a>,
    #[serde(borrow)]
    url: Loose<'a>,
    #[serde(borrow)]
    query: Loose<'a>,
    #[serde(borrow)]
    path: Loose<'a>,
    #[serde(borrow)]
    pub(super) description: Loose<'a>,
    #[serde(borrow)]
    pub(super) subagent_type: Loose<'a>,
}

impl Arguments<'_> {
    pub(super) fn target(&self) -> Option<&str> {
        let all = [
            &self.file_path,
            &self.absolute_path,
            &self.command,
            &self.pattern,
            &self.url,
            &self.query,
            &self.path,
            &self.description,
        ];
        all.into_iter().find_map(Loose::text)
    }
}

/// What a `tool_result` line says beside the answer itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ToolCallResult<'a> {
    #[serde(borrow)]
    pub(super) call_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) status: Loose<'a>,
    #[serde(borrow)]
    pub(super) result_display: Option<&'a RawValue>,
}

/// What a tool's answer looks like on screen; of interest where a sub-agent gave it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResultDisplay<'a> {
    #[serde(borrow)]
    pub(super) subagent_name: Loose<'a>,
}

/// The payloads of all other system lines: each has a few of these.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) custom_title: Loose<'a>,
    #[serde(borrow)]
    pub(super) title_source: Loose<'a>,
    #[serde(borrow)]
    pub(super) parent_session_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) source_type: Loose<'a>,
    #[serde(borrow)]
    pub(super) model_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) state: Loose<'a>,
    #[serde(borrow)]
    pub(super) phase: Loose<'a>,
    #[serde(borrow)]
    pub(super) raw_command: Loose<'a>,
    #[serde(borrow)]
    pub(super) display_text: Loose<'a>,
    #[serde(borrow)]
    pub(super) info: Option<&'a RawValue>,
}

/// What a compression made of the context.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CompressionInfo {
    pub(super) new_token_count: Count,
}

/// Where a copied line comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ForkedFrom<'a> {
    #[serde(borrow)]
    pub(super) session_id: Loose<'a>,
}

/// The text that a message's content is, in either shape: text, or parts.
pub(super) fn spoken(content: &RawValue) -> Option<Cow<'_, str>> {
    if content.get().starts_with('"') {
        return serde_json::from_str::<Str<'_>>(content.get()).ok().map(|text| text.0);
    }
    let parts: Vec<Part<'_>> = bounded::from_slice(content.get().as_bytes()).ok()?;
    parts.into_iter().find_map(|part| part.text.0)
}
