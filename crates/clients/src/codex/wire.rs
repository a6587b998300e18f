//! Parses a line of a rollout.

use std::borrow::Cow;

use agtop_model::Timestamp;
use memchr::memmem;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::loose::filled;
use super::payload::{
    Answer, Call, Command, Completed, ExecLine, Failure, MessageContent, Meta, Output, Settings, SettingsApplied,
    TokenCount, TurnBegan, TurnContext, TurnOver, UsageRecord, UserMessage, first_text,
};
use super::subagents::SubagentReport;
use super::tool_result::ToolResultSummary;
use super::usage::Tokens;
use crate::DecodeError;
use crate::parse::{Str, json, rfc3339};

/// A parsed line.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// Its time as text: it identifies copies of the line.
    pub(super) time: Cow<'a, str>,
    /// Its number within the thread, if the version writes one.
    pub(super) ordinal: Option<u64>,
    /// Its content.
    pub(super) content: Content<'a>,
}

/// The content of a line.
#[derive(Debug, Default)]
pub(super) enum Content<'a> {
    /// Nothing that agtop uses.
    #[default]
    Nothing,
    /// The session meta: which thread this is.
    Meta(Box<Meta<'a>>),
    /// The settings of the next turn.
    Context(Box<TurnContext<'a>>),
    /// Settings changed between turns.
    Settings(Settings<'a>),
    /// Running totals and rate limits.
    Count(Box<TokenCount<'a>>),
    /// The usage of one response.
    Response(UsageRecord<'a>),
    /// A tool call.
    Call(Call<'a>),
    /// A completed call of a tool that the vendor ran.
    VendorCall(Call<'a>),
    /// A tool result.
    Output(Output<'a>),
    /// The end of a command, perhaps long after its call was answered.
    CommandEnded(Command<'a>),
    /// A prompt.
    Prompt(PromptKind, Str<'a>),
    /// Text of the agent.
    Prose(Str<'a>),
    /// The start of a turn.
    TurnBegan(TurnBegan<'a>),
    /// The end of a turn, perhaps with an error.
    TurnEnded(Option<Failure<'a>>),
    /// A compaction.
    Compacted(CompactionKind),
    /// A failed request.
    Failed(Failure<'a>),
    /// `codex exec --json`: the id of the thread.
    ExecThread(Str<'a>),
    /// `codex exec --json`: the usage of a turn.
    ExecUsage(Tokens),
}

/// The record that holds a prompt: versions write one of them or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PromptKind {
    /// `event_msg` `user_message`.
    Message,
    /// `item_completed` with a `UserMessage`.
    Item,
    /// The `message` of files without envelopes.
    Bare,
}

/// The record of a compaction: versions write one of them or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CompactionKind {
    /// A `compacted` line.
    Line,
    /// `event_msg` `context_compacted`.
    Event,
}

/// A line's envelope, parsed by position: Codex writes `{"timestamp":…,"ordinal":…,"type":…,"payload":{"type":…`, which
/// is enough to choose the lines that agtop uses. Most of a file is messages, reasoning and instructions that are never
/// parsed.
struct Head<'a> {
    time: &'a str,
    ordinal: Option<u64>,
    kind: &'a str,
    inner: &'a str,
}

impl<'a> Head<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (time, rest) = plain_text(bytes.strip_prefix(b"{\"timestamp\":\"")?)?;
        let (ordinal, rest) = match rest.strip_prefix(b",\"ordinal\":") {
            Some(rest) => {
                let end = rest.iter().position(|b| !b.is_ascii_digit())?;
                let (digits, rest) = rest.split_at(end);
                (Some(std::str::from_utf8(digits).ok()?.parse().ok()?), rest)
            }
            None => (None, rest),
        };
        let (kind, rest) = plain_text(rest.strip_prefix(b",\"type\":\"")?)?;
        let inner = match kind {
            "event_msg" | "response_item" => plain_text(rest.strip_prefix(b",\"payload\":{\"type\":\"")?)?.0,
            _ => "",
        };
        Some(Self { time, ordinal, kind, inner })
    }
}

/// The rest of a short string without escapes, and the bytes after its closing quote.
fn plain_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    /// Longer than any time or type.
    const MAX_BYTES: usize = 64;
    let end = bytes
        .iter()
        .take(MAX_BYTES)
        .position(|&b| b == b'"' || b == b'\\')
        .filter(|&end| bytes.get(end) == Some(&b'"'))?;
    Some((std::str::from_utf8(bytes.get(..end)?).ok()?, bytes.get(end + 1..)?))
}

/// The envelope of a line whose keys are not in the usual order.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Probe<'a> {
    #[serde(borrow)]
    timestamp: Option<Str<'a>>,
    ordinal: Option<u64>,
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    payload: Option<IgnoredAny>,
    record_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Envelope<P> {
    payload: P,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tagged<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
}

impl<'a> Line<'a> {
    /// Parses a line. The text of the agent is read only if it is not older than `text_since`.
    pub(super) fn read(bytes: &'a [u8], text_since: Timestamp) -> Result<Self, DecodeError> {
        if let Some(head) = Head::read(bytes) {
            let content = match (head.kind, head.inner) {
                ("response_item", "message") => match rfc3339(head.time) {
                    Some(at) if at >= text_since => prose(bytes)?,
                    _ => Content::Nothing,
                },
                (kind, inner) => enveloped(kind, inner, bytes)?,
            };
            return Ok(Self { time: Cow::Borrowed(head.time), ordinal: head.ordinal, content });
        }
        let probe: Probe<'a> = json(bytes)?;
        let kind = filled(probe.kind.as_ref()).unwrap_or_default();
        let content = match kind {
            _ if probe.record_type.is_some() => Content::Nothing,
            "event_msg" | "response_item" => {
                let inner = serde_json::from_slice::<Envelope<Tagged<'a>>>(bytes)?.payload.kind;
                enveloped(kind, filled(inner.as_ref()).unwrap_or_default(), bytes)?
            }
            _ if probe.payload.is_some() => enveloped(kind, "", bytes)?,
            _ => bare(kind, bytes)?,
        };
        Ok(Self { time: probe.timestamp.unwrap_or_default().0, ordinal: probe.ordinal, content })
    }

    /// The time of the line.
    pub(super) fn at(&self) -> Option<Timestamp> {
        rfc3339(&self.time)
    }
}

/// The `payload` of a line.
fn payload<'a, P: Deserialize<'a>>(bytes: &'a [u8]) -> Result<P, DecodeError> {
    Ok(json::<Envelope<P>>(bytes)?.payload)
}

/// The content of a line with a `payload`.
fn enveloped<'a>(kind: &str, inner: &str, bytes: &'a [u8]) -> Result<Content<'a>, DecodeError> {
    Ok(match (kind, inner) {
        ("session_meta", _) => Content::Meta(payload(bytes)?),
        ("turn_context", _) => Content::Context(payload(bytes)?),
        ("token_usage_record", _) => Content::Response(payload(bytes)?),
        ("compacted", _) => Content::Compacted(CompactionKind::Line),
        ("response_item", "function_call" | "custom_tool_call" | "local_shell_call") => Content::Call(payload(bytes)?),
        ("response_item", "web_search_call") => Content::VendorCall(payload(bytes)?),
        ("response_item", "function_call_output" | "custom_tool_call_output") => answered(bytes, payload)?,
        ("event_msg", "token_count") => Content::Count(payload(bytes)?),
        ("event_msg", "task_started" | "turn_started") => Content::TurnBegan(payload(bytes)?),
        ("event_msg", "task_complete" | "turn_complete") => Content::TurnEnded(payload::<TurnOver<'a>>(bytes)?.error),
        ("event_msg", "turn_aborted") => Content::TurnEnded(None),
        ("event_msg", "context_compacted") => Content::Compacted(CompactionKind::Event),
        ("event_msg", "error" | "stream_error") => Content::Failed(payload(bytes)?),
        ("event_msg", "thread_settings_applied") => {
            Content::Settings(payload::<SettingsApplied<'a>>(bytes)?.thread_settings)
        }
        ("event_msg", "user_message") => prompt(payload(bytes)?),
        ("event_msg", "item_completed") => completed(bytes)?,
        _ => Content::Nothing,
    })
}

/// A tool result. The id of its call comes first, so the result itself need not be parsed.
fn answered<'a>(
    bytes: &'a [u8],
    parse: impl FnOnce(&'a [u8]) -> Result<Answer<'a>, DecodeError>,
) -> Result<Content<'a>, DecodeError> {
    let found = tagged(bytes, b"\"call_id\":\"").filter(|_| bytes.ends_with(b"}"));
    let call = match found {
        Some(id) => Str(Cow::Borrowed(id)),
        None => parse(bytes)?.call_id.unwrap_or_default(),
    };
    Ok(Content::Output(Output { call, summary: ToolResultSummary::of(bytes), subagents: SubagentReport::of(bytes) }))
}

/// The short string after a key, if both are near the beginning of the line.
fn tagged<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a str> {
    /// Long enough for times, types and three ids.
    const HEAD_BYTES: usize = 512;
    let at = memmem::find(bytes.get(..HEAD_BYTES).unwrap_or(bytes), key)?;
    Some(plain_text(bytes.get(at + key.len()..)?)?.0)
}

/// The text of the agent. Other messages, such as instructions, are never parsed.
fn prose(bytes: &[u8]) -> Result<Content<'_>, DecodeError> {
    if tagged(bytes, b"\"role\":\"") != Some("assistant") {
        return Ok(Content::Nothing);
    }
    Ok(first_text(payload::<MessageContent<'_>>(bytes)?.content).map_or(Content::Nothing, Content::Prose))
}

fn prompt(message: UserMessage<'_>) -> Content<'_> {
    let is_plain = filled(message.kind.as_ref()).is_none_or(|kind| kind == "plain");
    match message.message {
        Some(text) if is_plain => Content::Prompt(PromptKind::Message, text),
        _ => Content::Nothing,
    }
}

/// The content of a completed item. Most items repeat other lines at length, so the type is checked first.
fn completed(bytes: &[u8]) -> Result<Content<'_>, DecodeError> {
    let found = tagged(bytes, b"\"item\":{\"type\":\"");
    let kind = match found {
        Some(kind) => Cow::Borrowed(kind),
        None => payload::<Completed<Tagged<'_>>>(bytes)?.item.kind.unwrap_or_default().0,
    };
    Ok(match &*kind {
        "UserMessage" => {
            let said = payload::<Completed<MessageContent<'_>>>(bytes)?.item;
            first_text(said.content).map_or(Content::Nothing, |text| Content::Prompt(PromptKind::Item, text))
        }
        "CommandExecution" => Content::CommandEnded(payload::<Completed<Command<'_>>>(bytes)?.item),
        _ => Content::Nothing,
    })
}

/// The content of a line without an envelope: files from before September 2025, and the log of `codex exec --json`.
fn bare<'a>(kind: &str, bytes: &'a [u8]) -> Result<Content<'a>, DecodeError> {
    Ok(match kind {
        "" => {
            let meta: Box<Meta<'a>> = serde_json::from_slice(bytes)?;
            if meta.id.is_some() { Content::Meta(meta) } else { Content::Nothing }
        }
        "message" => {
            let message: MessageContent<'a> = serde_json::from_slice(bytes)?;
            match first_text(message.content) {
                Some(text) if filled(message.role.as_ref()) == Some("user") => Content::Prompt(PromptKind::Bare, text),
                _ => Content::Nothing,
            }
        }
        "function_call" | "custom_tool_call" | "local_shell_call" => Content::Call(serde_json::from_slice(bytes)?),
        "function_call_output" | "custom_tool_call_output" => {
            answered(bytes, |bytes| Ok(serde_json::from_slice(bytes)?))?
        }
        "thread.started" => {
            serde_json::from_slice::<ExecLine<'a>>(bytes)?.thread_id.map_or(Content::Nothing, Content::ExecThread)
        }
        "turn.completed" => {
            serde_json::from_slice::<ExecLine<'a>>(bytes)?.usage.map_or(Content::Nothing, Content::ExecUsage)
        }
        _ => Content::Nothing,
    })
}
