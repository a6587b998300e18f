//! Droid, Factory's agent: a message log for each session, and next to it a settings file with one running total.
//!
//! `~/.factory/sessions/<directory>/<uuid>.jsonl` and `<uuid>.settings.json`. Droid is closed source: the total is read
//! as ccusage does, the log as reported by others. See `docs/formats/droid.md`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, ToolKey, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::interner::Interner;
use crate::message_text::{Block, blocks, prose, words};
use crate::parse::{Count, LooseText, LooseTime, MAX_TEXT_CHARS, model_name, shortened};
use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, ProcFacts, Source, Store};

/// Droid.
pub(crate) struct Droid;

const ID: ClientId = ClientId::new("droid");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Droid",
    aliases: &["factory"],
    danger_flags: &["--skip-permissions-unsafe", "--auto high"],
    knowledge: Knowledge {
        tokens: Known::Partly("one running total a session"),
        cost: Known::Partly("for the model in use last"),
        cache: Known::Partly("with the total"),
        tools: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "A session has one running total for all its models. What it had come to when agtop first saw it falls on the \
         moment its provider was chosen, and what it grew by later on when agtop saw that.",
        "Whether its input includes what was read from a cache is unconfirmed: it is taken not to.",
        "Waiting for an approval, sub-agents and the fill of the context are not known to be on disk.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["droid"],
    node_commands: &["droid"],
    npm_packages: &["droid"],
    helper_subcommands: &["daemon", "mcp", "plugin", "update", "help"],
    model: MODEL_OPTIONS,
    ..ProcessSignature::NONE
};

const LOG_LAYOUT: &str = "sessions";
const TOTALS_LAYOUT: &str = "running totals";

impl Client for Droid {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = env.home.join(".factory/sessions");
        vec![
            Store::usual(LOG_LAYOUT, root.clone(), 2, |path| has_extension(path, "jsonl"), Format::Lines),
            Store::usual(TOTALS_LAYOUT, root, 2, |path| file_name(path).ends_with(SETTINGS_SUFFIX), Format::Document),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            TOTALS_LAYOUT => {
                Box::new(Settings { file: source.file(), session: session(source.path), opened: source.modified })
            }
            _ => Box::new(MessageLog {
                file: source.file(),
                session: session(source.path),
                names: Interner::default(),
                open: HashMap::new(),
            }),
        }
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["-r", "--resume", "-s", "--session-id"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

/// The suffix of a session's settings file, after the session id.
const SETTINGS_SUFFIX: &str = ".settings.json";

fn session(path: &Path) -> SessionKey {
    let name = file_name(path);
    let id = name.strip_suffix(SETTINGS_SUFFIX).or_else(|| name.strip_suffix(".jsonl")).unwrap_or(name);
    SessionKey::new(ID, id)
}

/// Reads the running total in a session's settings.
struct Settings {
    file: SourceFile,
    session: SessionKey,
    opened: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsFile<'a> {
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(default)]
    provider_lock_timestamp: LooseTime,
    #[serde(default)]
    token_usage: Option<Total>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Total {
    #[serde(rename = "inputTokens")]
    input: Count,
    #[serde(rename = "outputTokens")]
    output: Count,
    #[serde(rename = "cacheCreationTokens")]
    cache_creation: Count,
    #[serde(rename = "cacheReadTokens")]
    cache_read: Count,
    #[serde(rename = "thinkingTokens")]
    thinking: Count,
}

impl Total {
    /// The output count does not include thinking.
    fn usage(self) -> Usage {
        Usage {
            input: self.input.0,
            cache_read: self.cache_read.0,
            cache_write_5m: self.cache_creation.0,
            output: self.output.0.saturating_add(self.thinking.0),
            reasoning: self.thinking.0,
            ..Usage::default()
        }
    }
}

impl Decoder for Settings {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let settings: SettingsFile<'_> = serde_json::from_slice(bytes)?;
        let at = settings.provider_lock_timestamp.0;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), at, out);
        let model: Option<Arc<str>> = settings.model.text().map(|model| own_name(model).into());
        record.facts(&self.session, SessionFacts { model: model.clone(), ..SessionFacts::default() });
        let usage = settings.token_usage.unwrap_or_default().usage();
        if !usage.is_zero() {
            // Every reading has the same key: only the growth counts.
            let key = MessageKey::in_session(&self.session, "total");
            let response = ResponseCopy {
                model,
                context_used: Some(0),
                ..ResponseCopy::new(key, usage, at.unwrap_or(self.opened))
            }
            .running();
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        Ok(())
    }
}

/// The model's name: a model that the user configured is written `custom:NAME-[PROVIDER]-NUMBER`.
fn own_name(written: &str) -> String {
    let Some(custom) = written.strip_prefix("custom:") else { return written.to_owned() };
    let (name, rest) = custom.split_once("-[").unwrap_or((custom, ""));
    let provider = rest.split(']').next().unwrap_or_default();
    model_name(provider, name).into_owned()
}

