//! Entries as Pi writes them, borrowed; fields that agtop does not use are left out.

use agtop_model::{StopReason, Untrusted, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::parse::{Count, LooseText, LooseTime};
use crate::tool_arguments::{Argument, ToolArguments};

/// A line of a session: its header, or an entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionEntry<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: LooseText<'a>,
    /// The session id in a header; otherwise the id of the entry, eight digits that are unique only within their
    /// session.
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) cwd: LooseText<'a>,
    /// The file or id of the session that this one was forked from.
    #[serde(borrow, default)]
    pub(super) parent_session: LooseText<'a>,
    /// The same field in format 1.
    #[serde(borrow, default)]
    pub(super) branched_from: LooseText<'a>,
    /// In a change of model, and in a header of format 1.
    #[serde(borrow, default)]
    pub(super) provider: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) model_id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) message: Option<Message<'a>>,
    /// In a summary: its model, if recorded, and its usage.
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Option<Tokens<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) role: LooseText<'a>,
    /// Parsed only if needed.
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) provider: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Option<Tokens<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: LooseText<'a>,
    #[serde(borrow, default, rename = "errorMessage")]
    pub(super) error: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) tool_call_id: LooseText<'a>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
    /// When the message was created; copies keep it.
    #[serde(default)]
    pub(super) timestamp: LooseTime,
}

impl<'a> Message<'a> {
    /// The blocks of the message; plain text is one block, an unknown shape none.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        let Some(raw) = self.content.map(RawValue::get) else { return Vec::new() };
        if raw.starts_with('[') {
            return bounded::from_slice(raw.as_bytes()).unwrap_or_default();
        }
        let text: LooseText<'_> = serde_json::from_str(raw).unwrap_or_default();
        vec![Block { kind: LooseText(Some("text".into())), text, ..Block::default() }]
    }
}

/// The counts of one response, disjoint; output includes reasoning.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens<'a> {
    #[serde(default)]
    input: Count,
    #[serde(default)]
    output: Count,
    #[serde(default)]
    cache_read: Count,
    #[serde(default)]
    cache_write: Count,
    /// The part of `cache_write` with a lifetime of one hour.
    #[serde(default, rename = "cacheWrite1h")]
    cache_write_1h: Count,
    #[serde(borrow, default)]
    cost: Option<&'a RawValue>,
}

impl Tokens<'_> {
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: self.input.0,
            cache_read: self.cache_read.0,
            cache_write_5m: self.cache_write.0.saturating_sub(self.cache_write_1h.0),
            cache_write_1h: self.cache_write_1h.0,
            output: self.output.0,
            ..Usage::default()
        }
    }

    /// The cost that Pi recorded, in dollars.
    pub(super) fn cost(&self) -> Option<f64> {
        #[derive(Deserialize)]
        struct Cost {
            total: f64,
        }
        let cost: Cost = serde_json::from_str(self.cost?.get()).ok()?;
        Some(cost.total)
    }
}

/// A block of a message.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) text: LooseText<'a>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

impl Block<'_> {
    /// What the tool is used on.
    pub(super) fn target(&self) -> Option<Untrusted> {
        ToolArguments::of(self.arguments).target(TARGET)
    }
}

/// The arguments that describe a call of Pi's own tools, and of some that `OpenClaw` adds, in order of preference.
const TARGET: &[Argument] =
    &[Argument::Path, Argument::FilePath, Argument::Command, Argument::Pattern, Argument::Url, Argument::Query];

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseEnd {
    /// The model stopped, for this reason.
    Stopped(StopReason),
    /// The user interrupted it: the tools that it called were never run.
    Aborted,
    /// The request failed.
    Failed,
}

impl ResponseEnd {
    pub(super) fn of(reason: &str) -> Self {
        match reason {
            "stop" => Self::Stopped(StopReason::EndTurn),
            "toolUse" => Self::Stopped(StopReason::ToolUse),
            "length" => Self::Stopped(StopReason::MaxTokens),
            "aborted" => Self::Aborted,
            "error" => Self::Failed,
            _ => Self::Stopped(StopReason::Other),
        }
    }

    pub(super) fn stop_reason(self) -> StopReason {
        match self {
            Self::Stopped(reason) => reason,
            Self::Aborted | Self::Failed => StopReason::Other,
        }
    }
}
