//! Records as Claude Code writes them, borrowed; fields that agtop does not use are skipped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use agtop_model::{Untrusted, Usage};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::subagent_mode::SubagentMode;
use crate::bounded;
use crate::parse::{Count, LooseTime, Str, short_text};

/// A line of a transcript.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the vendor's fields")]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) subtype: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) uuid: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) parent_uuid: Option<Str<'a>>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) session_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) cwd: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) version: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) git_branch: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) entrypoint: Option<Str<'a>>,
    #[serde(default)]
    pub(super) is_sidechain: bool,
    #[serde(default)]
    pub(super) is_meta: bool,
    #[serde(default)]
    pub(super) is_compact_summary: bool,
    #[serde(default)]
    pub(super) is_api_error_message: bool,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) agent_id: Option<Str<'a>>,
    #[serde(default, rename = "costUSD")]
    pub(super) cost_usd: Option<f64>,
    #[serde(borrow, default)]
    pub(super) message: Lenient<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Lenient<Data<'a>>,
    #[serde(borrow, default)]
    pub(super) custom_title: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) ai_title: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) last_prompt: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) summary: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) forked_from: Lenient<ForkedFrom<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_use_result: Lenient<ToolResult<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
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

/// Structured data that accompanies a tool result.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult<'a> {
    #[serde(borrow, default)]
    pub(super) status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) agent_id: Option<&'a RawValue>,
}

impl ToolResult<'_> {
    /// The mode of the sub-agent that returned the result, if one did.
    pub(super) fn subagent(&self) -> Option<SubagentMode> {
        self.agent_id?;
        let is_launched = self.status.and_then(text).is_some_and(|status| status == "async_launched");
        Some(if is_launched { SubagentMode::Background } else { SubagentMode::Awaited })
    }
}

/// The session that a fork was made from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ForkedFrom<'a> {
    #[serde(borrow, default)]
    pub(super) session_id: Option<Str<'a>>,
}

/// What a progress line or an old wrapper embeds: another line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data<'a> {
    #[serde(borrow, default)]
    pub(super) agent_id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Lenient<Embedded<'a>>,
}

/// The embedded line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Embedded<'a> {
    #[serde(borrow, default)]
    pub(super) uuid: Option<Str<'a>>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) message: Lenient<Message<'a>>,
}

/// A message of the Messages API.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Content<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Option<MessageUsage<'a>>,
}

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

/// A message's content.
#[derive(Debug, Default)]
pub(super) enum Content<'a> {
    /// Neither text nor blocks.
    #[default]
    None,
    /// Plain text.
    Text(Cow<'a, str>),
    /// Blocks; entries that are not blocks are left out.
    Blocks(Vec<Block<'a>>),
}

/// A block of content.
#[derive(Debug, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_use_id: Option<Str<'a>>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) text: Option<&'a RawValue>,
}

/// The tool arguments that describe a call in a few words.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolInput<'a> {
    #[serde(borrow, default)]
    pub(super) file_path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) command: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) pattern: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) subagent_type: Option<&'a RawValue>,
}

impl ToolInput<'_> {
    /// What the tool is used on.
    pub(super) fn target(&self) -> Option<Untrusted> {
        let fields = [self.file_path, self.command, self.pattern, self.url, self.query, self.description];
        let text = fields.into_iter().flatten().find_map(text)?;
        Some(short_text(&text))
    }
}

/// The text of a raw value, if it is a string.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let plain = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|text| !text.contains('\\'));
    plain.map(Cow::Borrowed).or_else(|| serde_json::from_str::<String>(json).ok().map(Cow::Owned))
}

/// A sub-agent's `agent-<id>.meta.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta<'a> {
    #[serde(borrow, default)]
    pub(super) agent_type: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) description: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) parent_agent_id: Option<Str<'a>>,
}

/// A value that is absent, not an error, if another version writes another type. An object must be valid.
#[derive(Debug)]
pub(super) struct Lenient<T>(pub(super) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: FromMap<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

/// A type that [`Lenient`] can build from an object.
pub(super) trait FromMap<'de>: Sized {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

macro_rules! from_map {
    ($($name:ident),*) => {$(
        impl<'de: 'a, 'a> FromMap<'de> for $name<'a> {
            fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
                $name::deserialize(MapAccessDeserializer::new(map))
            }
        }
    )*};
}

from_map!(Message, Data, Embedded, ForkedFrom, Block, ToolResult);

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: FromMap<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map).map(|value| Lenient(Some(value)))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient(None))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or blocks")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut blocks = Vec::new();
        while let Some(Lenient(block)) = seq.next_element::<Lenient<Block<'de>>>()? {
            bounded::check_room(blocks.len())?;
            blocks.extend(block);
        }
        Ok(Content::Blocks(blocks))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Content::None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Content::None)
    }
}
