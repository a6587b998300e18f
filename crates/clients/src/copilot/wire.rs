//! Events as Copilot CLI writes them, borrowed; fields that agtop does not use are skipped.

use agtop_model::Untrusted;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::DecodeError;
use crate::bounded;
use crate::parse::{Count, LooseText, LooseTime, Str};
use crate::tool_arguments::{Argument, ToolArguments};

/// An event: the fields that all types share.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) parent_id: Option<Str<'a>>,
    /// The sub-agent that wrote it.
    #[serde(borrow, default)]
    pub(super) agent_id: Option<Str<'a>>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// The content of an event.
#[derive(Debug)]
pub(super) enum Payload<'a> {
    Start(Begin<'a>),
    Resume(Begin<'a>),
    ContextChange(Context<'a>),
    ModelChange(ModelChange<'a>),
    UserMessage(UserMessage<'a>),
    TurnStart(TurnStart<'a>),
    TurnEnd,
    Message(Message<'a>),
    Usage(Box<CallUsage<'a>>),
    ToolStart(ToolStart<'a>),
    ToolEnd(ToolEnd<'a>),
    SubagentStart(Subagent<'a>),
    SubagentEnd(Subagent<'a>),
    PermissionAsked(Permission<'a>),
    PermissionGiven(Permission<'a>),
    Compaction(Compaction<'a>),
    Failure(Failure<'a>),
    Stop,
    Shutdown(Shutdown),
    Other,
}

impl<'a> Line<'a> {
    /// The event's data. (Types and fields: the generated `session-events.d.ts` of the npm package
    /// `@github/copilot-sdk` 1.0.14; `session.usage_record`, which it lacks, from a run of 1.0.102.)
    pub(super) fn payload(&self) -> Result<Payload<'a>, DecodeError> {
        Ok(match &*self.kind {
            "session.start" => Payload::Start(self.read()?),
            "session.resume" => Payload::Resume(self.read()?),
            "session.context_changed" => Payload::ContextChange(self.read()?),
            "session.model_change" => Payload::ModelChange(self.read()?),
            "user.message" => Payload::UserMessage(self.read()?),
            "assistant.turn_start" => Payload::TurnStart(self.read()?),
            "assistant.turn_end" => Payload::TurnEnd,
            "assistant.message" => Payload::Message(self.read()?),
            "session.usage_record" => Payload::Usage(Box::new(self.read::<UsageRecord<'a>>()?.usage)),
            "tool.execution_start" => Payload::ToolStart(self.read()?),
            "tool.execution_complete" => Payload::ToolEnd(self.read()?),
            "subagent.started" => Payload::SubagentStart(self.read()?),
            "subagent.completed" | "subagent.failed" => Payload::SubagentEnd(self.read()?),
            "permission.requested" => Payload::PermissionAsked(self.read()?),
            "permission.completed" => Payload::PermissionGiven(self.read()?),
            "session.compaction_complete" => Payload::Compaction(self.read()?),
            "session.error" => Payload::Failure(self.read()?),
            "abort" | "session.task_complete" => Payload::Stop,
            "session.shutdown" => Payload::Shutdown(self.read()?),
            _ => Payload::Other,
        })
    }

    fn read<T: Deserialize<'a>>(&self) -> Result<T, DecodeError> {
        Ok(serde_json::from_str(self.data.map_or("{}", RawValue::get))?)
    }
}

/// A process starts or resumes a session.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begin<'a> {
    #[serde(borrow, default)]
    pub(super) copilot_version: Option<Str<'a>>,
    #[serde(default)]
    pub(super) start_time: LooseTime,
    #[serde(borrow, default)]
    pub(super) selected_model: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) context: Option<Context<'a>>,
}

/// The directory of a session.
#[derive(Debug, Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow, default)]
    pub(super) cwd: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) branch: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelChange<'a> {
    #[serde(borrow, default)]
    pub(super) new_model: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserMessage<'a> {
    #[serde(borrow, default)]
    pub(super) content: LooseText<'a>,
    /// The author: missing or `user` for the user, else a sub-agent's caller, a skill, a continuation, …
    #[serde(borrow, default)]
    pub(super) source: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) interaction_id: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnStart<'a> {
    #[serde(borrow, default)]
    pub(super) turn_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) interaction_id: Option<Str<'a>>,
}

/// A message of the model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, default, rename = "messageId")]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) api_call_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) interaction_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) turn_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) content: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
    #[serde(default)]
    pub(super) output_tokens: Count,
    #[serde(default)]
    pub(super) tool_requests: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
struct UsageRecord<'a> {
    #[serde(borrow)]
    usage: CallUsage<'a>,
}

/// The usage of one call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallUsage<'a> {
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
    #[serde(flatten)]
    pub(super) counts: Counts,
    #[serde(borrow, default)]
    pub(super) api_call_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Str<'a>>,
    #[serde(default)]
    pub(super) max_prompt_tokens: Count,
}

/// Counts as in records, totals and spans: they overlap, `input` includes both caches. (The short names occur in
/// compactions of the first releases: `@github/copilot-sdk` 0.1.20.)
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct Counts {
    #[serde(default, rename = "inputTokens", alias = "input")]
    pub(super) input: Count,
    #[serde(default, rename = "outputTokens", alias = "output")]
    pub(super) output: Count,
    #[serde(default, rename = "cacheReadTokens", alias = "cachedInput")]
    pub(super) cache_read: Count,
    #[serde(default, rename = "cacheWriteTokens")]
    pub(super) cache_write: Count,
    #[serde(default, rename = "reasoningTokens")]
    pub(super) reasoning: Count,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolStart<'a> {
    #[serde(borrow, default)]
    pub(super) tool_call_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_name: Option<Str<'a>>,
    /// An object that the model wrote, or for patches a text.
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// The arguments that describe a call, in order of preference.
const TARGET: &[Argument] =
    &[Argument::Path, Argument::Command, Argument::Pattern, Argument::Url, Argument::Query, Argument::Description];

impl ToolStart<'_> {
    /// What the tool is used on.
    pub(super) fn target(&self) -> Option<Untrusted> {
        ToolArguments::of(self.arguments).target(TARGET)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolEnd<'a> {
    #[serde(borrow, default)]
    pub(super) tool_call_id: Option<Str<'a>>,
    #[serde(default)]
    pub(super) success: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subagent<'a> {
    #[serde(borrow, default)]
    pub(super) tool_call_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) agent_name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) agent_display_name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) agent_description: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission<'a> {
    #[serde(borrow, default)]
    pub(super) request_id: Option<Str<'a>>,
    #[serde(default)]
    pub(super) resolved_by_hook: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compaction<'a> {
    #[serde(default)]
    pub(super) success: Option<bool>,
    #[serde(default)]
    pub(super) post_compaction_tokens: Option<Count>,
    #[serde(borrow, default, rename = "compactionTokensUsed")]
    pub(super) used: Option<CompactionUsage<'a>>,
}

/// The usage of a summary.
#[derive(Debug, Deserialize)]
pub(super) struct CompactionUsage<'a> {
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
    #[serde(flatten)]
    pub(super) counts: Counts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure<'a> {
    /// A category such as `query` or `rate_limit`. The message next to it may quote the conversation.
    #[serde(borrow, default)]
    pub(super) error_type: Option<Str<'a>>,
}

/// A process ends and reports its usage.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shutdown {
    #[serde(default, deserialize_with = "bounded::map")]
    pub(super) model_metrics: BTreeMap<String, Option<ModelMetric>>,
    /// The last record of each session that the totals include; if present, the totals are sums of the session's
    /// records.
    #[serde(default)]
    pub(super) usage_accounting_watermarks: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) current_tokens: Option<Count>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModelMetric {
    #[serde(default)]
    pub(super) requests: Requests,
    #[serde(default)]
    pub(super) usage: Counts,
}

/// The number of requests in a total.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Requests {
    #[serde(default)]
    pub(super) count: Count,
}
