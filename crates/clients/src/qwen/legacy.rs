use std::sync::Arc;

use agtop_model::{
    Event, EventKind, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason, Timestamp, TitleRank, ToolKey,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::id::ID;
use super::wire::{TARGET, Tokens, message_text};
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::facts::response_key;
use crate::interner::Interner;
use crate::list::LazyList;
use crate::parse::{Count, LooseText, LooseTime};
use crate::store::file_stem;
use crate::tool_arguments::ToolArguments;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a chat of the first versions: one document, in Gemini CLI's format when Qwen Code was forked from it.
pub(super) struct OldChat {
    file: SourceFile,
    session: SessionKey,
    /// The hash of the directory.
    project: Option<Arc<str>>,
    modified: Timestamp,
    names: Interner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    session_id: LooseText<'a>,
    #[serde(default)]
    start_time: LooseTime,
    /// Each message is parsed on its own, so that a damaged one does not lose the others.
    #[serde(borrow)]
    messages: LazyList<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    id: LooseText<'a>,
    #[serde(default)]
    timestamp: LooseTime,
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(default)]
    tokens: Option<TokensSummary>,
    #[serde(borrow, default, deserialize_with = "bounded::list_or_null")]
    tool_calls: Option<Vec<ToolCall<'a>>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct TokensSummary {
    input: Count,
    output: Count,
    cached: Count,
    thoughts: Count,
    total: Count,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: LooseText<'a>,
}

impl OldChat {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, file_stem(source.path)),
            project: source.relative.iter().next().map(|hash| hash.to_string_lossy().into()),
            modified: source.modified,
            names: Interner::default(),
        }
    }

    fn document(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let document: Document<'_> = serde_json::from_slice(bytes)?;
        if let Some(id) = document.session_id.text() {
            self.session = SessionKey::new(ID, id);
        }
        let opened = document.start_time.0.unwrap_or(self.modified);
        let record = &mut Record::new(self.file, SourcePosition::Byte(0), document.start_time.0, out);
        let facts =
            SessionFacts { started: document.start_time.0, project: self.project.clone(), ..SessionFacts::default() };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        document.messages.each("messages", |place, message: Message<'_>| {
            record.source.place = SourcePosition::Entry(place);
            self.message(&message, opened, record);
        })
    }

    fn message(&mut self, message: &Message<'_>, opened: Timestamp, record: &mut Record<'_>) {
        record.at = message.timestamp.0;
        if message.kind.text() == Some("user") {
            let words = message.content.and_then(message_text);
            record.prompt(&self.session, words.as_deref());
            record.title(&self.session, TitleRank::FirstPrompt, &words.unwrap_or_default());
            return;
        }
        record.agent_text(&self.session, || message.content.and_then(message_text));
        let calls = message.tool_calls.as_deref().unwrap_or_default();
        if let (Some(tokens), Some(id)) = (message.tokens, message.id.text()) {
            let response = ResponseCopy {
                id: Some(id.into()),
                model: message.model.text().map(|model| self.names.get(model)),
                stop: Some(if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse }),
                ..ResponseCopy::new(response_key(&self.session, id), tokens.counts().usage(), opened)
            };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        for call in calls {
            self.tool_call(call, record);
        }
    }

    fn tool_call(&mut self, call: &ToolCall<'_>, record: &mut Record<'_>) {
        let (Some(id), Some(name)) = (call.id.text(), call.name.text()) else { return };
        let tool = ToolKey::new(ID, id);
        let arguments = ToolArguments::of(call.args);
        let target = arguments.target(TARGET);
        record.emit(&self.session, EventKind::ToolStarted { tool, name: self.names.get(name), target });
        let outcome = match call.status.text() {
            Some("success") => Ok(()),
            Some("error" | "cancelled") => Err(()),
            _ => return,
        };
        record.emit(&self.session, EventKind::ToolEnded { tool, outcome });
    }
}

impl TokensSummary {
    fn counts(self) -> Tokens {
        Tokens {
            prompt: self.input.0,
            cached: self.cached.0,
            candidates: self.output.0,
            thoughts: self.thoughts.0,
            total: self.total.0,
        }
    }
}

impl Decoder for OldChat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        self.document(input.document()?, out)
    }
}
