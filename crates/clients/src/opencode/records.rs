//! OpenCode's JSON, as far as it matters: of a conversation's text only what was said lately.

use std::borrow::Cow;

use agtop_model::{Purpose, StopReason, Usage};
use memchr::memmem;
use serde::Deserialize;

use crate::DecodeError;
use crate::parse::{Count, Loose, Moment, model_name};

/// A model and its provider, as sessions and OpenCode 2's messages name them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ModelRef<'a> {
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(borrow, default, rename = "providerID")]
    pub(super) provider: Loose<'a>,
}

impl ModelRef<'_> {
    /// The provider's id; empty if unknown.
    pub(super) fn provider(&self) -> &str {
        self.provider.text().unwrap_or_default()
    }

    /// The model's name as the price list takes it.
    pub(super) fn name(&self) -> Option<Cow<'_, str>> {
        Some(model_name(self.provider(), self.id.text()?))
    }
}

/// A session's file; the database has the same in columns.
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

/// A question or an answer.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "sessionID")]
    pub(super) session: Option<Cow<'a, str>>,
    pub(super) role: Speaker,
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

/// Who speaks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Speaker {
    User,
    Assistant,
    #[serde(other)]
    Other,
}

/// When something was begun and done.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Times {
    #[serde(default, alias = "start")]
    pub(super) created: Moment,
    #[serde(default, alias = "end")]
    pub(super) completed: Moment,
}

/// Why a request failed: its kind alone, since what the provider said may quote the conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Failure<'a> {
    #[serde(borrow, default, alias = "type")]
    pub(super) name: Loose<'a>,
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

/// Prompt tokens that concerned a cache.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct CacheTokens {
    #[serde(default)]
    pub(super) read: Count,
    #[serde(default)]
    pub(super) write: Count,
}

/// Where a release counts reasoning, for records that do not tell themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reasoning {
    /// `output` includes it: releases on the AI SDK 5, all that wrote JSON files among them.
    Within,
    /// `output` excludes it: releases on the AI SDK 6.
    #[default]
    Beside,
}

/// The first release taken to be on the AI SDK 6. Known are 1.0.107 on the old side and 1.18.33 on the new one. It
/// decides little: releases write a `total`, which decides by itself, since before the change.
const FIRST_BESIDE: (u32, u32) = (1, 3);

impl Reasoning {
    /// The way of the release that created a session. What is no release (`local`, `dev`) is taken for a new one.
    pub(super) fn of_release(version: Option<&str>) -> Self {
        let release = version.and_then(|version| {
            let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        });
        if release.is_some_and(|release: (u32, u32)| release < FIRST_BESIDE) { Self::Within } else { Self::Beside }
    }
}

impl Tokens {
    /// The tokens in disjoint buckets, reasoning counted once.
    pub(super) fn usage(&self, reasoning: Reasoning, provider: &str) -> Usage {
        let beside = match self.reasoning_by_total() {
            Some(told) => told == Reasoning::Beside,
            None => reasoning == Reasoning::Beside || is_google(provider),
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

    /// What the record itself says: the total adds up either with reasoning or without it, and reasoning that exceeds
    /// the output cannot be within it.
    fn reasoning_by_total(&self) -> Option<Reasoning> {
        let without: u64 =
            [self.input, self.output, self.cache.read, self.cache.write].iter().map(|count| count.0).sum();
        match self.total {
            _ if self.reasoning.0 > self.output.0 => Some(Reasoning::Beside),
            Some(Count(total)) if total == without => Some(Reasoning::Within),
            Some(Count(total)) if total == without.saturating_add(self.reasoning.0) => Some(Reasoning::Beside),
            _ => None,
        }
    }
}

/// Google's API has always counted thoughts apart from candidates, and the AI SDK 5 handed them on like that.
fn is_google(provider: &str) -> bool {
    provider.starts_with("google")
}

/// Finish reasons are the AI SDK's.
pub(super) fn stop_reason(finish: &str) -> StopReason {
    match finish {
        "stop" => StopReason::EndTurn,
        "tool-calls" => StopReason::ToolUse,
        "length" => StopReason::MaxTokens,
        _ => StopReason::Other,
    }
}

/// A part that matters: the end of a step (one request to a model), or a tool call. Flat, since an enum tagged by
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
    pub(super) tool: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) state: Option<ToolState<'a>>,
    /// What was said.
    #[serde(borrow, default)]
    pub(super) text: Loose<'a>,
    /// Whether OpenCode itself put the text there.
    #[serde(default)]
    pub(super) synthetic: Option<bool>,
    #[serde(borrow, default)]
    pub(super) reason: Loose<'a>,
    #[serde(default)]
    pub(super) cost: Option<f64>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PartKind {
    StepFinish,
    Tool,
    Text,
    #[serde(other)]
    Other,
}

/// How far a tool call has come.
#[derive(Debug, Deserialize)]
pub(super) struct ToolState<'a> {
    pub(super) status: ToolStatus,
    #[serde(borrow, default)]
    pub(super) input: Option<ToolInput<'a>>,
    #[serde(default)]
    pub(super) time: Option<Times>,
    /// Why it failed.
    #[serde(borrow, default)]
    error: Loose<'a>,
}

