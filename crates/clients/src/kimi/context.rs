use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionFacts, SourcePosition, TitleRank};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::events::{Function, is_command, message_text};
use super::owner::SessionOwner;
use super::wire::{call_key, start};
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, LooseText};
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a session of the first versions: the messages to the model, without times and usage.
pub(super) struct OldSession {
    file: SourceFile,
    owner: SessionOwner,
    is_introduced: bool,
    names: Interner,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "bounded::list_or_null")]
    tool_calls: Option<Vec<ToolCall<'a>>>,
    #[serde(borrow, default)]
    tool_call_id: LooseText<'a>,
    /// Only in the pseudo-role `_usage`: tokens in the context.
    #[serde(default)]
    token_count: Count,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow)]
    function: Function<'a>,
}

impl OldSession {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            owner: SessionOwner::of(source.relative),
            is_introduced: false,
            names: Interner::default(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let message: Message<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), None, out);
        let session = &self.owner.session;
        if !self.is_introduced {
            self.is_introduced = true;
            let facts = SessionFacts { project: Some(Arc::clone(&self.owner.project)), ..SessionFacts::default() };
            record.emit(session, EventKind::Facts(Box::new(facts)));
        }
        match message.role.text() {
            Some("user") => {
                if let Some(text) = message.content.and_then(message_text).filter(|text| !text.starts_with("<system>"))
                {
                    record.prompt(session, Some(&text));
                    let rank = if is_command(&text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
                    record.title(session, rank, &text);
                }
            }
            Some("assistant") => {
                let calls = message.tool_calls.as_deref().unwrap_or_default();
                for call in calls {
                    if let (Some(id), Some(name)) = (call.id.text(), call.function.name.text()) {
                        start(call_key(session, id, 1), name, &call.function, &mut self.names, session, record);
                    }
                }
                if calls.is_empty() {
                    record.emit(session, EventKind::TurnEnded);
                }
            }
            Some("tool") => {
                if let Some(id) = message.tool_call_id.text() {
                    let tool = call_key(session, id, 1);
                    record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
                }
            }
            Some("_usage") => {
                let facts = SessionFacts { context_used: Some(message.token_count.0), ..SessionFacts::default() };
                record.emit(session, EventKind::Facts(Box::new(facts)));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Decoder for OldSession {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }
}
