//! Continue, in editors and as `cn`: `~/.continue/sessions/<uuid>.json`, rewritten as a whole, beside a list of them.
//!
//! `$CONTINUE_GLOBAL_DIR` names another place. Sessions of `cn` tell what they used, as one running total; those of
//! editors do not. After Continue's own sources, see `docs/formats/continue.md`.

use std::path::Path;

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, Place, Role, SessionFacts, SessionKey, Timestamp, TitleRank, Turn, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile, response, sound};
use crate::facts::is_uuid;
use crate::looks::{Looks, Model};
use crate::parse::{Count, Loose};
use crate::paths::directory;
use crate::speech::{blocks, prose, words};
use crate::store::{file_stem, has_extension};
use crate::{
    Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, Presence, ProcFacts, Source, Store,
};

/// Continue.
pub(crate) struct Continue;

const ID: ClientId = ClientId::new("continue");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Continue",
    aliases: &[],
    danger_flags: &["--auto"],
    knowledge: Knowledge {
        tokens: Known::Partly("one running total a session of cn"),
        cache: Known::Partly("with the total"),
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Sessions of editors tell no tokens. Those of cn have one running total, estimated where a provider tells no usage.",
        "Costs are not read: for models that it does not know, Continue writes down an invented price. No model is named.",
        "Messages have no time of their own: a session is dated by when its file was last written.",
        "Which tools were called, and whether a turn is over, is not read.",
    ],
};

const LOOKS: Looks = Looks {
    programs: &["continue"],
    commands: &["cn"],
    packages: &["@continuedev/cli"],
    parts: &["continue-binary"],
    chores: &["login", "logout", "ls", "help"],
    model: Model::Option(&["--model"]),
    ..Looks::NONE
};

impl Client for Continue {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        LOOKS.role(process)
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (home, presence) = match env.dir("CONTINUE_GLOBAL_DIR") {
            Some(home) => (home, Presence::Named),
            None => (env.home.join(".continue"), Presence::Usual),
        };
        let store = Store::usual("sessions", home.join("sessions"), 1, is_session, Format::Document);
        vec![Store { presence, ..store }]
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let session = SessionKey::new(ID, file_stem(source.path));
        Box::new(Document { file: source.file(), session, modified: source.modified })
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--fork", "--session"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        LOOKS.model(process)
    }

    fn tells_turn_ends(&self) -> bool {
        false
    }
}

/// A session, not the list of them (`sessions.json`).
fn is_session(relative: &Path) -> bool {
    has_extension(relative, "json") && is_uuid(file_stem(relative))
}

/// Reads one session.
struct Document {
    file: SourceFile,
    session: SessionKey,
    modified: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    #[serde(borrow, default)]
    title: Loose<'a>,
    #[serde(borrow, default)]
    workspace_directory: Loose<'a>,
    #[serde(borrow, default)]
    history: Vec<&'a RawValue>,
    #[serde(default)]
    usage: Option<Total>,
}

/// What all requests of a session used together.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Total {
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_tokens_details: Option<Cached>,
}

/// Told with Anthropic's models alone, whose prompts do not hold them.
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
    role: Loose<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Decoder for Document {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Err(DecodeError::malformed("is not read as a whole")) };
        let session: Session<'_> = serde_json::from_slice(bytes)?;
        let (items, verdict) = sound::<Item<'_>>(&session.history, "messages");
        let record = &mut Record::new(self.file, Place::Entry(0), Some(self.modified), out);
        let cwd = session.workspace_directory.text().and_then(directory);
        record.facts(&self.session, SessionFacts { cwd, ..SessionFacts::default() });
        // Who made the title is not known: it may be the person's own words.
        if let Some(title) = session.title.text().filter(|&title| title != UNNAMED) {
            record.title(&self.session, TitleRank::FirstPrompt, title);
        }
        self.total(session.usage.unwrap_or_default().usage(), record);
        for (item, place) in items.iter().zip(0..) {
            record.source.place = Place::Entry(place);
            self.said(&item.message, record);
        }
        verdict
    }
}

