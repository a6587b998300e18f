//! Line payloads as borrowed types: only fields that agtop uses, all others are skipped.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::loose::{FailureKind, Origin, filled};
use super::subagents::SubagentReport;
use super::tool_result::ToolResultSummary;
use super::usage::Tokens;
use crate::bounded;
use crate::parse::{LooseTime, Str};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    pub(super) timestamp: LooseTime,
    #[serde(borrow)]
    pub(super) cwd: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) originator: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) cli_version: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) source: Origin<'a>,
    #[serde(borrow)]
    pub(super) thread_source: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) model_provider: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) git: Option<Git<'a>>,
    #[serde(borrow)]
    pub(super) forked_from_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) parent_thread_id: Option<Str<'a>>,
    #[serde(borrow, alias = "agent_type")]
    pub(super) agent_role: Option<Str<'a>>,
    pub(super) history_base: Option<IgnoredAny>,
    pub(super) subagent_history_start_ordinal: Option<u64>,
}

impl Meta<'_> {
    /// Whether the thread is a sub-agent's: spawned, or a review, a compaction, a guardian.
    pub(super) fn is_subagent(&self) -> bool {
        self.source.is_subagent
            || filled(self.thread_source.as_ref()) == Some("subagent")
            || filled(self.parent_thread_id.as_ref()).is_some()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Git<'a> {
    #[serde(borrow)]
    pub(super) branch: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TurnContext<'a> {
    #[serde(borrow)]
    pub(super) turn_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) cwd: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Str<'a>>,
    #[serde(borrow)]
    collaboration_mode: Option<CollaborationMode<'a>>,
}

impl TurnContext<'_> {
    /// The model of this turn.
    pub(super) fn model(&self) -> Option<&str> {
        self.collaboration_mode
            .as_ref()
            .and_then(|mode| filled(mode.settings.model.as_ref()))
            .or_else(|| filled(self.model.as_ref()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CollaborationMode<'a> {
    #[serde(borrow)]
    settings: Settings<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings<'a> {
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenCount<'a> {
    #[serde(borrow)]
    pub(super) info: Option<Info<'a>>,
    #[serde(borrow)]
    pub(super) rate_limits: Option<RateLimits<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info<'a> {
    pub(super) total_token_usage: Option<Tokens>,
    pub(super) last_token_usage: Option<Tokens>,
    pub(super) model_context_window: Option<u64>,
    #[serde(borrow, alias = "model_name")]
    pub(super) model: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RateLimits<'a> {
    #[serde(borrow)]
    pub(super) limit_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) plan_type: Option<Str<'a>>,
    pub(super) primary: Option<LimitWindow>,
    pub(super) secondary: Option<LimitWindow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LimitWindow {
    pub(super) used_percent: Option<f64>,
    pub(super) window_minutes: Option<u32>,
    pub(super) resets_at: LooseTime,
    pub(super) resets_in_seconds: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageRecord<'a> {
    #[serde(borrow)]
    pub(super) thread_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) response_id: Option<Str<'a>>,
    pub(super) usage: Tokens,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call<'a> {
    #[serde(borrow, rename = "call_id")]
    pub(super) key: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    /// JSON in a string.
    #[serde(borrow)]
    pub(super) arguments: Option<Str<'a>>,
    /// Free text, for custom tools.
    #[serde(borrow)]
    pub(super) input: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<Arguments<'a>>,
}

/// The arguments of all tools together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments<'a> {
    #[serde(borrow)]
    pub(super) cmd: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) command: Option<Words<'a>>,
    #[serde(borrow, alias = "file_path")]
    pub(super) path: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) query: Option<Str<'a>>,
    pub(super) session_id: Option<u64>,
    /// The sub-agent's task.
    #[serde(borrow)]
    pub(super) message: Option<Str<'a>>,
    /// The kind of sub-agent.
    #[serde(borrow)]
    pub(super) agent_type: Option<Str<'a>>,
}

/// A command line: one string, or argument by argument.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Words<'a> {
    One(#[serde(borrow)] Str<'a>),
    Many(#[serde(borrow)] Vec<Str<'a>>),
}

/// A tool result.
#[derive(Debug)]
pub(super) struct Output<'a> {
    /// The call that it answers.
    pub(super) call: Str<'a>,
    /// What it says about the command.
    pub(super) summary: ToolResultSummary,
    /// What it says about sub-agents.
    pub(super) subagents: SubagentReport,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) call_id: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TurnBegan<'a> {
    #[serde(borrow)]
    pub(super) turn_id: Option<Str<'a>>,
    /// Copied turns keep their original start time.
    pub(super) started_at: LooseTime,
    pub(super) model_context_window: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure<'a> {
    /// The kind of failure: a string, or an object with one key.
    #[serde(borrow)]
    pub(super) codex_error_info: FailureKind<'a>,
}

/// A completed command, as an item.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Command<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    pub(super) exit_code: Option<i64>,
}

/// A message, as an item or without an envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MessageContent<'a> {
    #[serde(borrow)]
    pub(super) role: Option<Str<'a>>,
    #[serde(borrow, deserialize_with = "bounded::list")]
    pub(super) content: Vec<Part<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
}

pub(super) fn first_text(parts: Vec<Part<'_>>) -> Option<Str<'_>> {
    parts.into_iter().find_map(|part| part.text)
}

#[derive(Deserialize)]
pub(super) struct Completed<I> {
    pub(super) item: I,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UserMessage<'a> {
    #[serde(borrow)]
    pub(super) message: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) kind: Option<Str<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TurnOver<'a> {
    #[serde(borrow)]
    pub(super) error: Option<Failure<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsApplied<'a> {
    #[serde(borrow)]
    pub(super) thread_settings: Settings<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExecLine<'a> {
    #[serde(borrow)]
    pub(super) thread_id: Option<Str<'a>>,
    pub(super) usage: Option<Tokens>,
}
