//! Sessions of Cline's CLI, and of its extension since 4.1: `sessions/<id>/<id>.json` describes a session, and
//! `<id>.messages.json` next to it holds its messages. A sub-agent's messages lie there under another name.

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason,
    Timestamp, TitleRank, ToolKey, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cost::embedded_cost;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::list::LazyList;
use crate::message_text::{Block, blocks, prose};
use crate::parse::{Count, LooseText, LooseTime, MAX_TEXT_CHARS, model_name, shortened};
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a session's description.
pub(super) struct Manifest {
    file: SourceFile,
    session: SessionKey,
}

impl Manifest {
    pub(super) fn new(client: ClientId, file: SourceFile, folder: &str) -> Self {
        Self { file, session: SessionKey::new(client, folder) }
    }
}

#[derive(Deserialize)]
struct ManifestDocument<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(borrow, default)]
    source: LooseText<'a>,
    #[serde(default)]
    started_at: LooseTime,
}

impl Decoder for Manifest {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let about: ManifestDocument<'_> = serde_json::from_slice(bytes)?;
        let facts = SessionFacts {
            cwd: about.cwd.text().and_then(directory),
            model: about.model.text().map(Into::into),
            origin: about.source.text().map(Into::into),
            started: about.started_at.0,
            ..SessionFacts::default()
        };
        Record::new(self.file, SourcePosition::Entry(0), about.started_at.0, out).facts(&self.session, facts);
        Ok(())
    }
}

/// Reads a session's messages.
pub(super) struct Messages {
    file: SourceFile,
    session: SessionKey,
    /// The session that a sub-agent belongs to.
    parent: Option<SessionKey>,
    opened: Timestamp,
    names: Interner,
}

impl Messages {
    /// `speaker` is the session itself or one of its sub-agents.
    pub(super) fn new(client: ClientId, source: &Source<'_>, folder: &str, speaker: &str) -> Self {
        let root = SessionKey::new(client, folder);
        let (session, parent) = if speaker == folder {
            (root, None)
        } else {
            // The id that Cline's own session list uses.
            (SessionKey::new(client, format!("{folder}__{speaker}")), Some(root))
        };
        Self { file: source.file(), session, parent, opened: source.modified, names: Interner::default() }
    }
}

#[derive(Deserialize)]
struct MessagesDocument<'a> {
    #[serde(borrow)]
    messages: LazyList<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(default)]
    ts: LooseTime,
    #[serde(borrow, default)]
    model_info: Option<ModelInfo<'a>>,
    #[serde(default)]
    metrics: Option<Metrics>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct ModelInfo<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    provider: LooseText<'a>,
}

/// The usage of one request.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Metrics {
    /// The whole prompt, for every provider.
    input_tokens: Count,
    output_tokens: Count,
    cache_read_tokens: Count,
    cache_write_tokens: Count,
    cost: Option<f64>,
}

impl Metrics {
    fn usage(self) -> Usage {
        let (cache_read, cache_write_5m) = (self.cache_read_tokens.0, self.cache_write_tokens.0);
        let input = self.input_tokens.0.saturating_sub(cache_read).saturating_sub(cache_write_5m);
        Usage { input, cache_read, cache_write_5m, output: self.output_tokens.0, ..Usage::default() }
    }
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    kind: LooseText<'a>,
}

impl Messages {
    fn message(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let said = message.content.map(blocks).unwrap_or_default();
        match message.role.text() {
            Some("user") => self.user(message, &said, record),
            Some("assistant") => self.assistant(message, &said, record),
            _ => {}
        }
    }

