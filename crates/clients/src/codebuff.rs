//! Codebuff, formerly Manicode: `~/.config/manicode*/projects/<project>/chats/<time>/chat-messages.json`, rewritten as
//! a whole. Source for layout and names: ccusage's adapter; see `docs/formats/codebuff.md`.

use std::path::{Path, PathBuf};

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, Usage, UsageExtent,
};
use serde::Deserialize;

use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::list::LazyList;
use crate::parse::{Count, LooseText, LooseTime, rfc3339};
use crate::paths::directory;
use crate::signature::ProcessSignature;
use crate::store::file_name;
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, ProcFacts, Source, Store};

/// Codebuff.
pub(crate) struct Codebuff;

const ID: ClientId = ClientId::new("codebuff");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Codebuff",
    aliases: &["manicode"],
    danger_flags: &[],
    knowledge: Knowledge {
        tokens: Known::Partly("of messages that state their usage"),
        cost: Known::Partly("where the model is named"),
        cache: Known::Partly("of messages that state it"),
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Codebuff writes down credits, which are no dollars: its costs are computed from tokens.",
        "Messages without usage are a gap: their tokens are unknown, and nothing is made of their credits.",
        "Whether its input includes what was read from a cache is unconfirmed: it is taken not to.",
        "Since late 2025 its sources record no usage of messages: then a chat records credits alone.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["codebuff"],
    node_commands: &["codebuff"],
    npm_packages: &["codebuff"],
    helper_subcommands: &["login", "publish", "help"],
    ..ProcessSignature::NONE
};

/// The program's directory and those of its previews, in the configuration directory.
const HOME_NAMES: &[&str] = &["manicode", "manicode-dev", "manicode-staging"];

const MESSAGES_FILE: &str = "chat-messages.json";
const RUN_STATE_FILE: &str = "run-state.json";

impl Client for Codebuff {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = |name: &&str| env.home.join(".config").join(name).join("projects");
        let stores = |root: PathBuf| {
            let store = |layout, accepts| Store::usual(layout, root.clone(), 4, accepts, Format::Document);
            [
                store(STATES_LAYOUT, |path| is_of_chat(path, RUN_STATE_FILE)),
                store("chats", |path| is_of_chat(path, MESSAGES_FILE)),
            ]
        };
        HOME_NAMES.iter().map(root).flat_map(stores).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let chat = source.path.parent().map(file_name).unwrap_or_default();
        if store.layout == STATES_LAYOUT {
            return Box::new(State { file: source.file(), session: SessionKey::new(ID, chat) });
        }
        let started = time_of_name(chat);
        Box::new(Chat {
            file: source.file(),
            session: SessionKey::new(ID, chat),
            started,
            opened: started.unwrap_or(source.modified),
            names: Interner::default(),
        })
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["--continue"]).filter(|id| time_of_name(id).is_some()).map(str::to_owned)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

const STATES_LAYOUT: &str = "states of chats";

/// `<project>/chats/<time>/<name>`.
fn is_of_chat(relative: &Path, name: &str) -> bool {
    let parts: Vec<_> = relative.iter().collect();
    matches!(parts.as_slice(), [_, chats, _, file] if *chats == "chats" && *file == name)
}

/// Reads the directory of a chat from the agent's saved state.
struct State {
    file: SourceFile,
    session: SessionKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunState<'a> {
    #[serde(borrow, default)]
    session_state: Option<SessionState<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionState<'a> {
    #[serde(borrow, default)]
    file_context: Option<FileContext<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileContext<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    #[serde(borrow, default)]
    project_root: LooseText<'a>,
}

impl Decoder for State {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let state: RunState<'_> = serde_json::from_slice(bytes)?;
        let Some(context) = state.session_state.and_then(|state| state.file_context) else { return Ok(()) };
        let cwd = [&context.cwd, &context.project_root].into_iter().filter_map(|cwd| cwd.text()).find_map(directory);
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        record.facts(&self.session, SessionFacts { cwd, ..SessionFacts::default() });
        Ok(())
    }
}

/// The start time in a chat's name, `2026-11-18T11-06-40.000Z`: it has dashes, because file names cannot have colons.
fn time_of_name(name: &str) -> Option<Timestamp> {
    let (day, time) = name.split_once('T')?;
    rfc3339(&format!("{day}T{}", time.replace('-', ":")))
}

/// Reads one chat.
struct Chat {
    file: SourceFile,
    session: SessionKey,
    started: Option<Timestamp>,
    opened: Timestamp,
    names: Interner,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    /// The role: `user`, `ai`, `agent`, `error`; older messages have a `role` instead.
    #[serde(borrow, default)]
    variant: LooseText<'a>,
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    content: LooseText<'a>,
    /// Some messages hold only a time of day, which is not used.
    #[serde(default)]
    timestamp: LooseTime,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(default)]
    usage: Option<MessageUsage>,
}

/// The usage of a message, in either of two spellings.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct MessageUsage {
    #[serde(rename = "inputTokens", alias = "input_tokens")]
    input: Count,
    #[serde(rename = "outputTokens", alias = "output_tokens")]
    output: Count,
    #[serde(rename = "cacheReadInputTokens", alias = "cache_read_input_tokens")]
    cache_read: Count,
    #[serde(rename = "cacheCreationInputTokens", alias = "cache_creation_input_tokens")]
    cache_creation: Count,
}

