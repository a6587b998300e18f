//! `sessions.json`: the list of sessions, which alone tells when each was created.

use agtop_model::{Event, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;

use super::ID;
use super::session::UNNAMED;
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::list::List as Entries;
use crate::parse::{Loose, Moment};
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input};

/// Reads the list.
pub(super) struct List {
    pub(super) file: SourceFile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    session_id: Loose<'a>,
    #[serde(borrow, default)]
    title: Loose<'a>,
    #[serde(borrow, default)]
    workspace_directory: Loose<'a>,
    #[serde(default)]
    date_created: Moment,
}

impl Decoder for List {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Err(DecodeError::malformed("is not read as a whole")) };
        serde_json::from_slice::<Entries<'_>>(bytes)?.each("sessions", |place, entry: Entry<'_>| {
            let Some(id) = entry.session_id.text().filter(|id| is_uuid(id)) else { return };
            let (session, started) = (SessionKey::new(ID, id), entry.date_created.0);
            let record = &mut Record::new(self.file, SourcePosition::Entry(place), started, out);
            let cwd = entry.workspace_directory.text().and_then(directory);
            record.facts(&session, SessionFacts { started, cwd, ..SessionFacts::default() });
            // Who made the title is not known: it may be the user's own words.
            if let Some(title) = entry.title.text().filter(|&title| title != UNNAMED) {
                record.title(&session, TitleRank::FirstPrompt, title);
            }
        })
    }
}
