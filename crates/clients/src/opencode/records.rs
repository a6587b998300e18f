//! OpenCode's JSON as far as agtop reads it; message text is read only if it is recent.

use std::borrow::Cow;

use agtop_model::{Purpose, StopReason, Usage};
use memchr::memmem;
use serde::Deserialize;

use crate::DecodeError;
use crate::parse::{Count, LooseText, LooseTime, model_name};
use crate::tool_arguments::ToolArguments;

/// A model and its provider, as in sessions and in OpenCode 2's messages.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ModelRef<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default, rename = "providerID")]
    pub(super) provider: LooseText<'a>,
}

impl ModelRef<'_> {
    /// The provider's id; empty if unknown.
    pub(super) fn provider(&self) -> &str {
        self.provider.text().unwrap_or_default()
    }

    /// The model's name as in the price list.
    pub(super) fn name(&self) -> Option<Cow<'_, str>> {
        Some(model_name(self.provider(), self.id.text()?))
    }
}

/// A session's file; the database has the same fields in columns.
#[derive(Debug, Deserialize)]
pub(super) struct SessionFile<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, default, rename = "parentID")]
    pub(super) parent: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) directory: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) version: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) time: Times,
}

/// A message of the user or of the model.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "sessionID")]
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) role: MessageRole,
    #[serde(default)]
    pub(super) time: Times,
    #[serde(borrow, default, rename = "modelID")]
    pub(super) model: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "providerID")]
    pub(super) provider: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    #[serde(default)]
    pub(super) cost: Option<f64>,
    #[serde(borrow, default)]
    pub(super) finish: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error: Option<Failure<'a>>,
}

impl Message<'_> {
    /// The provider's id; empty if unknown.
    pub(super) fn provider(&self) -> &str {
        self.provider.as_deref().unwrap_or_default()
    }
}

/// The author of a message.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum MessageRole {
    User,
    Assistant,
    #[serde(other)]
    Other,
}

/// Start and end times.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Times {
    #[serde(default, alias = "start")]
    pub(super) created: LooseTime,
    #[serde(default, alias = "end")]
    pub(super) completed: LooseTime,
}

/// Why a request failed: only its kind, because the provider's message may quote the conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Failure<'a> {
    #[serde(borrow, default, alias = "type")]
    pub(super) name: LooseText<'a>,
}

/// Tokens as OpenCode counts them: `input` excludes both cache buckets.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Tokens {
    #[serde(default)]
    pub(super) total: Option<Count>,
    #[serde(default)]
    pub(super) input: Count,
    #[serde(default)]
    pub(super) output: Count,
    #[serde(default)]
    pub(super) reasoning: Count,
    #[serde(default)]
    pub(super) cache: CacheTokens,
}

/// Prompt tokens that were read from or written to a cache.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct CacheTokens {
    #[serde(default)]
    pub(super) read: Count,
    #[serde(default)]
    pub(super) write: Count,
}

/// How a release counts reasoning, for records that do not show it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReasoningCount {
    /// `output` includes it: releases with the AI SDK 5, including all that wrote JSON files.
    Included,
    /// `output` excludes it: releases with the AI SDK 6.
    #[default]
    Excluded,
}

/// The first release that is assumed to use the AI SDK 6. Known are 1.0.107 with the old and 1.18.33 with the new one.
/// It matters little: since before the change, releases write a `total`, which decides by itself.
const FIRST_EXCLUDING_RELEASE: (u32, u32) = (1, 3);

impl ReasoningCount {
    /// The counting of the release that created a session. Versions without a number (`local`, `dev`) count as new
    /// ones.
    pub(super) fn of_release(version: Option<&str>) -> Self {
        let release = version.and_then(|version| {
            let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        });
        if release.is_some_and(|release: (u32, u32)| release < FIRST_EXCLUDING_RELEASE) {
            Self::Included
        } else {
            Self::Excluded
        }
    }
}

