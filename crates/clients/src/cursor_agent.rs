//! Cursor, its CLI and its editor. Neither writes down tokens or costs: those are a gap, and nothing is guessed.
//!
//! The CLI keeps a database for each chat, `~/.cursor/chats/<md5 of the directory>/<uuid>/store.db`, beside it the
//! directory in `meta.json`, and a transcript, `~/.cursor/projects/<directory>/agent-transcripts/<uuid>/<uuid>.jsonl`.
//! The editor keeps all conversations in `User/globalStorage/state.vscdb`. All undocumented, and as others have seen it:
//! see `docs/formats/cursor-agent.md`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, Event, EventKind, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::names::Names;
use crate::parse::{Loose, Moment};
use crate::paths::{directory, md5_of};
use crate::signature::{MODEL, ProcessSignature};
use crate::speech::{blocks, prose, words};
use crate::store::{file_name, file_stem, has_extension};
use crate::{
    Client, ClientInfo, DecodeError, Decoder, Env, Format, Holds, Input, Knowledge, Presence, ProcFacts, Source, Store,
    Table,
};

/// Cursor.
pub(crate) struct CursorAgent;

const ID: ClientId = ClientId::new("cursor-agent");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Cursor",
    aliases: &["cursor"],
    danger_flags: &["--force", "-f", "--yolo"],
    knowledge: Knowledge::NONE,
    blind_spots: &[
        "Tokens and costs are not on this machine: Cursor's own site tells them.",
        "The directory of a chat is a hash in its path: it is known if newer releases told it beside the chat, or if it \
         was trusted.",
        "Tools, sub-agents and questions for permission are not read.",
        "Conversations that the editor keeps in one piece larger than a megabyte are left out.",
    ],
};

// Its launcher replaces itself with a Node.js of its own, under the name that it was called by: `cursor-agent` or, since
// 2026, `agent`.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["cursor-agent"],
    installed: &[("cursor-agent", "node")],
    chores: &["login", "logout", "status", "whoami", "about", "update", "mcp", "models", "worker-server", "help"],
    model: MODEL,
    ..ProcessSignature::NONE
};

static CHAT: &[Table] =
    &[Table { name: "meta", columns: &["key", "value"], filter: Some("key = '0'"), holds: Holds::Records }];

/// The bounds leave the search to the index that the key has: the table holds every message ever.
static CONVERSATIONS: &[Table] = &[Table {
    name: "cursorDiskKV",
    columns: &["key", "value"],
    filter: Some("key >= 'composerData:' AND key < 'composerData;' AND length(value) < 1000000"),
    holds: Holds::Records,
}];

impl Client for CursorAgent {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (data, presence) = match env.dir("CURSOR_DATA_DIR") {
            Some(data) => (data, Presence::Named),
            None => (env.home.join(".cursor"), Presence::Usual),
        };
        let store = |layout, below, depth, accepts, format| Store {
            presence,
            ..Store::usual(layout, data.join(below), depth, accepts, format)
        };
        let is_database = |path: &Path| file_name(path) == "store.db";
        let mut stores = vec![
            store("chats", "chats", 3, is_database as fn(&Path) -> bool, Format::Sqlite(CHAT)),
            store("directories of chats", "chats", 3, is_chat_directory, Format::Document),
            store("transcripts", "projects", 4, is_transcript, Format::Lines),
            store("trusted directories", "projects", 2, is_trusted_directory, Format::Document),
        ];
        stores.extend(env.desktop_homes().map(|home| {
            let root = home.join("Cursor/User/globalStorage");
            let is_state = |path: &Path| path == Path::new("state.vscdb");
            Store::usual("conversations", root, 1, is_state, Format::Sqlite(CONVERSATIONS))
        }));
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Sqlite(_) => Box::new(Rows {
                file: source.file(),
                chat: source.path.parent().map(file_name).filter(|id| is_uuid(id)).map(Into::into),
                project: source.relative.iter().next().and_then(|hash| hash.to_str()).map(Into::into),
            }),
            Format::Document if store.layout == "directories of chats" => {
                let chat = source.path.parent().map(file_name).unwrap_or_default();
                Box::new(ChatDirectory { file: source.file(), session: SessionKey::new(ID, chat) })
            }
            Format::Document => {
                let project = source.path.parent().map(file_name).unwrap_or_default();
                Box::new(TrustedDirectory { file: source.file(), project: project.into() })
            }
            Format::Lines => Box::new(Transcript {
                file: source.file(),
                session: SessionKey::new(ID, file_stem(source.path)),
                project: source.relative.iter().next().and_then(|name| name.to_str()).map(Into::into),
                names: Names::default(),
                model: None,
                is_new: true,
            }),
        }
    }

    fn project_name(&self, directory: &Path) -> Option<Arc<str>> {
        md5_of(directory)
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--resume"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn tells_turn_ends(&self) -> bool {
        false
    }
}

