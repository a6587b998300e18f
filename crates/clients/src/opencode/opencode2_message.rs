//! The JSON of OpenCode 2's `session_message` rows: a message with its parts; its role is in the row's `type`.

use agtop_model::{EventKind, Lineage, Purpose, ResponseCopy};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::emit::{Call, PendingPart, ReportedUsage, ResponseContext, emit_failure};
use super::records::{Failure, ModelRef, PartKind, Times, Tokens, ToolStatus, stop_reason};
use crate::decode::Record;
use crate::interner::Interner;
use crate::list::LazyList;
use crate::parse::LooseText;
use crate::tool_arguments::ToolArguments;

/// The kind of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    User,
    Assistant,
    /// A request for a summary.
    Compaction,
    /// The end of a turn.
    Idle,
    Other,
}

impl RowKind {
    pub(super) fn of(name: Option<&str>) -> Self {
        match name {
            Some("user") => Self::User,
            Some("assistant") => Self::Assistant,
            Some("compaction") => Self::Compaction,
            Some("idle") => Self::Idle,
            _ => Self::Other,
        }
    }

    /// What the model was asked for.
    pub(super) fn purpose(self) -> Purpose {
        if self == Self::Compaction { Purpose::Compaction } else { Purpose::Answer }
    }
}

/// A message.
#[derive(Debug, Deserialize)]
pub(super) struct OpenCode2Message<'a> {
    #[serde(borrow, default)]
    pub(super) model: Option<ModelRef<'a>>,
    #[serde(default)]
    pub(super) cost: Option<f64>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    #[serde(default)]
    pub(super) time: Times,
    #[serde(borrow, default)]
    finish: LooseText<'a>,
    #[serde(borrow, default)]
    error: Option<Failure<'a>>,
    /// The state of a compaction. Early releases wrote a compaction only when it was done, without a status.
    #[serde(borrow, default)]
    status: LooseText<'a>,
    /// The user's text.
    #[serde(borrow, default)]
    text: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// A part of a response: a text, a tool call, or something that agtop does not use.
#[derive(Debug, Deserialize)]
struct Content<'a> {
    #[serde(rename = "type")]
    kind: PartKind,
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(borrow, default)]
    text: LooseText<'a>,
    #[serde(borrow, default)]
    state: Option<CallState<'a>>,
    #[serde(default)]
    time: Option<Times>,
}

/// The state of a tool call. While its arguments stream in, they are a piece of text.
#[derive(Debug, Deserialize)]
struct CallState<'a> {
    status: ToolStatus,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl Content<'_> {
    /// The part as far as agtop uses it. Providers number calls differently, so the message is part of the id.
    fn held(
        &self,
        place: usize,
        reply: &ResponseContext<'_>,
        message: &str,
        names: &mut Interner,
    ) -> Option<PendingPart> {
        match self.kind {
            PartKind::Text => Some(PendingPart::text(self.text.text()?, reply.at)),
            PartKind::Tool => {
                let state = self.state.as_ref()?;
                let input: Option<ToolArguments<'_>> =
                    state.input.and_then(|input| serde_json::from_str(input.get()).ok());
                let (name, input) = (self.name.text()?, input.as_ref());
                let call = Call { name, input, status: state.status, time: self.time, is_refused: false };
                let id = self.id.text().map_or_else(|| format!("{message}/{place}"), |id| format!("{message}/{id}"));
                Some(PendingPart::call(&id, &call, reply.at, names))
            }
            PartKind::StepFinish | PartKind::Other => None,
        }
    }
}

impl OpenCode2Message<'_> {
    /// Whether nothing in the message runs any more.
    pub(super) fn is_over(&self) -> bool {
        self.time.completed.0.is_some() || self.error.is_some()
    }

    /// The response of the message, if it has used anything yet.
    pub(super) fn response(&self, id: &str, reply: &ResponseContext<'_>) -> Option<ResponseCopy> {
        let spent = ReportedUsage { tokens: self.tokens, cost: self.cost };
        let is_answer = reply.purpose == Purpose::Answer;
        let is_placeholder = !is_answer || self.time.completed.0.is_none() || self.error.is_some();
        let response = reply.response(id, spent, is_placeholder)?;
        Some(ResponseCopy { stop: self.finish.text().map(stop_reason), ..response })
    }

    /// Emits what the message contains besides its response and its parts.
    pub(super) fn emit(&self, kind: RowKind, reply: &ResponseContext<'_>, record: &mut Record<'_>) {
        let session = &reply.session.key;
        match kind {
            RowKind::User if reply.session.lineage == Lineage::Main => record.prompt(session, self.text.text()),
            RowKind::Compaction if matches!(self.status.text(), None | Some("completed")) => {
                record.emit(session, EventKind::Compacted);
            }
            RowKind::Idle => record.emit(session, EventKind::TurnEnded),
            RowKind::User | RowKind::Assistant | RowKind::Compaction | RowKind::Other => {}
        }
        if let Some(error) = &self.error {
            emit_failure(error, session, record);
        }
    }

    /// Emits the parts. A damaged part must not lose the message.
    pub(super) fn emit_content(
        &self,
        id: &str,
        reply: &ResponseContext<'_>,
        names: &mut Interner,
        record: &mut Record<'_>,
    ) {
        let content: LazyList<'_> =
            self.content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default();
        let told = content.each("parts", |place, content: Content<'_>| {
            if let Some(held) = content.held(place as usize, reply, id, names) {
                held.emit(reply, record);
            }
        });
        drop(told);
    }
}