impl Tokens {
    /// The tokens in disjoint buckets, with reasoning counted once.
    pub(super) fn usage(&self, reasoning: ReasoningCount, provider: &str) -> Usage {
        let beside = match self.reasoning_by_total() {
            Some(told) => told == ReasoningCount::Excluded,
            None => reasoning == ReasoningCount::Excluded || is_google(provider),
        };
        let output = if beside { self.output.0.saturating_add(self.reasoning.0) } else { self.output.0 };
        Usage {
            input: self.input.0,
            cache_read: self.cache.read.0,
            cache_write_5m: self.cache.write.0,
            output,
            reasoning: self.reasoning.0,
            ..Usage::default()
        }
    }

    /// What the record itself shows: the total adds up either with reasoning or without it, and reasoning larger than
    /// the output cannot be included in it.
    fn reasoning_by_total(&self) -> Option<ReasoningCount> {
        let without: u64 =
            [self.input, self.output, self.cache.read, self.cache.write].iter().map(|count| count.0).sum();
        match self.total {
            _ if self.reasoning.0 > self.output.0 => Some(ReasoningCount::Excluded),
            Some(Count(total)) if total == without => Some(ReasoningCount::Included),
            Some(Count(total)) if total == without.saturating_add(self.reasoning.0) => Some(ReasoningCount::Excluded),
            _ => None,
        }
    }
}

/// Google's API has always counted thoughts separately, and the AI SDK 5 passed them on unchanged.
fn is_google(provider: &str) -> bool {
    provider.starts_with("google")
}

/// Finish reasons are those of the AI SDK.
pub(super) fn stop_reason(finish: &str) -> StopReason {
    match finish {
        "stop" => StopReason::EndTurn,
        "tool-calls" => StopReason::ToolUse,
        "length" => StopReason::MaxTokens,
        _ => StopReason::Other,
    }
}

/// A part that agtop reads: the end of a step (one request to a model), or a tool call. Flat, because an enum tagged by
/// `type` would make the parser copy tool output into a buffer.
#[derive(Debug, Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "messageID")]
    pub(super) message: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "sessionID")]
    pub(super) session: Option<Cow<'a, str>>,
    #[serde(rename = "type")]
    pub(super) kind: PartKind,
    #[serde(borrow, default)]
    pub(super) tool: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) state: Option<ToolState<'a>>,
    /// Message text.
    #[serde(borrow, default)]
    pub(super) text: LooseText<'a>,
    /// Whether OpenCode itself wrote the text.
    #[serde(default)]
    pub(super) synthetic: Option<bool>,
    #[serde(borrow, default)]
    pub(super) reason: LooseText<'a>,
    #[serde(default)]
    pub(super) cost: Option<f64>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
}

/// The type of a part.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PartKind {
    StepFinish,
    Tool,
    Text,
    #[serde(other)]
    Other,
}

/// The state of a tool call.
#[derive(Debug, Deserialize)]
pub(super) struct ToolState<'a> {
    pub(super) status: ToolStatus,
    #[serde(borrow, default)]
    pub(super) input: Option<ToolArguments<'a>>,
    #[serde(default)]
    pub(super) time: Option<Times>,
    /// The error message.
    #[serde(borrow, default)]
    error: LooseText<'a>,
}

/// Errors of a tool call that the user did not allow, or of a question that the user closed without an answer. If the
/// user gives feedback for the model, the first message continues after its last word instead of ending, and the turn
/// goes on. (`permission/index.ts` and `question/index.ts`; `processor.ts` ends the turn only on these two errors.)
const REFUSAL_ERRORS: &[&str] =
    &["The user rejected permission to use this specific tool call.", "The user dismissed this question"];

impl ToolState<'_> {
    /// Whether the user refused the call, which ends the turn.
    pub(super) fn is_refused(&self) -> bool {
        let error = self.error.text().unwrap_or_default();
        self.status == ToolStatus::Error && REFUSAL_ERRORS.iter().any(|refusal| error.contains(refusal))
    }
}