/// What a tool call fails with if the user does not allow it, or closes a question without an answer. With feedback for
/// the model, other words follow the former's in place of the dot, and the turn goes on. (`permission/index.ts` and
/// `question/index.ts`; `processor.ts` ends the turn on these two errors alone.)
const REFUSALS: &[&str] =
    &["The user rejected permission to use this specific tool call.", "The user dismissed this question"];

impl ToolState<'_> {
    /// Whether the user refused the call, which ends the turn.
    pub(super) fn is_refused(&self) -> bool {
        let error = self.error.text().unwrap_or_default();
        self.status == ToolStatus::Error && REFUSALS.iter().any(|refusal| error.contains(refusal))
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

/// What a tool is used on: the arguments that OpenCode's own tools take.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolInput<'a> {
    #[serde(borrow, default, rename = "filePath")]
    file_path: Loose<'a>,
    #[serde(borrow, default)]
    command: Loose<'a>,
    #[serde(borrow, default)]
    pattern: Loose<'a>,
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    url: Loose<'a>,
    #[serde(borrow, default)]
    description: Loose<'a>,
    #[serde(borrow, default)]
    subagent_type: Loose<'a>,
    #[serde(borrow, default)]
    agent: Loose<'a>,
}

impl ToolInput<'_> {
    /// What tells best what the call is about.
    pub(super) fn target(&self) -> Option<&str> {
        [&self.file_path, &self.command, &self.pattern, &self.path, &self.url, &self.description]
            .into_iter()
            .find_map(Loose::text)
    }

    /// The kind of sub-agent that a call starts.
    pub(super) fn subagent(&self) -> &str {
        self.subagent_type.text().or_else(|| self.agent.text()).unwrap_or("task")
    }

    /// What a sub-agent shall do, in a few words.
    pub(super) fn task(&self) -> Option<&str> {
        self.description.text()
    }
}

/// The kinds of parts that matter in what is from long ago.
pub(super) const WORK: &[&str] = &["\"step-finish\"", "\"tool\""];
/// The kinds of parts that matter in what somebody may still follow.
pub(super) const WORK_AND_TEXT: &[&str] = &["\"step-finish\"", "\"tool\"", "\"text\""];

/// A part, unless its bytes show that it is of none of these kinds.
pub(super) fn part<'a>(json: &'a [u8], kinds: &[&str]) -> Result<Option<Part<'a>>, DecodeError> {
    let matters = kinds.iter().any(|kind| memmem::find(json, kind.as_bytes()).is_some());
    if !matters {
        return Ok(None);
    }
    let part: Part<'_> = serde_json::from_slice(json)?;
    Ok((part.kind != PartKind::Other).then_some(part))
}

/// Whether an answer is a summary that made room in the context. Searched for, because the field is a flag in answers
/// and a large object in questions; quotes within text are escaped, so text cannot match.
fn is_compaction(message: &[u8]) -> bool {
    ["\"summary\":true", "\"summary\": true"].iter().any(|flag| memmem::find(message, flag.as_bytes()).is_some())
}

/// What an answer was for.
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
    fn a_total_that_needs_reasoning_puts_it_beside_the_output() {
        let told = tokens(r#"{"total":135,"input":10,"output":20,"reasoning":5,"cache":{"read":70,"write":30}}"#);
        let usage = told.usage(Reasoning::Within, "anthropic");
        assert_eq!((usage.output, usage.reasoning, usage.total()), (25, 5, 135));
    }

    #[test]
    fn a_total_that_adds_up_without_reasoning_has_it_within_the_output() {
        let told = tokens(r#"{"total":130,"input":10,"output":20,"reasoning":5,"cache":{"read":70,"write":30}}"#);
        let usage = told.usage(Reasoning::Beside, "anthropic");
        assert_eq!((usage.output, usage.reasoning, usage.total()), (20, 5, 130));
    }

    #[test]
    fn without_a_total_the_release_decides() {
        let silent = tokens(r#"{"input":10,"output":20,"reasoning":5,"cache":{"read":0,"write":0}}"#);
        let output = |version| silent.usage(Reasoning::of_release(version), "openai").output;
        assert_eq!(output(Some("1.0.107")), 20);
        assert_eq!(output(Some("v0.15.2")), 20);
        assert_eq!(output(Some("1.18.33")), 25);
        assert_eq!(output(Some("local")), 25);
        assert_eq!(output(None), 25);
    }

    #[test]
    fn google_counted_thoughts_beside_the_output_in_old_releases_too() {
        let silent = tokens(r#"{"input":10,"output":20,"reasoning":5}"#);
        assert_eq!(silent.usage(Reasoning::Within, "google-vertex").output, 25);
    }

    #[test]
    fn reasoning_larger_than_the_output_cannot_be_within_it() {
        let silent = tokens(r#"{"input":1,"output":2,"reasoning":50}"#);
        assert_eq!(silent.usage(Reasoning::Within, "openai").output, 52);
    }

    #[test]
    fn text_that_quotes_a_record_is_no_record() {
        let text = br#"{"type":"text","text":"{\"type\":\"tool\"} and \"summary\":true"}"#;
        assert!(part(text, WORK).unwrap().is_none_or(|part| part.kind == PartKind::Text));
        assert!(!is_compaction(text));
    }
}
