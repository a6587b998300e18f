//! Antigravity CLI: `~/.gemini/antigravity-cli/brain/<session>/` holds what an agent wrote down for its person, such as
//! plans. Conversations are not in it, and neither are tokens. (Seen by others; see `docs/formats/antigravity.md`.)

use std::path::Path;

use agtop_model::{ClientId, Event, FileId, Place, Role, SessionFacts, SessionKey, Timestamp};

use crate::decode::Record;
use crate::facts::is_uuid;
use crate::looks::{Looks, Model};
use crate::store::has_extension;
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, ProcFacts, Source, Store};

/// Antigravity CLI.
pub(crate) struct Antigravity;

const ID: ClientId = ClientId::new("antigravity");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Antigravity CLI",
    aliases: &["agy"],
    danger_flags: &["--dangerously-skip-permissions"],
    knowledge: Knowledge::NONE,
    blind_spots: &[
        "Tokens, models and costs are not in its files: they are unknown, not nothing.",
        "Of a session only its id and when its notes last changed are known: conversations are not read.",
    ],
};

const LOOKS: Looks = Looks {
    programs: &["agy"],
    chores: &["install", "plugin", "plugins", "update", "changelog", "help"],
    model: Model::Option(&["--model"]),
    ..Looks::NONE
};

impl Client for Antigravity {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        LOOKS.role(process)
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = env.home.join(".gemini/antigravity-cli/brain");
        vec![Store::usual("notes", root, 2, is_note, Format::Document)]
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let id = session_of(source.relative).unwrap_or_default();
        Box::new(Note { file: source.file, session: SessionKey::new(ID, id), modified: source.modified })
    }

    fn session_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        LOOKS.model(process)
    }

    fn tells_turn_ends(&self) -> bool {
        false
    }
}

fn session_of(relative: &Path) -> Option<&str> {
    relative.parent()?.to_str().filter(|id| is_uuid(id))
}

/// `<session>/<name>.md`.
fn is_note(relative: &Path) -> bool {
    session_of(relative).is_some() && has_extension(relative, "md")
}

/// A note, of which only its being there is told.
struct Note {
    file: FileId,
    session: SessionKey,
    modified: Timestamp,
}

impl Decoder for Note {
    /// Nothing in it tells when it was written but the file itself.
    fn feed(&mut self, _: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        Record::new(self.file, Place::Entry(0), Some(self.modified), out).facts(&self.session, SessionFacts::default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::EventKind;

    use super::*;
    use crate::testing::{MODIFIED, Tally, decode_document};

    const PLAN: &[u8] = include_bytes!("../../../fixtures/antigravity/2026-11/implementation_plan.md");
    const SESSION: &str = "4aaaaaaa-0000-4000-8000-000000000001";

    #[test]
    fn a_session_is_known_without_tokens() {
        let path = format!("/home/u/.gemini/antigravity-cli/brain/{SESSION}/implementation_plan.md");
        let events = decode_document(&Antigravity, &path, PLAN).unwrap();
        assert!(Tally::of(&events).turns.is_empty());
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert!(matches!(event.kind, EventKind::Facts(_)));
        assert_eq!((&*event.session.id, event.at), (SESSION, Some(MODIFIED)));
    }

    #[test]
    fn only_notes_of_sessions_are_read() {
        assert!(is_note(Path::new(&format!("{SESSION}/task.md"))));
        for path in ["task.md", "tempmediaStorage/x.md", "4aaaaaaa-0000-4000-8000-000000000001/shot.png"] {
            assert!(!is_note(Path::new(path)), "{path}");
        }
    }
}