/// The states of a tool call.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ToolStatus {
    Completed,
    Error,
    /// `pending` and `running`.
    #[serde(other)]
    Open,
}

/// The types of parts that are read in an old message.
pub(super) const WORK_PARTS: &[&str] = &["\"step-finish\"", "\"tool\""];
/// The types of parts that are read in a recent message.
pub(super) const WORK_AND_TEXT_PARTS: &[&str] = &["\"step-finish\"", "\"tool\"", "\"text\""];

/// Parses a part, unless its bytes show that it has none of these types.
pub(super) fn part<'a>(json: &'a [u8], kinds: &[&str]) -> Result<Option<Part<'a>>, DecodeError> {
    let matters = kinds.iter().any(|kind| memmem::find(json, kind.as_bytes()).is_some());
    if !matters {
        return Ok(None);
    }
    let part: Part<'_> = serde_json::from_slice(json)?;
    Ok((part.kind != PartKind::Other).then_some(part))
}

/// Whether a response is a compaction summary. The bytes are searched, because the field is a flag in responses and a
/// large object in prompts; quotes within text are escaped, so text cannot match.
fn is_compaction(message: &[u8]) -> bool {
    ["\"summary\":true", "\"summary\": true"].iter().any(|flag| memmem::find(message, flag.as_bytes()).is_some())
}

/// What a response was requested for.
pub(super) fn purpose(message: &[u8]) -> Purpose {
    if is_compaction(message) { Purpose::Compaction } else { Purpose::Answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(json: &str) -> Tokens {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_total_that_includes_reasoning_shows_that_output_excludes_it() {
        let told = tokens(r#"{"total":135,"input":10,"output":20,"reasoning":5,"cache":{"read":70,"write":30}}"#);
        let usage = told.usage(ReasoningCount::Included, "anthropic");
        assert_eq!((usage.output, usage.reasoning, usage.total()), (25, 5, 135));
    }

    #[test]
    fn a_total_without_reasoning_shows_that_output_includes_it() {
        let told = tokens(r#"{"total":130,"input":10,"output":20,"reasoning":5,"cache":{"read":70,"write":30}}"#);
        let usage = told.usage(ReasoningCount::Excluded, "anthropic");
        assert_eq!((usage.output, usage.reasoning, usage.total()), (20, 5, 130));
    }

    #[test]
    fn without_a_total_the_release_decides() {
        let silent = tokens(r#"{"input":10,"output":20,"reasoning":5,"cache":{"read":0,"write":0}}"#);
        let output = |version| silent.usage(ReasoningCount::of_release(version), "openai").output;
        assert_eq!(output(Some("1.0.107")), 20);
        assert_eq!(output(Some("v0.15.2")), 20);
        assert_eq!(output(Some("1.18.33")), 25);
        assert_eq!(output(Some("local")), 25);
        assert_eq!(output(None), 25);
    }

    #[test]
    fn google_excluded_thoughts_from_the_output_in_old_releases_too() {
        let silent = tokens(r#"{"input":10,"output":20,"reasoning":5}"#);
        assert_eq!(silent.usage(ReasoningCount::Included, "google-vertex").output, 25);
    }

    #[test]
    fn reasoning_larger_than_the_output_is_not_included_in_it() {
        let silent = tokens(r#"{"input":1,"output":2,"reasoning":50}"#);
        assert_eq!(silent.usage(ReasoningCount::Included, "openai").output, 52);
    }

    #[test]
    fn text_that_quotes_a_record_is_no_record() {
        let text = br#"{"type":"text","text":"{\"type\":\"tool\"} and \"summary\":true"}"#;
        assert!(part(text, WORK_PARTS).unwrap().is_none_or(|part| part.kind == PartKind::Text));
        assert!(!is_compaction(text));
    }
}
