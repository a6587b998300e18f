//! Copilot's chat in VS Code: sessions, prompts and models. Its files have no tokens.
//!
//! Up to VS Code 1.108 a session is one JSON document; since 1.109 it is a log of changes to that document
//! (microsoft/vscode pull request 286644): `{"kind":0,"v":document}`, then `1` sets and `2` appends at the path `k`.

use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, Timestamp, TitleRank};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::id::ID;
use super::workspace::project_of;
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::list::LazyList;
use crate::parse::{Count, LooseText, LooseTime};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a chat session in either format.
pub(super) struct Chat {
    file: SourceFile,
    session: SessionKey,
    project: Arc<str>,
    names: Interner,
    /// Whether the session is Copilot's: VS Code keeps the sessions of all chat participants together.
    is_copilot: bool,
    model: Option<Arc<str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    #[serde(default)]
    creation_date: LooseTime,
    #[serde(borrow, default)]
    custom_title: LooseText<'a>,
    #[serde(borrow, default)]
    responder_username: LooseText<'a>,
    #[serde(borrow, default)]
    requests: LazyList<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(default)]
    timestamp: LooseTime,
    #[serde(borrow, default)]
    model_id: LooseText<'a>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    /// Present once the request is answered.
    #[serde(default)]
    result: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    text: LooseText<'a>,
}

/// A change to the document.
#[derive(Debug, Deserialize)]
struct Change<'a> {
    kind: Count,
    #[serde(borrow, default, rename = "k", deserialize_with = "bounded::list")]
    path: Vec<&'a RawValue>,
    #[serde(borrow, default, rename = "v")]
    value: Option<&'a RawValue>,
}

const SNAPSHOT: u64 = 0;
const SET: u64 = 1;
const APPEND: u64 = 2;

impl Chat {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, file_stem(source.path)),
            project: project_of(source),
            names: Interner::default(),
            is_copilot: true,
            model: None,
        }
    }

    fn document(
        &mut self,
        session: &Session<'_>,
        place: impl Fn(u32) -> SourcePosition,
        out: &mut Vec<Event>,
    ) -> Result<(), DecodeError> {
        self.is_copilot = session.responder_username.text().is_none_or(|name| name.contains("Copilot"));
        if !self.is_copilot {
            return Ok(());
        }
        let facts = SessionFacts {
            started: session.creation_date.0,
            project: Some(Arc::clone(&self.project)),
            origin: Some("vscode".into()),
            ..SessionFacts::default()
        };
        let record = &mut Record::new(self.file, place(0), session.creation_date.0, out);
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        self.title(TitleRank::Generated, &session.custom_title, record);
        session.requests.each("requests", |n, request| self.request(&request, place(n), out))
    }

    fn request(&mut self, request: &Request<'_>, place: SourcePosition, out: &mut Vec<Event>) {
        let record = &mut Record::new(self.file, place, request.timestamp.0, out);
        // `copilot/gpt-5`: the part before the slash is the vendor that offers the model.
        let model = request.model_id.text().map(|id| id.rsplit('/').next().unwrap_or(id));
        let model = model.map(|model| self.names.get(model));
        if model.is_some() && model != self.model {
            self.model.clone_from(&model);
            let facts = SessionFacts { model, ..SessionFacts::default() };
            record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        }
        record.prompt(&self.session, request.message.as_ref().and_then(|message| message.text.text()));
        if let Some(message) = &request.message {
            self.title(TitleRank::LastPrompt, &message.text, record);
        }
        if request.result.is_some() {
            record.emit(&self.session, EventKind::TurnEnded);
        }
    }

    fn title(&self, rank: TitleRank, text: &LooseText<'_>, record: &mut Record<'_>) {
        if let Some(text) = text.text() {
            record.title(&self.session, rank, text);
        }
    }

    fn change(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let change: Change<'_> = serde_json::from_slice(bytes)?;
        let Some(value) = change.value.map(RawValue::get) else { return Ok(()) };
        let path: Vec<&str> = change.path.iter().map(|part| part.get().trim_matches('"')).collect();
        let place = SourcePosition::Byte(offset);
        match (change.kind.0, &path[..]) {
            (SNAPSHOT, _) => {
                let session: Session<'_> = serde_json::from_str(value)?;
                self.document(&session, |_| place, out)?;
            }
            (SET, ["customTitle"]) if self.is_copilot => {
                let title: LooseText<'_> = serde_json::from_str(value)?;
                self.title(TitleRank::Generated, &title, &mut Record::new(self.file, place, None, out));
            }
            (SET, ["requests", _, "result"]) if self.is_copilot => {
                Record::new(self.file, place, None::<Timestamp>, out).emit(&self.session, EventKind::TurnEnded);
            }
            (APPEND, ["requests"]) if self.is_copilot => {
                let requests: LazyList<'_> = serde_json::from_str(value)?;
                requests.each("requests", |_, request| self.request(&request, place, out))?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Decoder for Chat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => {
                let before = out.len();
                let told = self.change(bytes, offset, out);
                if told.is_err() {
                    out.truncate(before); // a line emits all of its events or none
                }
                told
            }
            Input::Document(bytes) => {
                let session: Session<'_> = serde_json::from_slice(bytes)?;
                self.document(&session, SourcePosition::Entry, out)
            }
            Input::Row { .. } => Err(DecodeError::malformed("is no database")),
        }
    }
}