/// `<directory>/agent-transcripts/<uuid>/<uuid>.jsonl`.
fn is_transcript(relative: &Path) -> bool {
    let above = relative.parent().and_then(Path::parent).map(file_name);
    above == Some("agent-transcripts") && has_extension(relative, "jsonl")
}

/// `<hash>/<uuid>/meta.json`.
fn is_chat_directory(relative: &Path) -> bool {
    file_name(relative) == "meta.json" && relative.parent().is_some_and(|chat| is_uuid(file_name(chat)))
}

/// `<directory>/.workspace-trusted`.
fn is_trusted_directory(relative: &Path) -> bool {
    file_name(relative) == ".workspace-trusted"
}

fn document(input: Input<'_>) -> Result<&[u8], DecodeError> {
    match input {
        Input::Document(bytes) => Ok(bytes),
        _ => Err(DecodeError::malformed("is not read as a whole")),
    }
}

/// Reads what newer releases keep beside a chat's database: the directory it works in.
struct ChatDirectory {
    file: SourceFile,
    session: SessionKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beside<'a> {
    #[serde(borrow, default)]
    cwd: Loose<'a>,
    #[serde(default)]
    created_at_ms: Moment,
}

impl Decoder for ChatDirectory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let told: Beside<'_> = serde_json::from_slice(document(input)?)?;
        let started = told.created_at_ms.0;
        let cwd = told.cwd.text().and_then(directory);
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), started, out);
        record.facts(&self.session, SessionFacts { cwd, started, ..SessionFacts::default() });
        Ok(())
    }
}

/// Reads what is written once a directory is trusted: its path, for which chats have a hash, and transcripts a name that
/// others may share.
struct TrustedDirectory {
    file: SourceFile,
    /// The name that transcripts have for it.
    project: Arc<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trusted<'a> {
    #[serde(borrow, default)]
    workspace_path: Loose<'a>,
}

impl Decoder for TrustedDirectory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let told: Trusted<'_> = serde_json::from_slice(document(input)?)?;
        let Some(path) = told.workspace_path.text() else { return Ok(()) };
        let Some(root) = directory(path) else { return Ok(()) };
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        let mut emit = |project, root: PathBuf| {
            record.emit(&SessionKey::new(ID, ""), EventKind::ProjectRoot { project, root });
        };
        if let Some(hash) = md5_of(&root) {
            emit(hash, root.clone());
        }
        emit(Arc::clone(&self.project), root);
        Ok(())
    }
}

/// Reads a chat's database, or the editor's.
struct Rows {
    file: SourceFile,
    /// The chat whose directory the database lies in.
    chat: Option<Arc<str>>,
    /// The hash that stands for the chat's directory.
    project: Option<Arc<str>>,
}

/// What is known of a chat: once of the CLI's, once of the editor's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    #[serde(borrow, default)]
    name: Loose<'a>,
    #[serde(default)]
    created_at: Moment,
    #[serde(borrow, default)]
    last_used_model: Loose<'a>,
    #[serde(borrow, default)]
    status: Loose<'a>,
}

impl Rows {
    fn chat(&self, id: &Arc<str>, hex: &[u8], record: &mut Record<'_>) -> Result<(), DecodeError> {
        let json = unhexed(hex).ok_or_else(|| DecodeError::malformed("a description that is not hexadecimal"))?;
        let description: Description<'_> = serde_json::from_slice(&json)?;
        let model = description.last_used_model.text().map(Into::into);
        let facts = SessionFacts { model, project: self.project.clone(), ..SessionFacts::default() };
        describe(&SessionKey::new(ID, Arc::clone(id)), &description, facts, record);
        Ok(())
    }

    fn conversation(key: &str, json: &[u8], record: &mut Record<'_>) -> Result<(), DecodeError> {
        let Some(id) = key.strip_prefix("composerData:") else { return Ok(()) };
        let description: Description<'_> = serde_json::from_slice(json)?;
        let session = SessionKey::new(ID, id);
        let facts = SessionFacts { origin: Some("editor".into()), ..SessionFacts::default() };
        describe(&session, &description, facts, record);
        if matches!(description.status.text(), Some("completed" | "aborted")) {
            record.emit(&session, EventKind::TurnEnded);
        }
        Ok(())
    }
}

fn describe(session: &SessionKey, description: &Description<'_>, facts: SessionFacts, record: &mut Record<'_>) {
    record.at = description.created_at.0;
    record.facts(session, SessionFacts { started: description.created_at.0, ..facts });
    if let Some(name) = description.name.text().filter(|&name| name != UNNAMED) {
        record.title(session, TitleRank::Generated, name);
    }
}

