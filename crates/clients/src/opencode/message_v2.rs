//! The JSON of OpenCode 2's `session_message` rows: a message with its parts within it, its role in the row's `type`.

use agtop_model::{EventKind, Lineage, Purpose, Turn};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::{Failure, ModelRef, PartKind, Times, Tokens, ToolInput, ToolStatus, stop_reason};
use super::telling::{Call, HeldPart, Reply, Spent, tell_failure};
use crate::decode::Record;
use crate::list::List;
use crate::names::Names;
use crate::parse::Loose;

/// What a row is, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Assistant,
    /// A request for a summary that makes room in the context.
    Compaction,
    /// The turn is over.
    Idle,
    Other,
}

impl Kind {
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
pub(super) struct MessageV2<'a> {
    #[serde(borrow, default)]
    pub(super) model: Option<ModelRef<'a>>,
    #[serde(default)]
    pub(super) cost: Option<f64>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    #[serde(default)]
    pub(super) time: Times,
    #[serde(borrow, default)]
    finish: Loose<'a>,
    #[serde(borrow, default)]
    error: Option<Failure<'a>>,
    /// How far a compaction has come. Early releases wrote it down when it was done, and did not say so.
    #[serde(borrow, default)]
    status: Loose<'a>,
    /// What the user said.
    #[serde(borrow, default)]
    text: Loose<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// A part of an answer: a text, a tool call, or what matters to nobody here.
#[derive(Debug, Deserialize)]
struct Content<'a> {
    #[serde(rename = "type")]
    kind: PartKind,
    #[serde(borrow, default)]
    id: Loose<'a>,
    #[serde(borrow, default)]
    name: Loose<'a>,
    #[serde(borrow, default)]
    text: Loose<'a>,
    #[serde(borrow, default)]
    state: Option<CallState<'a>>,
    #[serde(default)]
    time: Option<Times>,
}

/// How far a tool call has come. While its arguments stream in they are a piece of text.
#[derive(Debug, Deserialize)]
struct CallState<'a> {
    status: ToolStatus,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl Content<'_> {
    /// What is worth telling of it. A provider numbers its calls as it likes: the message makes the id one of its own.
    fn held(&self, place: usize, reply: &Reply<'_>, message: &str, names: &mut Names) -> Option<HeldPart> {
        match self.kind {
            PartKind::Text => Some(HeldPart::words_of(self.text.text()?, reply.at)),
            PartKind::Tool => {
                let state = self.state.as_ref()?;
                let input: Option<ToolInput<'_>> = state.input.and_then(|input| serde_json::from_str(input.get()).ok());
                let (name, input) = (self.name.text()?, input.as_ref());
                let call = Call { name, input, status: state.status, time: self.time, is_refused: false };
                let id = self.id.text().map_or_else(|| format!("{message}/{place}"), |id| format!("{message}/{id}"));
                Some(HeldPart::call(&id, &call, reply.at, names))
            }
            PartKind::StepFinish | PartKind::Other => None,
        }
    }
}

impl MessageV2<'_> {
    /// Whether nothing in it runs any more.
    pub(super) fn is_over(&self) -> bool {
        self.time.completed.0.is_some() || self.error.is_some()
    }

    /// The response that it records, if it used anything yet.
    pub(super) fn response(&self, id: &str, reply: &Reply<'_>) -> Option<Turn> {
        let spent = Spent { tokens: self.tokens, cost: self.cost };
        let is_answer = reply.purpose == Purpose::Answer;
        let is_placeholder = !is_answer || self.time.completed.0.is_none() || self.error.is_some();
        let turn = reply.response(id, spent, is_placeholder)?;
        Some(Turn { stop: self.finish.text().map(stop_reason), ..turn })
    }

    /// Tells what it says besides its response and its parts.
    pub(super) fn tell(&self, kind: Kind, reply: &Reply<'_>, record: &mut Record<'_>) {
        let session = &reply.session.key;
        match kind {
            Kind::User if reply.session.lineage == Lineage::Main => record.prompt(session, self.text.text()),
            Kind::Compaction if matches!(self.status.text(), None | Some("completed")) => {
                record.emit(session, EventKind::Compacted);
            }
            Kind::Idle => record.emit(session, EventKind::TurnEnded),
            Kind::User | Kind::Assistant | Kind::Compaction | Kind::Other => {}
        }
        if let Some(error) = &self.error {
            tell_failure(error, session, record);
        }
    }

    /// Tells of its parts. One that cannot be read is no reason to lose the message.
    pub(super) fn tell_content(&self, id: &str, reply: &Reply<'_>, names: &mut Names, record: &mut Record<'_>) {
        let content: List<'_> =
            self.content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default();
        let told = content.each("parts", |place, content: Content<'_>| {
            if let Some(held) = content.held(place as usize, reply, id, names) {
                held.tell(reply, record);
            }
        });
        drop(told);
    }
}
