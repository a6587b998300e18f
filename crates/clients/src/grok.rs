//! Grok CLI: `~/.grok/sessions/<directory, percent-encoded>/<session>/` with `summary.json`, which describes the
//! session, and `chat_history.jsonl`, which holds its messages. `docs/formats/grok.md` has the sources, and the reason
//! why the token counts next to them are not read.

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, Event, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::message_text::{blocks, prose, words};
use crate::parse::{LooseText, LooseTime};
use crate::paths::{directory, percent_decoded};
use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::file_name;
use crate::{
    Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, Presence, ProcFacts, Source, Store,
};

/// Grok CLI.
pub(crate) struct Grok;

const ID: ClientId = ClientId::new("grok");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Grok CLI",
    aliases: &[],
    danger_flags: &[],
    knowledge: Knowledge { subagents: Known::Yes, ..Knowledge::NONE },
    blind_spots: &[
        "Tokens are not read: a turn's sum holds those of some of its sub-agents, which record them again. They are \
         unknown, not nothing.",
        "Tool calls, and when a turn ends, are not read.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["grok"],
    installed_in: &[(".grok", "grok")],
    node_commands: &["grok"],
    npm_packages: &["@vibe-kit/grok-cli"],
    helper_subcommands: &["mcp", "login", "logout", "update", "help"],
    model: MODEL_OPTIONS,
    is_other_product: is_about_logs,
    ..ProcessSignature::NONE
};

/// A tool for log patterns has the same name: it is started with a pattern file.
fn is_about_logs(process: &ProcFacts<'_>) -> bool {
    process.has_arg("-f")
}

impl Client for Grok {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (home, presence) = match env.dir("GROK_HOME") {
            Some(home) => (home, Presence::Named),
            None => (env.home.join(".grok"), Presence::Usual),
        };
        let store = |layout, accepts, format| Store {
            presence,
            ..Store::usual(layout, home.join("sessions"), 3, accepts, format)
        };
        vec![
            store("sessions", is_history as fn(&Path) -> bool, Format::Lines),
            store("summaries", is_summary, Format::Document),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Document => Box::new(Summary { file: source.file(), session: session_of(source) }),
            _ => Box::new(ChatHistory::new(source)),
        }
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["-s", "--session-id", "--session", "-r", "--resume"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

fn is_history(relative: &Path) -> bool {
    file_name(relative) == "chat_history.jsonl"
}

/// Only a session's own summary, two directories below the root.
fn is_summary(relative: &Path) -> bool {
    file_name(relative) == "summary.json" && relative.components().count() == 3
}

/// The session, which is the name of the file's directory.
fn session_of(source: &Source<'_>) -> SessionKey {
    SessionKey::new(ID, source.path.parent().map(file_name).unwrap_or_default())
}

/// Reads the description of a session.
struct Summary {
    file: SourceFile,
    session: SessionKey,
}

#[derive(Deserialize)]
struct SummaryDocument<'a> {
    #[serde(borrow, default)]
    info: Info<'a>,
    #[serde(borrow, default)]
    generated_title: LooseText<'a>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    current_model_id: LooseText<'a>,
    #[serde(borrow, default)]
    parent_session_id: LooseText<'a>,
    /// How it was created: `subagent`, `subagent_fork`, `fork`, …
    #[serde(borrow, default)]
    session_kind: LooseText<'a>,
}

#[derive(Default, Deserialize)]
struct Info<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
}

impl Decoder for Summary {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let summary: SummaryDocument<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), summary.created_at.0, out);
        let kind = summary.session_kind.text();
        let is_sub_agent = kind.is_some_and(|kind| kind.starts_with("subagent"));
        let above = summary.parent_session_id.text().map(|id| SessionKey::new(ID, id));
        let (parent, forked_from) = if is_sub_agent { (above, None) } else { (None, above) };
        let facts = SessionFacts {
            parent,
            forked_from,
            cwd: summary.info.cwd.text().and_then(directory),
            started: summary.created_at.0,
            model: summary.current_model_id.text().map(Into::into),
            origin: kind.map(Into::into),
            ..SessionFacts::default()
        };
        record.facts(&self.session, facts);
        if let Some(title) = summary.generated_title.text().filter(|title| !title.is_empty()) {
            record.title(&self.session, TitleRank::Generated, title);
        }
        Ok(())
    }
}

/// Reads the messages of a session.
struct ChatHistory {
    file: SourceFile,
    session: SessionKey,
    /// The directory in the path, until it was emitted.
    cwd: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Line<'a> {
    /// The role; some lines have it as `type`.
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(default)]
    timestamp: LooseTime,
}

impl ChatHistory {
    fn new(source: &Source<'_>) -> Self {
        let above = source.relative.iter().next().and_then(|name| name.to_str());
        let cwd = above.and_then(percent_decoded).map(PathBuf::from).filter(|path| is_whole(path));
        Self { file: source.file(), session: session_of(source), cwd }
    }
}

/// Whether the path is absolute; a name that is not an encoded path is not. Windows paths start with a drive.
fn is_whole(path: &Path) -> bool {
    path.has_root() || path.to_str().is_some_and(|path| path.get(1..3).is_some_and(|drive| drive == ":\\"))
}