/// What a chat is called before it has a name.
const UNNAMED: &str = "New Agent";

impl Decoder for Rows {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Row { table, rowid, cells } = input else {
            return Err(DecodeError::malformed("a database that is read as text"));
        };
        let &[key, value] = cells else {
            return Err(DecodeError::malformed("a row of other columns than were asked for"));
        };
        let Some(value) = value.bytes() else { return Ok(()) };
        let record = &mut Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match (key.text(), &self.chat) {
            (Some("0"), Some(id)) => self.chat(id, value, record),
            (Some(key), _) => Self::conversation(key, value, record),
            (None, _) => Ok(()),
        }
    }
}

/// Bytes of which each is written as two digits.
fn unhexed(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// Reads a transcript of the CLI.
struct Transcript {
    file: SourceFile,
    session: SessionKey,
    /// The name that stands for its directory.
    project: Option<Arc<str>>,
    names: Names,
    model: Option<Arc<str>>,
    is_new: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow, default)]
    role: Loose<'a>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(default)]
    created_at: Moment,
    #[serde(borrow, default)]
    model_id: Loose<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Decoder for Transcript {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else { return Err(DecodeError::malformed("is not read by line")) };
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.created_at.0, out);
        let model = line.model_id.text().map(|model| self.names.get(model));
        if self.is_new || (model.is_some() && model != self.model) {
            let started = line.created_at.0.filter(|_| self.is_new);
            let project = self.project.take();
            let facts = SessionFacts { project, started, model: model.clone(), ..SessionFacts::default() };
            record.facts(&self.session, facts);
            self.is_new = false;
            self.model = model;
        }
        let content = line.message.as_ref().and_then(|message| message.content);
        if line.role.text() == Some("assistant") {
            record.said(&self.session, || prose(&content.map(blocks).unwrap_or_default()).map(str::to_owned));
        }
        if line.role.text() == Some("user") {
            let said = content.map(blocks).unwrap_or_default();
            if let Some(words) = words(&said) {
                record.prompt(&self.session, Some(words));
                record.title(&self.session, TitleRank::LastPrompt, words);
            }
        }
        if line.kind.text() == Some("turn_ended") {
            record.emit(&self.session, EventKind::TurnEnded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_document, decode_lines, decode_rows, fixture_rows, home, open, process};

    const TRANSCRIPT: &[u8] = include_bytes!("../../../fixtures/cursor-agent/2026-11/transcript.jsonl");
    const CHAT_ROWS: &str = include_str!("../../../fixtures/cursor-agent/2026-11/chat.json");
    const STATE_ROWS: &str = include_str!("../../../fixtures/cursor-agent/2026-11/state.json");
    const BESIDE: &[u8] = include_bytes!("../../../fixtures/cursor-agent/2026-11/meta.json");
    const TRUSTED: &[u8] = include_bytes!("../../../fixtures/cursor-agent/2026-11/workspace-trusted.json");
    const UUID: &str = "7aaaaaaa-0000-4000-8000-000000000001";

    fn transcript() -> Vec<Event> {
        let path = format!("/home/u/.cursor/projects/home-u-shop/agent-transcripts/{UUID}/{UUID}.jsonl");
        let (events, errors) = decode_lines(&CursorAgent, &path, TRANSCRIPT);
        assert_eq!(errors, []);
        events
    }

    fn chat() -> Vec<Event> {
        let path = format!("/home/u/.cursor/chats/0123456789abcdef0123456789abcdef/{UUID}/store.db");
        decode_rows(&CursorAgent, &path, &fixture_rows(&CursorAgent, &path, CHAT_ROWS))
    }

    fn state() -> Vec<Event> {
        let path = "/home/u/.config/Cursor/User/globalStorage/state.vscdb";
        decode_rows(&CursorAgent, path, &fixture_rows(&CursorAgent, path, STATE_ROWS))
    }

    fn facts(events: &[Event]) -> &SessionFacts {
        events
            .iter()
            .find_map(|event| if let EventKind::Facts(facts) = &event.kind { Some(&**facts) } else { None })
            .unwrap()
    }

    #[test]
    fn the_description_of_a_chat_is_json_in_hexadecimal() {
        let events = chat();
        assert_eq!(facts(&events).model.as_deref(), Some("claude-opus-4-8"));
        assert_eq!(facts(&events).project.as_deref(), Some("0123456789abcdef0123456789abcdef"));
        assert!(events.iter().all(|event| &*event.session.id == UUID));
        assert_eq!(unhexed(b"7b7"), None);
    }

    #[test]
    fn chat_and_transcript_are_one_session() {
        assert_eq!(chat()[0].session, transcript()[0].session);
    }

    #[test]
    fn a_transcript_tells_prompts_and_models() {
        let events = transcript();
        assert_eq!(facts(&events).model, None);
        assert!(events.iter().any(|event| matches!(&event.kind, EventKind::Facts(facts) if facts.model.is_some())));
        let titles: Vec<_> = events
            .iter()
            .filter_map(|event| if let EventKind::Title(title) = &event.kind { Some(title.text.raw()) } else { None })
            .collect();
        assert_eq!(titles, ["mend the basket"]);
    }

    #[test]
    fn conversations_of_the_editor_tell_whether_they_are_over() {
        let events = state();
        let over: Vec<_> = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::TurnEnded))
            .map(|event| &*event.session.id)
            .collect();
        assert_eq!(over, ["c-done"]);
        assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Facts(_))).count(), 2);
    }

    #[test]
    fn tokens_are_never_guessed() {
        let events: Vec<Event> = [transcript(), chat(), state()].concat();
        assert!(Tally::of(&events).turns.is_empty());
    }

    #[test]
    fn a_directory_told_as_a_hash_or_with_dashes_is_not_guessed() {
        for events in [transcript(), chat(), state()] {
            assert!(events.iter().all(|event| !matches!(&event.kind, EventKind::Facts(facts) if facts.cwd.is_some())));
        }
    }

    #[test]
    fn a_file_beside_a_chat_tells_its_directory() {
        let path = format!("/home/u/.cursor/chats/0123456789abcdef0123456789abcdef/{UUID}/meta.json");
        let events = decode_document(&CursorAgent, &path, BESIDE).unwrap();
        assert_eq!(events[0].session, chat()[0].session);
        assert_eq!(facts(&events).cwd, Some("/home/u/shop".into()));
        assert_eq!(facts(&events).started.map(agtop_model::Timestamp::as_millis), Some(1_795_000_000_000));
        assert!(!is_chat_directory(Path::new("0123/meta.json")));
    }

    #[test]
    fn a_trusted_directory_has_a_hash_and_a_name() {
        let path = "/home/u/.cursor/projects/home-u-shop/.workspace-trusted";
        let events = decode_document(&CursorAgent, path, TRUSTED).unwrap();
        let roots: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::ProjectRoot { project, root } => Some((&**project, root.to_str().unwrap())),
                _ => None,
            })
            .collect();
        // echo -n /home/u/shop | md5sum
        assert_eq!(roots, [("5827bd1b3f7dfa2ca189030668f6042c", "/home/u/shop"), ("home-u-shop", "/home/u/shop")]);
        assert_eq!(facts(&transcript()).project.as_deref(), Some("home-u-shop"));
    }

    #[test]
    fn a_transcript_may_tell_that_a_turn_ended() {
        let ends = |events: &[Event]| events.iter().filter(|e| matches!(e.kind, EventKind::TurnEnded)).count();
        assert_eq!(ends(&transcript()), 1);
    }

    #[test]
    fn another_data_directory_is_read_instead() {
        let mut env = home();
        env.vars.insert("CURSOR_DATA_DIR".into(), "/cursor".into());
        open(&CursorAgent, &env, &format!("/cursor/chats/0123/{UUID}/store.db"));
    }

    #[test]
    fn only_a_uuid_on_the_command_line_names_a_chat() {
        let named = |argv: &[&str]| CursorAgent.session_argument(&ProcFacts::new(&process("cursor-agent", argv, "")));
        assert_eq!(named(&["cursor-agent", "--resume", UUID]).as_deref(), Some(UUID));
        assert_eq!(named(&["cursor-agent", "--resume"]), None);
        assert_eq!(named(&["cursor-agent", "--resume=last"]), None);
    }

    #[test]
    fn the_editor_has_its_place_on_every_system() {
        let mut env = home();
        env.vars.insert("APPDATA".into(), "/c/Roaming".into());
        let roots: Vec<_> = CursorAgent.stores(&env).into_iter().map(|store| store.root).collect();
        for home in ["/home/u/.config", "/home/u/Library/Application Support", "/c/Roaming"] {
            assert!(roots.contains(&Path::new(home).join("Cursor/User/globalStorage")), "{home}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_digits_never_panic(digits in prop::collection::vec(any::<u8>(), 0..50)) {
            unhexed(&digits);
        }

        #[test]
        fn arbitrary_documents_never_panic(noise in prop::collection::vec(any::<u8>(), 0..50), at in 0..30_usize) {
            let beside = format!("/home/u/.cursor/chats/0123/{UUID}/meta.json");
            for (path, seed) in [(&*beside, BESIDE), ("/home/u/.cursor/projects/a/.workspace-trusted", TRUSTED)] {
                let mut text = seed.to_vec();
                text.splice(at..at, noise.iter().copied());
                let _ = decode_document(&CursorAgent, path, &text);
            }
        }
    }
}
