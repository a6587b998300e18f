//! `agent-<id>.meta.json`, which describes the sub-agent next to it.

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, TitleRank};

use super::id::ID;
use super::lineage::{child_id, parent_in};
use super::wire::Meta;
use crate::decode::{Record, SourceFile};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a sub-agent's description.
pub(super) struct SubagentMeta {
    file: SourceFile,
    id: String,
    parent: Option<SessionKey>,
}

impl SubagentMeta {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let stem = file_stem(source.path);
        let id = stem.strip_suffix(".meta").unwrap_or(stem);
        let id = id.strip_prefix("agent-").unwrap_or(id).to_owned();
        Self { file: source.file(), id, parent: parent_in(source.relative) }
    }
}

impl Decoder for SubagentMeta {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let meta: Meta<'_> = serde_json::from_slice(bytes)?;
        let Some(parent) = &self.parent else { return Ok(()) };
        let session = SessionKey::new(ID, child_id(&parent.id, &self.id));
        let above = meta.parent_agent_id.as_deref().map(|agent| SessionKey::new(ID, child_id(&parent.id, agent)));
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        let facts = SessionFacts {
            parent: Some(above.unwrap_or_else(|| parent.clone())),
            origin: meta.agent_type.as_deref().map(Into::into),
            ..SessionFacts::default()
        };
        record.emit(&session, EventKind::Facts(Box::new(facts)));
        if let Some(description) = &meta.description {
            record.title(&session, TitleRank::Generated, description);
        }
        Ok(())
    }
}