/// Reads a session's messages.
struct MessageLog {
    file: SourceFile,
    session: SessionKey,
    names: Interner,
    /// Tool calls without a result.
    open: HashMap<Box<str>, ToolKey>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    title: LooseText<'a>,
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    #[serde(default)]
    timestamp: LooseTime,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: LooseText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl MessageLog {
    fn session_start(&self, line: &Line<'_>, record: &mut Record<'_>) {
        let cwd = line.cwd.text().map(Into::into);
        record.facts(&self.session, SessionFacts { cwd, started: line.timestamp.0, ..SessionFacts::default() });
        // The author of the title is unknown: it may be text that the user typed.
        if let Some(title) = line.title.text() {
            record.title(&self.session, TitleRank::FirstPrompt, title);
        }
    }

    fn message(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let said = message.content.map(blocks).unwrap_or_default();
        if message.role.text() == Some("assistant") {
            record.agent_text(&self.session, || prose(&said));
        }
        for block in &said {
            self.tool(block, record);
        }
        if message.role.text() == Some("user")
            && let Some(words) = words(&said)
        {
            record.prompt(&self.session, Some(words));
            record.title(&self.session, TitleRank::LastPrompt, words);
        }
    }

    fn tool(&mut self, block: &Block<'_>, record: &mut Record<'_>) {
        match block.kind.text() {
            Some("tool_use") => {
                let (Some(id), Some(name)) = (block.id.text(), block.name.text()) else { return };
                let tool = ToolKey::new(ID, id);
                self.open.insert(id.into(), tool);
                let name = self.names.get(shortened(name, MAX_TEXT_CHARS));
                record.emit(&self.session, EventKind::ToolStarted { tool, name, target: None });
            }
            Some("tool_result") => {
                let Some(tool) = block.tool_use_id.text().and_then(|id| self.open.remove(id)) else { return };
                let outcome = if block.is_error == Some(true) { Err(()) } else { Ok(()) };
                record.emit(&self.session, EventKind::ToolEnded { tool, outcome });
            }
            _ => {}
        }
    }
}

impl Decoder for MessageLog {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        match (line.kind.text(), &line.message) {
            (Some("session_start"), _) => self.session_start(&line, record),
            (Some("message"), Some(message)) => self.message(message, record),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_document, decode_lines};

    const LOG: &[u8] = include_bytes!("../../../fixtures/droid/2026-11/session.jsonl");
    const EARLY: &[u8] = include_bytes!("../../../fixtures/droid/2026-11/early.settings.json");
    const LATE: &[u8] = include_bytes!("../../../fixtures/droid/2026-11/late.settings.json");
    const PATH: &str = "/home/u/.factory/sessions/-home-u-shop/3aaaaaaa-0000-4000-8000-000000000001";

    fn total(json: &[u8]) -> Vec<Event> {
        decode_document(&Droid, &format!("{PATH}.settings.json"), json).unwrap()
    }

    fn log() -> Vec<Event> {
        let (events, errors) = decode_lines(&Droid, &format!("{PATH}.jsonl"), LOG);
        assert_eq!(errors, []);
        events
    }

    #[test]
    fn later_readings_of_a_running_total_replace_earlier_ones_in_any_order() {
        let expected = Usage {
            input: 900,
            cache_read: 5_000,
            cache_write_5m: 300,
            output: 120 + 30,
            reasoning: 30,
            ..Usage::default()
        };
        let (early, late) = (total(EARLY), total(LATE));
        assert_eq!(Tally::of(early.iter().chain(&late)).usage(), expected);
        assert_eq!(Tally::of(late.iter().chain(&early)).usage(), expected);
    }

    #[test]
    fn a_total_is_a_sum_at_the_time_its_provider_was_chosen() {
        let events = total(EARLY);
        let (at, response) = events
            .iter()
            .find_map(
                |event| if let EventKind::Response(response) = &event.kind { Some((event.at, response)) } else { None },
            )
            .unwrap();
        assert!(response.running_total().is_some());
        assert_eq!(at, Some(Timestamp::from_millis(1_795_000_000_000)));
    }

    #[test]
    fn output_excludes_thinking() {
        let events = total(br#"{"tokenUsage":{"outputTokens":100,"thinkingTokens":40}}"#);
        let usage = Tally::of(&events).usage();
        assert_eq!((usage.output, usage.reasoning), (140, 40));
    }

    #[test]
    fn a_custom_model_goes_by_its_own_name() {
        assert_eq!(own_name("custom:GPT-5.1-Codex-[OpenAI]-0"), "GPT-5.1-Codex");
        assert_eq!(own_name("custom:qwen3-[Ollama]-2"), "ollama/qwen3");
        assert_eq!(own_name("claude-opus-4-8"), "claude-opus-4-8");
    }

    #[test]
    fn settings_without_a_total_use_nothing() {
        let events = total(br#"{"model":"gpt-5.5"}"#);
        assert!(Tally::of(&events).responses.is_empty());
    }

    #[test]
    fn both_files_are_of_one_session() {
        let sessions: std::collections::BTreeSet<_> =
            log().into_iter().chain(total(LATE)).map(|event| event.session).collect();
        assert_eq!(sessions.len(), 1);
    }

    #[test]
    fn reminders_and_tool_answers_are_no_prompts() {
        let prompts = log().iter().filter(|event| matches!(event.kind, EventKind::Prompt { .. })).count();
        assert_eq!(prompts, 1);
    }

    #[test]
    fn tools_end_with_their_outcome() {
        let ends: Vec<_> = log()
            .iter()
            .filter_map(
                |event| if let EventKind::ToolEnded { outcome, .. } = event.kind { Some(outcome) } else { None },
            )
            .collect();
        assert_eq!(ends, [Ok(()), Err(())]);
    }

    #[test]
    fn a_title_that_may_be_message_text_is_private() {
        for event in log() {
            if let EventKind::Title(title) = event.kind {
                assert!(title.rank.is_message_text());
            }
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..LATE.len()) {
            let mut text = LATE.to_vec();
            text.splice(at..at, noise.iter().copied());
            let _ = decode_document(&Droid, &format!("{PATH}.settings.json"), &text);
            let mut text = LOG.to_vec();
            text.splice(at..at, noise);
            decode_lines(&Droid, &format!("{PATH}.jsonl"), &text);
        }
    }
}
