//! Kimi Code, the successor in TypeScript: `~/.kimi-code/sessions/<directory>/<session>` with `state.json`, and
//! `agents/<agent>/wire.jsonl` for each agent.
//!
//! Sources for layouts and rules: a live run of 2.1.0 (2026-11-21), and MoonshotAI/kimi-code's
//! `packages/agent-core/src` (`agent/records/types.ts`, `agent/usage/index.ts`, `loop/events.ts`,
//! `session/store/session-store.ts`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, Purpose, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, ToolKey, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::events::{TARGET, is_command, message_text};
use super::id::ID;
use super::owner::child_id;
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, LooseText, LooseTime, Str, short_text};
use crate::paths::directory;
use crate::store::file_name;
use crate::tool_arguments::ToolArguments;
use crate::{DecodeError, Decoder, Input, Source};

/// The agent that the user talks to; the others are its sub-agents.
const MAIN_AGENT: &str = "main";

/// `<directory>/<session>/agents/<agent>/wire.jsonl`.
pub(super) fn is_wire(relative: &Path) -> bool {
    let is_below_agents = relative.iter().nth(2).is_some_and(|part| part == "agents");
    relative.components().count() == 5 && is_below_agents && file_name(relative) == "wire.jsonl"
}

/// `<directory>/<session>/state.json`.
pub(super) fn is_state(relative: &Path) -> bool {
    relative.components().count() == 3 && file_name(relative) == "state.json"
}

fn part(relative: &Path, at: usize) -> String {
    relative.iter().nth(at).map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
}

fn session_of(id: &str, agent: &str) -> SessionKey {
    if agent == MAIN_AGENT { SessionKey::new(ID, id) } else { SessionKey::new(ID, child_id(id, agent)) }
}

/// Reads `state.json`: the directory of a session, its title and its agents.
pub(super) struct CodeState {
    file: SourceFile,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    /// The same field in the first version.
    #[serde(borrow, default)]
    work_dir: LooseText<'a>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    title: LooseText<'a>,
    #[serde(default)]
    is_custom_title: bool,
    #[serde(borrow, default)]
    forked_from: LooseText<'a>,
    #[serde(borrow, default, deserialize_with = "bounded::map")]
    agents: BTreeMap<Str<'a>, &'a RawValue>,
}

/// An agent of a session.
#[derive(Deserialize)]
struct Agent<'a> {
    #[serde(borrow, default)]
    labels: Option<Labels<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Labels<'a> {
    #[serde(borrow, default)]
    profile_name: LooseText<'a>,
}

impl CodeState {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), id: part(source.relative, 1) }
    }
}

impl Decoder for CodeState {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let state: State<'_> = serde_json::from_slice(bytes)?;
        let session = SessionKey::new(ID, &*self.id);
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), state.created_at.0, out);
        let facts = SessionFacts {
            cwd: state.cwd.text().or(state.work_dir.text()).and_then(directory),
            started: state.created_at.0,
            forked_from: state.forked_from.text().map(|id| SessionKey::new(ID, id)),
            ..SessionFacts::default()
        };
        record.facts(&session, facts);
        if let Some(title) = state.title.text() {
            let rank = if state.is_custom_title { TitleRank::Given } else { TitleRank::Generated };
            record.title(&session, rank, title);
        }
        for (name, raw) in state.agents.iter().filter(|(name, _)| name.0 != MAIN_AGENT) {
            let agent = serde_json::from_str::<Agent<'_>>(raw.get()).ok();
            let labels = agent.and_then(|agent| agent.labels);
            let origin = labels.as_ref().and_then(|labels| labels.profile_name.text());
            let facts = SessionFacts {
                parent: Some(session.clone()),
                origin: origin.map(short_text),
                ..SessionFacts::default()
            };
            record.facts(&session_of(&self.id, &name.0), facts);
        }
        Ok(())
    }
}

/// Reads one agent's `wire.jsonl`.
pub(super) struct CodeLog {
    file: SourceFile,
    session: SessionKey,
    /// The session of a sub-agent.
    parent: Option<SessionKey>,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Interner,
    /// The model of the last request: usage records name it as in the configuration.
    model: Option<Arc<str>>,
    is_new: bool,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(default)]
    time: LooseTime,
    /// Only in the header.
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(default)]
    usage: Option<CodeUsage>,
    #[serde(borrow, default, rename = "usageScope")]
    usage_scope: LooseText<'a>,
    #[serde(default)]
    tokens: Count,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    origin: Option<Origin<'a>>,
    #[serde(borrow, default)]
    event: Option<TurnEvent<'a>>,
    #[serde(borrow, default, rename = "environmentDisclosure")]
    environment: Option<Environment<'a>>,
}

#[derive(Deserialize)]
struct Environment<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
}

/// The author of a prompt: `user` for the user.
#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default)]
    kind: LooseText<'a>,
}

/// An event of a turn.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TurnEvent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    uuid: LooseText<'a>,
    #[serde(borrow, default)]
    parent_uuid: LooseText<'a>,
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: LooseText<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    is_error: bool,
}

/// Disjoint buckets; reasoning is a part of the output.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeUsage {
    #[serde(default)]
    input_other: Count,
    #[serde(default)]
    output: Count,
    #[serde(default)]
    input_cache_read: Count,
    #[serde(default)]
    input_cache_creation: Count,
}

impl CodeUsage {
    fn usage(self) -> Usage {
        Usage {
            input: self.input_other.0,
            cache_read: self.input_cache_read.0,
            cache_write_5m: self.input_cache_creation.0,
            output: self.output.0,
            ..Usage::default()
        }
    }
}

