//! Antigravity CLI: `~/.gemini/antigravity-cli/brain/<session>/` holds documents that an agent wrote for the user, such
//! as plans, and a transcript of its steps. (Reported by others; see `docs/formats/antigravity.md`.)

use std::path::Path;

use agtop_model::{ClientId, Event, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;

use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::parse::{LooseText, LooseTime};
use crate::signature::{ModelArgument, ProcessSignature};
use crate::store::{file_name, has_extension};
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
        "Tokens, models and costs are not known to be in its files: they are unknown, not nothing.",
        "Of a session only its prompts and the times of its steps are read: neither its directory, nor its tools.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["agy"],
    helper_subcommands: &["install", "plugin", "plugins", "update", "changelog", "help"],
    model: ModelArgument::Option(&["--model"]),
    ..ProcessSignature::NONE
};

impl Client for Antigravity {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = env.home.join(".gemini/antigravity-cli/brain");
        vec![
            Store::usual("notes", root.clone(), 2, is_note, Format::Document),
            Store::usual("transcripts", root, 4, is_transcript, Format::Lines),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let id = source.relative.iter().next().and_then(|id| id.to_str()).unwrap_or_default();
        let session = SessionKey::new(ID, id);
        match store.format {
            Format::Lines => Box::new(Transcript { file: source.file(), session, is_new: true }),
            _ => Box::new(AgentDocument { file: source.file(), session }),
        }
    }

    fn session_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
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

/// `<session>/.system_generated/logs/transcript.jsonl`; `transcript_full.jsonl` next to it has the same steps in full.
fn is_transcript(relative: &Path) -> bool {
    let above = relative
        .parent()
        .filter(|logs| logs.ends_with(".system_generated/logs"))
        .and_then(|logs| logs.ancestors().nth(2));
    file_name(relative) == "transcript.jsonl" && above.and_then(Path::to_str).is_some_and(is_uuid)
}

/// Reads the steps of a session.
struct Transcript {
    file: SourceFile,
    session: SessionKey,
    is_new: bool,
}

#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    content: LooseText<'a>,
}

/// The user's prompt, without the tag around it.
fn request(content: &str) -> &str {
    let inner = content.split_once("<USER_REQUEST>").map_or(content, |(_, after)| after);
    inner.split_once("</USER_REQUEST>").map_or(inner, |(inner, _)| inner).trim()
}

impl Decoder for Transcript {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let step: Step<'_> = serde_json::from_slice(bytes)?;
        let at = step.created_at.0;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), at, out);
        let started = at.filter(|_| std::mem::take(&mut self.is_new));
        // Each step shows that the session is active.
        record.facts(&self.session, SessionFacts { started, ..SessionFacts::default() });
        if step.kind.text() == Some("USER_INPUT") {
            let words = step.content.text().map(request);
            record.prompt(&self.session, words);
            record.title(&self.session, TitleRank::FirstPrompt, words.unwrap_or_default());
        } else if step.kind.text() == Some("PLANNER_RESPONSE") {
            record.agent_text(&self.session, || step.content.text());
        }
        Ok(())
    }
}

/// A document that the agent wrote; it shows only that the session exists.
struct AgentDocument {
    file: SourceFile,
    session: SessionKey,
}

impl Decoder for AgentDocument {
    /// The document does not say when it was written.
    fn feed(&mut self, _: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        Record::new(self.file, SourcePosition::Entry(0), None, out).facts(&self.session, SessionFacts::default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{EventKind, Timestamp};

    use super::*;
    use crate::testing::{Tally, decode_document, decode_lines};

    const PLAN: &[u8] = include_bytes!("../../../fixtures/antigravity/2026-11/implementation_plan.md");
    const TRANSCRIPT: &[u8] = include_bytes!("../../../fixtures/antigravity/2026-11/transcript.jsonl");
    const SESSION: &str = "4aaaaaaa-0000-4000-8000-000000000001";

    #[test]
    fn a_session_is_known_without_tokens() {
        let path = format!("/home/u/.gemini/antigravity-cli/brain/{SESSION}/implementation_plan.md");
        let events = decode_document(&Antigravity, &path, PLAN).unwrap();
        assert!(Tally::of(&events).responses.is_empty());
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert!(matches!(event.kind, EventKind::Facts(_)));
        assert_eq!((&*event.session.id, event.at), (SESSION, None), "the file's own time is nobody's");
    }

    #[test]
    fn typed_text_is_in_a_tag_within_other_text() {
        let path = format!("/home/u/.gemini/antigravity-cli/brain/{SESSION}/.system_generated/logs/transcript.jsonl");
        let (events, errors) = decode_lines(&Antigravity, &path, TRANSCRIPT);
        assert_eq!(errors, []);
        assert!(events.iter().all(|event| &*event.session.id == SESSION && event.at.is_some()));
        let titles: Vec<_> = events
            .iter()
            .filter_map(|event| if let EventKind::Title(title) = &event.kind { Some(title.text.raw()) } else { None })
            .collect();
        assert_eq!(titles, ["mend the basket", "and the till"]);
        assert!(Tally::of(&events).responses.is_empty());
        let started: Vec<_> = events
            .iter()
            .filter_map(|event| if let EventKind::Facts(facts) = &event.kind { facts.started } else { None })
            .collect();
        assert_eq!(started, [Timestamp::from_millis(1_795_000_000_000)]);
    }

    #[test]
    fn only_notes_of_sessions_are_read() {
        assert!(is_note(Path::new(&format!("{SESSION}/task.md"))));
        for path in ["task.md", "tempmediaStorage/x.md", "4aaaaaaa-0000-4000-8000-000000000001/shot.png"] {
            assert!(!is_note(Path::new(path)), "{path}");
        }
        assert!(is_transcript(Path::new(&format!("{SESSION}/.system_generated/logs/transcript.jsonl"))));
        for path in
            ["x/.system_generated/logs/transcript.jsonl", "4aaaaaaa-0000-4000-8000-000000000001/transcript.jsonl"]
        {
            assert!(!is_transcript(Path::new(path)), "{path}");
        }
    }
}
