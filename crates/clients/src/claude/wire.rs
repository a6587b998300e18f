//! Records as Claude Code writes them, borrowed; fields that agtop does not use are skipped.

use std::borrow::Cow;
use std::fmt;

use agtop_model::Untrusted;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::lenient::{FromMap, Lenient};
use super::subagent_mode::SubagentMode;
use super::usage::MessageUsage;
use crate::bounded;
use crate::parse::{LooseTime, Str, short_text};

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
