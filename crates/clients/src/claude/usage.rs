//! Token counts in Claude Code's records, by message, by sampling step and by session.

use std::borrow::Cow;
use std::collections::BTreeMap;

use agtop_model::Usage;
use serde::Deserialize;

use crate::bounded;
use crate::parse::{Count, LooseTime, Str};

/// `usage` of a message.
#[derive(Debug, Deserialize)]
pub(super) struct MessageUsage<'a> {
    #[serde(default)]
    pub(super) input_tokens: Count,
    #[serde(default)]
    pub(super) output_tokens: Count,
    #[serde(default)]
    pub(super) cache_read_input_tokens: Count,
    #[serde(default)]
    pub(super) cache_creation_input_tokens: Count,
    #[serde(default)]
    pub(super) cache_creation: Option<CacheCreation>,
    #[serde(borrow, default)]
    pub(super) speed: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) service_tier: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) inference_geo: Option<Str<'a>>,
    #[serde(default)]
    pub(super) server_tool_use: Option<ServerToolUse>,
    #[serde(borrow, default, deserialize_with = "bounded::list_or_null")]
    pub(super) iterations: Option<Vec<Iteration<'a>>>,
}

/// One sampling step of a message.
#[derive(Debug, Deserialize)]
pub(super) struct Iteration<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
    #[serde(default)]
    pub(super) input_tokens: Count,
    #[serde(default)]
    pub(super) output_tokens: Count,
    #[serde(default)]
    pub(super) cache_read_input_tokens: Count,
    #[serde(default)]
    pub(super) cache_creation_input_tokens: Count,
    #[serde(default)]
    pub(super) cache_creation: Option<CacheCreation>,
}

impl MessageUsage<'_> {
    /// The message's own usage, in disjoint buckets.
    pub(super) fn own(&self) -> Usage {
        let searches = self.server_tool_use.map_or(0, |tools| tools.web_search_requests.0);
        let written = cache_writes(self.cache_creation_input_tokens, self.cache_creation);
        Usage {
            input: self.input_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            output: self.output_tokens.0,
            web_searches: searches,
            ..written
        }
    }
}

impl Iteration<'_> {
    /// The step's usage, in disjoint buckets.
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: self.input_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            output: self.output_tokens.0,
            ..cache_writes(self.cache_creation_input_tokens, self.cache_creation)
        }
    }
}

/// Cache writes by lifetime. The breakdown is part of the flat count, which before CLI 2.1.152 could be 0; tokens
/// outside the breakdown have the default lifetime of five minutes.
fn cache_writes(flat: Count, by_life: Option<CacheCreation>) -> Usage {
    let hour = by_life.map_or(0, |lives| lives.ephemeral_1h_input_tokens.0);
    let minutes = by_life.map_or(0, |lives| lives.ephemeral_5m_input_tokens.0);
    let all = flat.0.max(hour.saturating_add(minutes));
    Usage { cache_write_5m: all - hour, cache_write_1h: hour, ..Usage::default() }
}

/// Cache writes by lifetime.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct CacheCreation {
    #[serde(default)]
    pub(super) ephemeral_5m_input_tokens: Count,
    #[serde(default)]
    pub(super) ephemeral_1h_input_tokens: Count,
}

/// Calls of tools that Anthropic ran.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct ServerToolUse {
    #[serde(default)]
    pub(super) web_search_requests: Count,
}

/// A `cost-state` line: what the session has used so far.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CostState<'a> {
    #[serde(default)]
    pub(super) start_time: LooseTime,
    #[serde(borrow, default, deserialize_with = "bounded::map")]
    pub(super) model_usage: BTreeMap<Cow<'a, str>, ModelTotal>,
}

/// What the session has used of one model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelTotal {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    cache_read_input_tokens: Count,
    #[serde(default)]
    cache_creation_input_tokens: Count,
    #[serde(default, rename = "cacheCreationEphemeral5mInputTokens")]
    ephemeral_5m: Count,
    #[serde(default, rename = "cacheCreationEphemeral1hInputTokens")]
    ephemeral_1h: Count,
    #[serde(default)]
    web_search_requests: Count,
}

impl ModelTotal {
    /// The usage in disjoint buckets.
    pub(super) fn usage(&self) -> Usage {
        let lives = CacheCreation {
            ephemeral_5m_input_tokens: self.ephemeral_5m,
            ephemeral_1h_input_tokens: self.ephemeral_1h,
        };
        Usage {
            input: self.input_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            output: self.output_tokens.0,
            web_searches: self.web_search_requests.0,
            ..cache_writes(self.cache_creation_input_tokens, Some(lives))
        }
    }
}