impl MessageUsage {
    fn usage(self) -> Usage {
        Usage {
            input: self.input.0,
            cache_read: self.cache_read.0,
            cache_write_5m: self.cache_creation.0,
            output: self.output.0,
            ..Usage::default()
        }
    }
}

impl Chat {
    fn message(&mut self, message: &Message<'_>, n: u32, record: &mut Record<'_>) {
        match message.variant.text().or(message.role.text()) {
            Some("user") => {
                record.prompt(&self.session, message.content.text());
                if let Some(words) = message.content.text() {
                    record.title(&self.session, TitleRank::LastPrompt, words);
                }
            }
            Some("ai") => record.agent_text(&self.session, || message.content.text()),
            Some("error") => record.emit(&self.session, EventKind::Error("unknown".into())),
            _ => {}
        }
        let Some(metadata) = &message.metadata else { return };
        let usage = metadata.usage.unwrap_or_default().usage();
        if usage.is_zero() {
            return;
        }
        let id = message.id.text();
        let key = id.map_or_else(|| format!("number {n}"), str::to_owned);
        let response = ResponseCopy {
            id: id.map(Into::into),
            model: metadata.model.text().map(|model| self.names.get(model)),
            // A response takes several requests, including those of sub-agents; their number is not recorded.
            extent: UsageExtent::Sum,
            context_used: Some(0),
            ..ResponseCopy::new(MessageKey::in_session(&self.session, &key), usage, self.opened)
        };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }
}

impl Decoder for Chat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let messages: LazyList<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), self.started, out);
        record.facts(&self.session, SessionFacts { started: self.started, ..SessionFacts::default() });
        messages.each("messages", |n, message: Message<'_>| {
            record.at = message.timestamp.0.or(self.started);
            record.source.place = SourcePosition::Entry(n);
            self.message(&message, n, record);
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_document, home};

    const CHAT: &[u8] = include_bytes!("../../../fixtures/codebuff/2026-11/chat-messages.json");
    const STATE: &[u8] = include_bytes!("../../../fixtures/codebuff/2026-11/run-state.json");
    const PATH: &str = "/home/u/.config/manicode/projects/shop/chats/2026-11-18T11-06-40.000Z/chat-messages.json";

    fn events() -> Vec<Event> {
        decode_document(&Codebuff, PATH, CHAT).unwrap()
    }

    #[test]
    fn usage_is_in_either_spelling_and_messages_without_it_are_a_gap() {
        let tally = Tally::of(&events());
        let expected = Usage { input: 110, cache_read: 2_000, cache_write_5m: 30, output: 60, ..Usage::default() };
        assert_eq!(tally.usage(), expected);
        assert_eq!(tally.responses.len(), 2);
    }

    #[test]
    fn credits_are_no_dollars() {
        assert!(Tally::of(&events()).responses.values().all(|(_, response)| response.embedded_cost.is_none()));
    }

    #[test]
    fn a_chat_is_dated_by_its_name_if_messages_have_only_a_time_of_day() {
        let begun = Timestamp::from_millis(1_795_000_000_000);
        assert_eq!(time_of_name("2026-11-18T11-06-40.000Z"), Some(begun));
        let prompt = events().into_iter().find(|event| matches!(event.kind, EventKind::Prompt { .. })).unwrap();
        assert_eq!(prompt.at, Some(begun));
    }

    #[test]
    fn previews_have_separate_homes() {
        let path = PATH.replace("manicode/", "manicode-dev/");
        assert_eq!(Tally::of(&decode_document(&Codebuff, &path, CHAT).unwrap()).responses.len(), 2);
        let accepts = |path: &str| Codebuff.stores(&home()).iter().any(|store| (store.accepts)(Path::new(path)));
        assert!(accepts("shop/chats/x/run-state.json") && !accepts("shop/chats/x/turn-checkpoint.json"));
    }

    #[test]
    fn the_state_of_a_chat_yields_only_its_directory() {
        let path = PATH.replace(MESSAGES_FILE, RUN_STATE_FILE);
        let events = decode_document(&Codebuff, &path, STATE).unwrap();
        assert_eq!((events.len(), &events[0].session), (1, &self::events()[0].session));
        let EventKind::Facts(facts) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!(facts.cwd.as_deref(), Some(Path::new("/home/u/shop/till")));
        let root = br#"{"sessionState":{"fileContext":{"cwd":"","projectRoot":"/home/u/shop"}}}"#;
        let events = decode_document(&Codebuff, &path, root).unwrap();
        assert!(
            matches!(&events[0].kind, EventKind::Facts(facts) if facts.cwd.as_deref() == Some(Path::new("/home/u/shop")))
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..CHAT.len()) {
            let mut text = CHAT.to_vec();
            text.splice(at..at, noise);
            let _ = decode_document(&Codebuff, PATH, &text);
            let _ = decode_document(&Codebuff, &PATH.replace(MESSAGES_FILE, RUN_STATE_FILE), &text);
        }

        #[test]
        fn any_name_is_judged_without_a_panic(name in "\\PC{0,30}") {
            time_of_name(&name);
        }
    }
}
