//! Entries as Pi writes them, borrowed; what agtop has no use for is left out.

use agtop_model::{StopReason, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::parse::{Count, Loose, Moment};

/// A line of a session: its header, or an entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Loose<'a>,
    /// The session's id in a header; elsewhere the entry's, eight digits that are unique within their session only.
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(default)]
    pub(super) timestamp: Moment,
    #[serde(borrow, default)]
    pub(super) cwd: Loose<'a>,
    /// The file or id of the session that this one was forked from.
    #[serde(borrow, default)]
    pub(super) parent_session: Loose<'a>,
    /// The same in format 1.
    #[serde(borrow, default)]
    pub(super) branched_from: Loose<'a>,
    /// Of a change of model, and of a header of format 1.
    #[serde(borrow, default)]
    pub(super) provider: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) model_id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) message: Option<Message<'a>>,
    /// Of a summary: the model that made it, if it is named, and what that used.
    #[serde(borrow, default)]
    pub(super) model: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Option<Tokens<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) role: Loose<'a>,
    /// Looked into only where it matters.
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) provider: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) model: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Option<Tokens<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Loose<'a>,
    #[serde(borrow, default, rename = "errorMessage")]
    pub(super) error: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) tool_call_id: Loose<'a>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
    /// When the message was made; copies keep it.
    #[serde(default)]
    pub(super) timestamp: Moment,
}

impl<'a> Message<'a> {
    /// The pieces of the message; a message that is plain text is one piece, and one of an unknown shape none.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        let Some(raw) = self.content.map(RawValue::get) else { return Vec::new() };
        if raw.starts_with('[') {
            return bounded::from_slice(raw.as_bytes()).unwrap_or_default();
        }
        let text: Loose<'_> = serde_json::from_str(raw).unwrap_or_default();
        vec![Block { kind: Loose(Some("text".into())), text, ..Block::default() }]
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
    /// The part of `cache_write` that is kept for an hour.
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

    /// What Pi says it cost, in dollars.
    pub(super) fn cost(&self) -> Option<f64> {
        #[derive(Deserialize)]
        struct Cost {
            total: f64,
        }
        let cost: Cost = serde_json::from_str(self.cost?.get()).ok()?;
        Some(cost.total)
    }
}

/// A piece of a message.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) text: Loose<'a>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// What a tool is called on; arguments of an unknown shape tell nothing.
    pub(super) fn arguments(&self) -> Arguments<'a> {
        self.arguments.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

/// The arguments of Pi's own tools, and of some that `OpenClaw` adds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Arguments<'a> {
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    file_path: Loose<'a>,
    #[serde(borrow, default)]
    command: Loose<'a>,
    #[serde(borrow, default)]
    pattern: Loose<'a>,
    #[serde(borrow, default)]
    url: Loose<'a>,
    #[serde(borrow, default)]
    query: Loose<'a>,
}

impl Arguments<'_> {
    pub(super) fn target(&self) -> Option<&str> {
        let all = [&self.path, &self.file_path, &self.command, &self.pattern, &self.url, &self.query];
        all.into_iter().find_map(Loose::text)
    }
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The model said why it stopped.
    Stopped(StopReason),
    /// The person interrupted it: tools it called were never run.
    Aborted,
    /// The request failed.
    Failed,
}

impl Ending {
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
