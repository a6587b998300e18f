//! `dev_data/<version>/tokensGenerated.jsonl`: a line for each request of an editor, chats and completions alike
//! (`core/llm/index.ts` writes it). Nothing names the session: they are one for all.

use agtop_model::{
    Event, EventKind, MessageKey, SessionFacts, SessionKey, SourcePosition, Timestamp, TitleRank, Turn, Untrusted,
    Usage,
};
use serde::{Deserialize, Serialize};

use super::ID;
use crate::decode::{Record, SourceFile, response};
use crate::names::Names;
use crate::parse::{Count, Loose, Moment, model_name};
use crate::{DecodeError, Decoder, Input, Source, checkpoint};

/// The session that stands for all requests of editors.
const SESSION: &str = "editor-requests";

/// Reads the requests of editors.
pub(super) struct Requests {
    file: SourceFile,
    session: SessionKey,
    modified: Timestamp,
    /// When the first request was made.
    opened: Option<Timestamp>,
    names: Names,
}

impl Requests {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, SESSION),
            modified: source.modified,
            opened: None,
            names: Names::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(default)]
    timestamp: Moment,
    /// The same in older releases.
    #[serde(default)]
    created_at: Moment,
    #[serde(borrow, default)]
    model: Loose<'a>,
    #[serde(borrow, default)]
    provider: Loose<'a>,
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

impl Decoder for Requests {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else {
            return Err(DecodeError::malformed("is not read line by line"));
        };
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
            let turn = Turn { model, ..response(key, usage, self.opened.unwrap_or(self.modified)) };
            record.emit(&self.session, EventKind::Turn(Box::new(turn)));
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

impl Requests {
    /// Requests have no ids. A release writes its own version's file, so that one may stand in the files of two.
    fn key(&self, request: &Request<'_>, at: Option<Timestamp>, offset: u64) -> MessageKey {
        let Some(at) = at else { return MessageKey::in_session(&self.session, &format!("byte {offset}")) };
        let counts = [request.prompt_tokens, request.generated_tokens].map(|count| count.0.to_le_bytes());
        let model = request.model.text().unwrap_or_default().as_bytes();
        MessageKey::by_content(ID, &[&at.as_millis().to_le_bytes(), model, &counts[0], &counts[1]])
    }
}
