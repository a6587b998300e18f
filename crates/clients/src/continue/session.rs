//! A session: its messages, and for `cn` its total usage. Its times are only in the list of sessions.

use agtop_model::{
    Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp, TitleRank, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile};
use crate::list::LazyList;
use crate::message_text::{blocks, prose, words};
use crate::parse::{Count, LooseText, LooseTime};
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input};

/// Reads one session.
pub(super) struct SessionDocument {
    pub(super) file: SourceFile,
    pub(super) session: SessionKey,
    pub(super) modified: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    #[serde(borrow, default)]
    title: LooseText<'a>,
    #[serde(borrow, default)]
    workspace_directory: LooseText<'a>,
    /// The list of sessions has it; this file rarely does.
    #[serde(default)]
    date_created: LooseTime,
    #[serde(borrow, default)]
    history: LazyList<'a>,
    #[serde(default)]
    usage: Option<Total>,
}

/// The usage of all requests of a session.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Total {
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_tokens_details: Option<Cached>,
}

/// Written only for Anthropic's models, whose prompt count does not include these tokens.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cached {
    cached_tokens: Count,
    cache_write_tokens: Count,
}

impl Total {
    fn usage(self) -> Usage {
        let cached = self.prompt_tokens_details.unwrap_or_default();
        Usage {
            input: self.prompt_tokens.0,
            cache_read: cached.cached_tokens.0,
            cache_write_5m: cached.cache_write_tokens.0,
            output: self.completion_tokens.0,
            ..Usage::default()
        }
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Decoder for SessionDocument {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let session: Session<'_> = serde_json::from_slice(bytes)?;
        let started = session.date_created.0;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), started, out);
        let cwd = session.workspace_directory.text().and_then(directory);
        record.facts(&self.session, SessionFacts { cwd, started, ..SessionFacts::default() });
        // The author of the title is unknown: it may be text that the user typed.
        if let Some(title) = session.title.text().filter(|&title| title != DEFAULT_TITLE) {
            record.title(&self.session, TitleRank::FirstPrompt, title);
        }
        self.total(session.usage.unwrap_or_default().usage(), record);
        session.history.each("messages", |place, item: Item<'_>| {
            record.source.place = SourcePosition::Entry(place);
            self.said(&item.message, record);
        })
    }
}

/// The title of a session before it has a name.
pub(super) const DEFAULT_TITLE: &str = "New Session";

impl SessionDocument {
    fn total(&self, usage: Usage, record: &mut Record<'_>) {
        if !usage.is_zero() {
            // Every reading has the same key: only the growth counts.
            let key = MessageKey::in_session(&self.session, "total");
            let response =
                ResponseCopy { context_used: Some(0), ..ResponseCopy::new(key, usage, self.modified) }.running();
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
    }

    fn said(&self, message: &Message<'_>, record: &mut Record<'_>) {
        let said = message.content.map(blocks).unwrap_or_default();
        if message.role.text() == Some("assistant") {
            record.agent_text(&self.session, || prose(&said));
        }
        if message.role.text() == Some("user")
            && let Some(words) = words(&said)
        {
            record.prompt(&self.session, Some(words));
            record.title(&self.session, TitleRank::LastPrompt, words);
        }
    }
}