/// What a session is called before it has a name.
const UNNAMED: &str = "New Session";

impl Document {
    fn total(&self, usage: Usage, record: &mut Record<'_>) {
        if !usage.is_zero() {
            // One key for every reading: what counts is by how much it grows.
            let key = MessageKey::in_session(&self.session, "total");
            let turn = Turn { context_used: Some(0), ..response(key, usage, self.modified) }.running();
            record.emit(&self.session, EventKind::Turn(Box::new(turn)));
        }
    }

    fn said(&self, message: &Message<'_>, record: &mut Record<'_>) {
        let said = message.content.map(blocks).unwrap_or_default();
        if message.role.text() == Some("assistant") {
            record.said(&self.session, || prose(&said));
        }
        if message.role.text() == Some("user")
            && let Some(words) = words(&said)
        {
            record.prompt(&self.session, Some(words));
            record.title(&self.session, TitleRank::LastPrompt, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MODIFIED, Tally, decode_document};

    const SESSION: &[u8] = include_bytes!("../../../fixtures/continue/2026-11/session.json");
    const OF_CN: &[u8] = include_bytes!("../../../fixtures/continue/2026-11/cn.json");
    const PATH: &str = "/home/u/.continue/sessions/6aaaaaaa-0000-4000-8000-000000000001.json";

    #[test]
    fn a_session_of_an_editor_is_known_without_tokens_and_dated_by_its_file() {
        let events = decode_document(&Continue, PATH, SESSION).unwrap();
        assert!(Tally::of(&events).turns.is_empty());
        assert!(events.iter().all(|event| event.at == Some(MODIFIED)));
        assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count(), 2);
    }

    #[test]
    fn a_session_of_cn_has_one_running_total_and_its_invented_cost_is_not_read() {
        let events = decode_document(&Continue, PATH, OF_CN).unwrap();
        let tally = Tally::of(&events);
        let expected = Usage { input: 900, cache_read: 4_000, cache_write_5m: 500, output: 70, ..Usage::default() };
        assert_eq!(tally.usage(), expected);
        let (_, turn) = tally.turns.values().next().unwrap();
        assert_eq!((turn.running_total().is_some(), turn.embedded_cost), (true, None));
        assert_eq!(Tally::of(events.iter().chain(&events)).usage(), expected, "a later reading takes its place");
    }

    #[test]
    fn its_directory_is_a_uri_or_a_path() {
        let cwd = |json: &str| {
            let events = decode_document(&Continue, PATH, json.as_bytes()).unwrap();
            events.into_iter().find_map(|event| match event.kind {
                EventKind::Facts(facts) => facts.cwd,
                _ => None,
            })
        };
        assert_eq!(cwd(r#"{"workspaceDirectory":"file:///home/u/a%20b"}"#), Some("/home/u/a b".into()));
        assert_eq!(cwd(r#"{"workspaceDirectory":"/home/u/shop"}"#), Some("/home/u/shop".into()));
        assert_eq!(cwd(r#"{"workspaceDirectory":""}"#), None);
    }

    #[test]
    fn the_list_of_sessions_is_no_session() {
        assert!(!is_session(Path::new("sessions.json")));
        assert!(is_session(Path::new("6aaaaaaa-0000-4000-8000-000000000001.json")));
    }

    #[test]
    fn a_broken_message_does_not_take_the_others_along() {
        let (_, mut decoder) = crate::testing::open(&Continue, &crate::testing::home(), PATH);
        let mut out = Vec::new();
        let json = br#"{"history":[7,{"message":{"role":"user","content":"hi"}}]}"#;
        assert!(decoder.feed(Input::Document(json), &mut out).is_err());
        assert!(out.iter().any(|event| matches!(event.kind, EventKind::Prompt { .. })));
    }
}
