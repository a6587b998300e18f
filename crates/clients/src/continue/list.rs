//! `sessions.json`: the list of sessions, the only file with their creation times.

use agtop_model::{Event, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;

use super::id::ID;
use super::session::DEFAULT_TITLE;
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::list::LazyList;
use crate::parse::{LooseText, LooseTime};
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input};

/// Reads the list.
pub(super) struct SessionIndex {
    pub(super) file: SourceFile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexedSession<'a> {
    #[serde(borrow, default)]
    session_id: LooseText<'a>,
    #[serde(borrow, default)]
    title: LooseText<'a>,
    #[serde(borrow, default)]
    workspace_directory: LooseText<'a>,
    #[serde(default)]
    date_created: LooseTime,
}

impl Decoder for SessionIndex {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        serde_json::from_slice::<LazyList<'_>>(bytes)?.each("sessions", |place, entry: IndexedSession<'_>| {
            let Some(id) = entry.session_id.text().filter(|id| is_uuid(id)) else { return };
            let (session, started) = (SessionKey::new(ID, id), entry.date_created.0);
            let record = &mut Record::new(self.file, SourcePosition::Entry(place), started, out);
            let cwd = entry.workspace_directory.text().and_then(directory);
            record.facts(&session, SessionFacts { started, cwd, ..SessionFacts::default() });
            // The author of the title is unknown: it may be text that the user typed.
            if let Some(title) = entry.title.text().filter(|&title| title != DEFAULT_TITLE) {
                record.title(&session, TitleRank::FirstPrompt, title);
            }
        })
    }
}
