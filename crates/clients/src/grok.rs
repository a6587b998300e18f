//! Grok CLI: `~/.grok/sessions/<directory, percent-encoded>/<session>/chat_history.jsonl`. No tokens are written.
//! (Seen by others; see `docs/formats/grok.md`.)

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, Event, EventKind, FileId, Place, Role, SessionFacts, SessionKey, TitleRank};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::Record;
use crate::facts::is_uuid;
use crate::looks::{Looks, MODEL};
use crate::parse::{Loose, Moment};
use crate::paths::percent_decoded;
use crate::speech::{blocks, words};
use crate::store::file_name;
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, ProcFacts, Source, Store};

/// Grok CLI.
pub(crate) struct Grok;

const ID: ClientId = ClientId::new("grok");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Grok CLI",
    aliases: &[],
    danger_flags: &[],
    knowledge: Knowledge::NONE,
    blind_spots: &[
        "Tokens, models and costs are not in its files: they are unknown, not nothing.",
        "How tools are called in its files is unconfirmed: they are not read, and neither is when a turn ends.",
    ],
};

const LOOKS: Looks = Looks {
    // A tool for patterns in logs has the name, too.
    installed: &[(".grok", "grok")],
    commands: &["grok"],
    packages: &["@vibe-kit/grok-cli"],
    chores: &["mcp", "login", "logout", "update", "help"],
    model: MODEL,
    ..Looks::NONE
};

impl Client for Grok {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        LOOKS.role(process)
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = env.home.join(".grok/sessions");
        vec![Store::usual("sessions", root, 3, |path| file_name(path) == "chat_history.jsonl", Format::Lines)]
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(History::new(source))
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["-s", "--session", "-r", "--resume"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        LOOKS.model(process)
    }

    fn tells_turn_ends(&self) -> bool {
        false
    }
}

/// Reads what was said in a session.
struct History {
    file: FileId,
    session: SessionKey,
    /// From the directory's name, until it is told.
    cwd: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Line<'a> {
    /// Who speaks; some write it as `type`.
    #[serde(borrow, default)]
    role: Loose<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(default)]
    timestamp: Moment,
}

impl History {
    fn new(source: &Source<'_>) -> Self {
        let id = source.path.parent().map(file_name).unwrap_or_default();
        let above = source.relative.iter().next().and_then(|name| name.to_str());
        let cwd = above.and_then(percent_decoded).map(PathBuf::from).filter(|path| is_whole(path));
        Self { file: source.file, session: SessionKey::new(ID, id), cwd }
    }
}

/// A name that was not made of a path is no directory. Windows' paths begin with a drive.
fn is_whole(path: &Path) -> bool {
    path.has_root() || path.to_str().is_some_and(|path| path.get(1..3).is_some_and(|drive| drive == ":\\"))
}

impl Decoder for History {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else { return Err(DecodeError::malformed("is not read by line")) };
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, Place::Byte(offset), line.timestamp.0, out);
        if let Some(cwd) = self.cwd.take() {
            let facts = SessionFacts { cwd: Some(cwd), started: line.timestamp.0, ..SessionFacts::default() };
            record.facts(&self.session, facts);
        }
        if line.role.text().or(line.kind.text()) == Some("user") {
            let said = line.content.map(blocks).unwrap_or_default();
            if let Some(words) = words(&said) {
                record.emit(&self.session, EventKind::Prompt);
                record.title(&self.session, TitleRank::LastPrompt, words);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_lines};

    const HISTORY: &[u8] = include_bytes!("../../../fixtures/grok/2026-11/chat_history.jsonl");
    const PATH: &str =
        "/home/u/.grok/sessions/%2Fhome%2Fu%2Fa%20shop/5aaaaaaa-0000-4000-8000-000000000001/chat_history.jsonl";

    fn events() -> Vec<Event> {
        let (events, errors) = decode_lines(&Grok, PATH, HISTORY);
        assert_eq!(errors, []);
        events
    }

    #[test]
    fn the_directory_is_in_the_name_with_its_escapes_undone() {
        let cwd = events().into_iter().find_map(|event| match event.kind {
            EventKind::Facts(facts) => facts.cwd,
            _ => None,
        });
        assert_eq!(cwd, Some("/home/u/a shop".into()));
        assert!(is_whole(Path::new("C:\\work")) && !is_whole(Path::new("work")));
    }

    #[test]
    fn there_are_prompts_and_no_tokens() {
        let events = events();
        assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt)).count(), 2);
        assert!(Tally::of(&events).turns.is_empty());
        assert!(events.iter().all(|event| &*event.session.id == "5aaaaaaa-0000-4000-8000-000000000001"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..HISTORY.len()) {
            let mut text = HISTORY.to_vec();
            text.splice(at..at, noise);
            decode_lines(&Grok, PATH, &text);
        }
    }
}