impl Decoder for ChatHistory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        if let Some(cwd) = self.cwd.take() {
            let facts = SessionFacts { cwd: Some(cwd), started: line.timestamp.0, ..SessionFacts::default() };
            record.facts(&self.session, facts);
        }
        match line.role.text().or(line.kind.text()) {
            Some("user") => {
                let said = line.content.map(blocks).unwrap_or_default();
                if let Some(words) = words(&said) {
                    record.prompt(&self.session, Some(words));
                    record.title(&self.session, TitleRank::LastPrompt, words);
                }
            }
            Some("assistant") => {
                record.agent_text(&self.session, || {
                    prose(&line.content.map(blocks).unwrap_or_default()).map(str::to_owned)
                });
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{EventKind, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_document, decode_lines, home, open};

    const HISTORY: &[u8] = include_bytes!("../../../fixtures/grok/2026-11/chat_history.jsonl");
    const SUMMARY: &[u8] = include_bytes!("../../../fixtures/grok/2026-11/summary.json");
    const SUB_AGENT: &[u8] = include_bytes!("../../../fixtures/grok/2026-11/sub-agent.json");
    const PATH: &str =
        "/home/u/.grok/sessions/%2Fhome%2Fu%2Fa%20shop/5aaaaaaa-0000-4000-8000-000000000001/chat_history.jsonl";

    fn events() -> Vec<Event> {
        let (events, errors) = decode_lines(&Grok, PATH, HISTORY);
        assert_eq!(errors, []);
        events
    }

    #[test]
    fn the_directory_is_decoded_from_the_name() {
        let cwd = events().into_iter().find_map(|event| match event.kind {
            EventKind::Facts(facts) => facts.cwd,
            _ => None,
        });
        assert_eq!(cwd, Some("/home/u/a shop".into()));
        assert!(is_whole(Path::new("C:\\work")) && !is_whole(Path::new("work")));
    }

    /// The facts and the title in a session's summary.
    fn told(id: &str, summary: &[u8]) -> (SessionFacts, Option<String>) {
        let path = format!("/home/u/.grok/sessions/a-long-name-0f3c/{id}/summary.json");
        let events = decode_document(&Grok, &path, summary).unwrap();
        assert!(events.iter().all(|event| &*event.session.id == id));
        let mut told = (SessionFacts::default(), None);
        for event in events {
            match event.kind {
                EventKind::Facts(facts) => told.0 = *facts,
                EventKind::Title(title) => told.1 = Some(title.text.raw().to_owned()),
                _ => {}
            }
        }
        told
    }

    #[test]
    fn a_summary_has_the_directory_if_its_name_is_too_long_to_be_encoded() {
        let (facts, title) = told("5aaaaaaa-0000-4000-8000-000000000001", SUMMARY);
        assert_eq!(facts.cwd, Some("/home/u/a shop".into()));
        assert_eq!(title.as_deref(), Some("Mend the basket"));
        assert_eq!(facts.model.as_deref(), Some("grok-code-fast-1"));
        assert_eq!(facts.started, Some(Timestamp::from_millis(1_794_999_999_000)));
        assert_eq!((facts.parent, facts.forked_from), (None, None));
    }

    #[test]
    fn a_sub_agent_has_a_parent_and_a_fork_has_an_origin() {
        let parent = Some(SessionKey::new(ID, "5aaaaaaa-0000-4000-8000-000000000001"));
        let child = told("5aaaaaaa-0000-4000-8000-000000000002", SUB_AGENT).0;
        assert_eq!((&child.parent, &child.forked_from), (&parent, &None));
        let fork = br#"{"parent_session_id":"5aaaaaaa-0000-4000-8000-000000000001","session_kind":"fork"}"#;
        let fork = told("f", fork).0;
        assert_eq!((fork.parent, fork.forked_from), (None, parent));
    }

    #[test]
    fn another_home_is_read_instead() {
        let mut env = home();
        env.vars.insert("GROK_HOME".into(), "/groks".into());
        open(&Grok, &env, "/groks/sessions/%2Fa/1/summary.json");
        assert!(!is_summary(Path::new("%2Fa/1/subagents/summary.json")), "only sessions' own");
    }

    #[test]
    fn there_are_prompts_and_no_tokens() {
        let events = events();
        assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count(), 2);
        assert!(Tally::of(&events).responses.is_empty());
        assert!(events.iter().all(|event| &*event.session.id == "5aaaaaaa-0000-4000-8000-000000000001"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..HISTORY.len()) {
            let mut text = HISTORY.to_vec();
            text.splice(at..at, noise);
            decode_lines(&Grok, PATH, &text);
        }

        #[test]
        fn an_arbitrary_summary_never_panics(noise in prop::collection::vec(any::<u8>(), 0..50), at in 0..SUMMARY.len()) {
            let mut text = SUMMARY.to_vec();
            text.splice(at..at, noise);
            let _ = decode_document(&Grok, "/home/u/.grok/sessions/%2F/1/summary.json", &text);
        }
    }
}
