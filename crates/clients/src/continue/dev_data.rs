//! `dev_data/<version>/tokensGenerated.jsonl`: one line for each request of an editor, for chats and completions
//! (written by `core/llm/index.ts`). Lines do not name a session, so all of them belong to one.

use agtop_model::{
    Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp, TitleRank,
    Untrusted, Usage,
};
use serde::{Deserialize, Serialize};

use super::id::ID;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, LooseText, LooseTime, model_name};
use crate::{DecodeError, Decoder, Input, Source, checkpoint};

/// The session of all editor requests.
const EDITOR_SESSION_ID: &str = "editor-requests";

/// Reads the requests of editors.
pub(super) struct EditorRequests {
    file: SourceFile,
    session: SessionKey,
    modified: Timestamp,
    /// The time of the first request.
    opened: Option<Timestamp>,
    names: Interner,
}

impl EditorRequests {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, EDITOR_SESSION_ID),
            modified: source.modified,
            opened: None,
            names: Interner::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(default)]
    timestamp: LooseTime,
    /// The same field in older releases.
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(borrow, default)]
    provider: LooseText<'a>,
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    generated_tokens: Count,
}

#[derive(Serialize, Deserialize)]
struct State {
    #[serde(with = "checkpoint::millis")]
    opened: Option<Timestamp>,
}

impl Decoder for EditorRequests {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let request: Request<'_> = serde_json::from_slice(bytes)?;
        let at = request.timestamp.0.or(request.created_at.0);
        let usage = Usage { input: request.prompt_tokens.0, output: request.generated_tokens.0, ..Usage::default() };
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), at, out);
        if self.opened.is_none() && at.is_some() {
            self.opened = at;
            let origin = Some(Untrusted::from("editor"));
            record.facts(&self.session, SessionFacts { started: at, origin, ..SessionFacts::default() });
            record.title(&self.session, TitleRank::Generated, "Requests of editors");
        }
        if !usage.is_zero() {
            let provider = request.provider.text().unwrap_or_default();
            let model = request.model.text().map(|model| self.names.get(&model_name(provider, model)));
            let key = self.key(&request, at, offset);
            let response =
                ResponseCopy { model, ..ResponseCopy::new(key, usage, self.opened.unwrap_or(self.modified)) };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        Ok(())
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        checkpoint::pack(&State { opened: self.opened })
    }

    fn resume(&mut self, checkpoint: &[u8]) -> bool {
        let state: Option<State> = checkpoint::unpack(checkpoint);
        self.opened = state.as_ref().and_then(|state| state.opened);
        state.is_some()
    }
}

impl EditorRequests {
    /// Requests have no ids. Each release writes its own file, and the same request may be in two of them.
    fn key(&self, request: &Request<'_>, at: Option<Timestamp>, offset: u64) -> MessageKey {
        let Some(at) = at else { return MessageKey::in_session(&self.session, &format!("byte {offset}")) };
        let counts = [request.prompt_tokens, request.generated_tokens].map(|count| count.0.to_le_bytes());
        let model = request.model.text().unwrap_or_default().as_bytes();
        MessageKey::by_content(ID, &[&at.as_millis().to_le_bytes(), model, &counts[0], &counts[1]])
    }
}
