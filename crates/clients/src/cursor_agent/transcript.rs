//! The transcripts of the CLI.

use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::message_text::{blocks, prose, words};
use crate::parse::{LooseText, LooseTime};
use crate::{DecodeError, Decoder, Input};

/// Reads a transcript of the CLI.
pub(super) struct Transcript {
    pub(super) file: SourceFile,
    pub(super) session: SessionKey,
    /// The name of its directory.
    pub(super) project: Option<Arc<str>>,
    pub(super) names: Interner,
    pub(super) model: Option<Arc<str>>,
    pub(super) is_new: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    model_id: LooseText<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Decoder for Transcript {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.created_at.0, out);
        let model = line.model_id.text().map(|model| self.names.get(model));
        if self.is_new || (model.is_some() && model != self.model) {
            let started = line.created_at.0.filter(|_| self.is_new);
            let project = self.project.take();
            let facts = SessionFacts { project, started, model: model.clone(), ..SessionFacts::default() };
            record.facts(&self.session, facts);
            self.is_new = false;
            self.model = model;
        }
        let content = line.message.as_ref().and_then(|message| message.content);
        if line.role.text() == Some("assistant") {
            record.agent_text(&self.session, || prose(&content.map(blocks).unwrap_or_default()).map(str::to_owned));
        }
        if line.role.text() == Some("user") {
            let said = content.map(blocks).unwrap_or_default();
            if let Some(words) = words(&said) {
                record.prompt(&self.session, Some(words));
                record.title(&self.session, TitleRank::LastPrompt, words);
            }
        }
        if line.kind.text() == Some("turn_ended") {
            record.emit(&self.session, EventKind::TurnEnded);
        }
        Ok(())
    }
}