    fn user(&self, message: &Message<'_>, said: &[Block<'_>], record: &mut Record<'_>) {
        for block in said.iter().filter(|block| block.kind.text() == Some("tool_result")) {
            let Some(tool) = block.tool_use_id.text().map(|id| self.tool(id)) else { continue };
            let outcome = if block.is_error == Some(true) { Err(()) } else { Ok(()) };
            record.emit(&self.session, EventKind::ToolEnded { tool, outcome });
        }
        let kind = message.metadata.as_ref().and_then(|metadata| metadata.kind.text());
        if kind == Some("compaction_summary") {
            record.emit(&self.session, EventKind::Compacted);
        } else if self.parent.is_none()
            && let Some(words) = said.iter().filter_map(|block| block.text.text()).find_map(typed_text)
        {
            record.prompt(&self.session, Some(words));
            record.title(&self.session, TitleRank::LastPrompt, words);
        }
    }

    fn assistant(&mut self, message: &Message<'_>, said: &[Block<'_>], record: &mut Record<'_>) {
        record.agent_text(&self.session, || prose(said));
        if let Some(usage) = message.metrics.map(Metrics::usage).filter(|usage| !usage.is_zero()) {
            let id = message.id.text().map_or_else(|| format!("{:?}", message.ts.0), str::to_owned);
            let model = message.model_info.as_ref().and_then(|info| info.id.text());
            let provider = message.model_info.as_ref().and_then(|info| info.provider.text()).unwrap_or_default();
            let calls = said.iter().any(|block| block.kind.text() == Some("tool_use"));
            let response = ResponseCopy {
                id: message.id.text().map(Into::into),
                model: model.map(|model| self.names.get(&model_name(provider, model))),
                embedded_cost: embedded_cost(
                    self.session.client,
                    provider,
                    message.metrics.and_then(|metrics| metrics.cost),
                ),
                stop: Some(if calls { StopReason::ToolUse } else { StopReason::EndTurn }),
                ..ResponseCopy::new(MessageKey::in_session(&self.session, &id), usage, self.opened)
            };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        for block in said.iter().filter(|block| block.kind.text() == Some("tool_use")) {
            let (Some(id), Some(name)) = (block.id.text(), block.name.text()) else { continue };
            let name = self.names.get(shortened(name, MAX_TEXT_CHARS));
            record.emit(&self.session, EventKind::ToolStarted { tool: self.tool(id), name, target: None });
        }
    }

    fn tool(&self, id: &str) -> ToolKey {
        ToolKey::new(self.session.client, &format!("{} {id}", self.session.id))
    }
}

/// The text that the user typed. It stands in a tag, `user_input` or `user_command`, after mode notices; text in any
/// other tag was written by a program.
fn typed_text(text: &str) -> Option<&str> {
    let mut words = text.trim();
    loop {
        words = if let Some(rest) = words.strip_prefix("<mode_notice") {
            rest.split_once("</mode_notice>")?.1.trim_start()
        } else if words.starts_with("<user_input") || words.starts_with("<user_command") {
            let inner = words.split_once('>')?.1;
            let end = ["</user_input>", "</user_command>"].iter().find_map(|end| inner.split_once(end));
            end.map_or(inner, |(inner, _)| inner).trim()
        } else {
            return (!words.is_empty() && !words.starts_with('<')).then_some(words);
        };
    }
}

impl Decoder for Messages {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let said: MessagesDocument<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        record.facts(&self.session, SessionFacts { parent: self.parent.clone(), ..SessionFacts::default() });
        said.messages.each("messages", |place, message: Message<'_>| {
            record.at = message.ts.0;
            record.source.place = SourcePosition::Entry(place);
            self.message(&message, record);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::typed_text;

    #[test]
    fn typed_text_is_extracted_from_its_tags() {
        assert_eq!(typed_text("mend it"), Some("mend it"));
        assert_eq!(typed_text(r#"<user_input mode="act">mend it</user_input>"#), Some("mend it"));
        let noticed = r#"<user_input mode="plan"><mode_notice>now planning</mode_notice> mend it</user_input>"#;
        assert_eq!(typed_text(noticed), Some("mend it"));
        assert_eq!(typed_text(r#"<user_command slash="/test">all</user_command>"#), Some("all"));
        assert_eq!(typed_text("<user_input mode=\"act\">cut of"), Some("cut of"));
        for said in ["", "<environment>x</environment>", "<mode_notice>", "<user_input"] {
            assert_eq!(typed_text(said), None, "{said}");
        }
    }
}