impl CodeLog {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let (id, agent) = (part(source.relative, 1), part(source.relative, 3));
        Self {
            file: source.file(),
            session: session_of(&id, &agent),
            parent: (agent != MAIN_AGENT).then(|| SessionKey::new(ID, &*id)),
            opened: None,
            modified: source.modified,
            names: Interner::default(),
            model: None,
            is_new: true,
        }
    }

    fn line(&mut self, line: &Line<'_>, record: &mut Record<'_>) {
        if std::mem::take(&mut self.is_new) {
            let facts = SessionFacts { parent: self.parent.clone(), started: record.at, ..SessionFacts::default() };
            record.facts(&self.session, facts);
        }
        let session = &self.session;
        match &*line.kind.0 {
            "profile.bind" => {
                if let Some(cwd) =
                    line.environment.as_ref().and_then(|environment| environment.cwd.text()).and_then(directory)
                {
                    record.facts(session, SessionFacts { cwd: Some(cwd), ..SessionFacts::default() });
                }
            }
            "llm.request" => {
                let model = line.model.text().map(|model| self.names.get(model));
                if model.is_some() && model != self.model {
                    record.facts(session, SessionFacts { model: model.clone(), ..SessionFacts::default() });
                    self.model = model;
                }
            }
            "usage.record" => self.response(line, record),
            "token_counting.measured" | "token_counting.rebased" if line.tokens.0 > 0 => {
                record.facts(session, SessionFacts { context_used: Some(line.tokens.0), ..SessionFacts::default() });
            }
            "turn.prompt" | "turn.steer" => self.prompt(line, record),
            "turn.ended" | "turn.cancel" => record.emit(session, EventKind::TurnEnded),
            "full_compaction.complete" => record.emit(session, EventKind::Compacted),
            "interaction.request" => record.emit(session, EventKind::NeedsPermission),
            // The waiting ends with the request, so the end of the request is emitted as the end of a tool.
            "interaction.resolved" => {
                let tool = self.tool(&format!("?{}", line.id.text().unwrap_or_default()));
                record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
            }
            "context.append_loop_event" => {
                if let Some(event) = &line.event {
                    self.turn_event(event, record);
                }
            }
            _ => {}
        }
    }

    /// Emits a response of a turn, or of a compaction (`usageScope` is `session`); both are billed.
    ///
    /// Usage records have no unique id. A fork copies lines verbatim, times included, so time and counts identify a
    /// response.
    fn response(&self, line: &Line<'_>, record: &mut Record<'_>) {
        let Some(usage) = line.usage.map(CodeUsage::usage) else { return };
        if usage == Usage::default() {
            return;
        }
        let at = record.at.map_or(0, Timestamp::as_millis).to_le_bytes();
        let counts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.output];
        let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        let is_summary = line.usage_scope.text() == Some("session");
        // Without an earlier request, the configured name of the model is used.
        let named = || line.model.text().map(|name| name.strip_prefix("kimi-code/").unwrap_or(name).into());
        let response = ResponseCopy {
            purpose: if is_summary { Purpose::Compaction } else { Purpose::Answer },
            model: self.model.clone().or_else(named),
            lineage: if self.parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            ..ResponseCopy::new(
                MessageKey::by_content(ID, &[b"usage.record", &at, &counts]),
                usage,
                self.opened.unwrap_or(self.modified),
            )
        };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }

    /// Handles a prompt. A sub-agent's prompts come from its session, others from the program, not from the user.
    fn prompt(&self, line: &Line<'_>, record: &mut Record<'_>) {
        let asks = line.origin.as_ref().and_then(|origin| origin.kind.text()).is_none_or(|kind| kind == "user");
        if !asks || self.parent.is_some() {
            return;
        }
        let words = line.input.and_then(message_text);
        record.prompt(&self.session, words.as_deref());
        if let Some(text) = words {
            let rank = if is_command(&text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
            record.title(&self.session, rank, &text);
        }
    }

    fn turn_event(&mut self, event: &TurnEvent<'_>, record: &mut Record<'_>) {
        match &*event.kind.0 {
            "tool.call" => {
                let (Some(uuid), Some(name)) = (event.uuid.text(), event.name.text()) else { return };
                let tool = self.tool(uuid);
                let arguments = ToolArguments::of(event.args);
                let target = arguments.target(TARGET);
                let started = EventKind::ToolStarted { tool, name: self.names.get(name), target: target.clone() };
                record.emit(&self.session, started);
                if name == "Agent" {
                    let kind = short_text(arguments.subagent_type.text().unwrap_or("coder"));
                    record.emit(&self.session, EventKind::SubagentStarted { tool, name: kind, task: target });
                }
            }
            "tool.result" => {
                let Some(uuid) = event.parent_uuid.text() else { return };
                let answer = event.result.and_then(|result| serde_json::from_str::<Answer>(result.get()).ok());
                let outcome = if answer.is_some_and(|answer| answer.is_error) { Err(()) } else { Ok(()) };
                record.emit(&self.session, EventKind::ToolEnded { tool: self.tool(uuid), outcome });
            }
            // Before protocol 1.5 no other record shows the end of a turn.
            "step.end" if event.finish_reason.text() == Some("end_turn") => {
                record.emit(&self.session, EventKind::TurnEnded);
            }
            _ => {}
        }
    }

    fn tool(&self, name: &str) -> ToolKey {
        ToolKey::new(ID, &format!("{}#{name}", self.session.id))
    }
}

impl Decoder for CodeLog {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let at = line.time.0.or(line.created_at.0);
        self.opened = self.opened.or(at);
        self.line(&line, &mut Record::new(self.file, SourcePosition::Byte(offset), at, out));
        Ok(())
    }
}
