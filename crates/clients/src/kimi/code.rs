//! Kimi Code, the successor in TypeScript: `~/.kimi-code/sessions/<directory>/<session>` with `state.json`, and for each
//! agent `agents/<agent>/wire.jsonl`.
//!
//! Layouts and rules: a live run of 2.1.0 (2026-11-21), and MoonshotAI/kimi-code's `packages/agent-core/src`
//! (`agent/records/types.ts`, `agent/usage/index.ts`, `loop/events.ts`, `session/store/session-store.ts`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, Purpose, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, Timestamp, TitleRank, ToolKey, Turn, Untrusted, Usage, UsageExtent,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::events::{Arguments, is_command, spoken};
use super::{ID, KEPT, child_id};
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::{Count, Loose, Moment, Str, shortened};
use crate::paths::directory;
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source};

/// The agent that the person talks to; others work for it.
const MAIN: &str = "main";

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
    if agent == MAIN { SessionKey::new(ID, id) } else { SessionKey::new(ID, child_id(id, agent)) }
}

/// Reads `state.json`: where a session works, what it is called, and which agents work for it.
pub(super) struct CodeState {
    file: SourceFile,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    #[serde(borrow, default)]
    cwd: Loose<'a>,
    /// The same in files of the first version.
    #[serde(borrow, default)]
    work_dir: Loose<'a>,
    #[serde(default)]
    created_at: Moment,
    #[serde(borrow, default)]
    title: Loose<'a>,
    #[serde(default)]
    is_custom_title: bool,
    #[serde(borrow, default)]
    forked_from: Loose<'a>,
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
    profile_name: Loose<'a>,
}

impl CodeState {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), id: part(source.relative, 1) }
    }
}

impl Decoder for CodeState {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Err(DecodeError::malformed("is not read as a whole")) };
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
        for (name, raw) in state.agents.iter().filter(|(name, _)| name.0 != MAIN) {
            let agent = serde_json::from_str::<Agent<'_>>(raw.get()).ok();
            let labels = agent.and_then(|agent| agent.labels);
            let origin = labels.as_ref().and_then(|labels| labels.profile_name.text());
            let facts = SessionFacts {
                parent: Some(session.clone()),
                origin: origin.map(|kind| shortened(kind, KEPT).into()),
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
    names: Names,
    /// What was last asked: responses name it as the configuration does.
    model: Option<Arc<str>>,
    is_new: bool,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(default)]
    time: Moment,
    /// Of the head.
    #[serde(default)]
    created_at: Moment,
    #[serde(borrow, default)]
    id: Loose<'a>,
    #[serde(borrow, default)]
    model: Loose<'a>,
    #[serde(default)]
    usage: Option<CodeUsage>,
    #[serde(borrow, default, rename = "usageScope")]
    usage_scope: Loose<'a>,
    #[serde(default)]
    tokens: Count,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    origin: Option<Origin<'a>>,
    #[serde(borrow, default)]
    event: Option<Happened<'a>>,
    #[serde(borrow, default, rename = "environmentDisclosure")]
    environment: Option<Environment<'a>>,
}

#[derive(Deserialize)]
struct Environment<'a> {
    #[serde(borrow, default)]
    cwd: Loose<'a>,
}

/// Who asked: the person is `user`.
#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default)]
    kind: Loose<'a>,
}

/// What happened in a turn.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Happened<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    uuid: Loose<'a>,
    #[serde(borrow, default)]
    parent_uuid: Loose<'a>,
    #[serde(borrow, default)]
    name: Loose<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Loose<'a>,
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
            parent: (agent != MAIN).then(|| SessionKey::new(ID, &*id)),
            opened: None,
            modified: source.modified,
            names: Names::default(),
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
                if let Some(cwd) = line.environment.as_ref().and_then(|told| told.cwd.text()).and_then(directory) {
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
            "interaction.request" => record.emit(session, EventKind::Waiting),
            // What waited goes on: it is the request that ends.
            "interaction.resolved" => {
                let tool = self.tool(&format!("?{}", line.id.text().unwrap_or_default()));
                record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
            }
            "context.append_loop_event" => {
                if let Some(event) = &line.event {
                    self.happened(event, record);
                }
            }
            _ => {}
        }
    }

    /// A response of a turn, or (`usageScope` is `session`) of a compaction: each was billed.
    ///
    /// Nothing in it is unique. A fork copies lines verbatim, times included, so that time and counts tell a response.
    fn response(&self, line: &Line<'_>, record: &mut Record<'_>) {
        let Some(usage) = line.usage.map(CodeUsage::usage) else { return };
        if usage == Usage::default() {
            return;
        }
        let at = record.at.map_or(0, Timestamp::as_millis).to_le_bytes();
        let counts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.output];
        let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        let is_summary = line.usage_scope.text() == Some("session");
        // Without a request before it, the configuration's name for the model is better than none.
        let named = || line.model.text().map(|name| name.strip_prefix("kimi-code/").unwrap_or(name).into());
        let turn = Turn {
            message: MessageKey::by_content(ID, &[b"usage.record", &at, &counts]),
            id: None,
            part_of: CoarserRecords::none(),
            geo: InferenceGeo::Global,
            purpose: if is_summary { Purpose::Compaction } else { Purpose::Answer },
            requests: 1,
            model: self.model.clone().or_else(named),
            usage,
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            stop: None,
            lineage: if self.parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            opened: self.opened.unwrap_or(self.modified),
            context_used: None,
        };
        record.emit(&self.session, EventKind::Turn(Box::new(turn)));
    }

    /// A sub-agent is asked by its session, not by the person; and the program asks, too.
    fn prompt(&self, line: &Line<'_>, record: &mut Record<'_>) {
        let asks = line.origin.as_ref().and_then(|origin| origin.kind.text()).is_none_or(|kind| kind == "user");
        if !asks || self.parent.is_some() {
            return;
        }
        let words = line.input.and_then(spoken);
        record.prompt(&self.session, words.as_deref());
        if let Some(text) = words {
            let rank = if is_command(&text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
            record.title(&self.session, rank, &text);
        }
    }

    fn happened(&mut self, event: &Happened<'_>, record: &mut Record<'_>) {
        match &*event.kind.0 {
            "tool.call" => {
                let (Some(uuid), Some(name)) = (event.uuid.text(), event.name.text()) else { return };
                let tool = self.tool(uuid);
                let arguments = event.args.and_then(|args| serde_json::from_str::<Arguments<'_>>(args.get()).ok());
                let arguments = arguments.unwrap_or_default();
                let target = arguments.target().map(|target| Untrusted::from(shortened(target, KEPT)));
                let started = EventKind::ToolStarted { tool, name: self.names.get(name), target: target.clone() };
                record.emit(&self.session, started);
                if name == "Agent" {
                    let kind = shortened(arguments.subagent_type.text().unwrap_or("coder"), KEPT).into();
                    record.emit(&self.session, EventKind::SubagentStarted { tool, name: kind, task: target });
                }
            }
            "tool.result" => {
                let Some(uuid) = event.parent_uuid.text() else { return };
                let answer = event.result.and_then(|result| serde_json::from_str::<Answer>(result.get()).ok());
                let outcome = if answer.is_some_and(|answer| answer.is_error) { Err(()) } else { Ok(()) };
                record.emit(&self.session, EventKind::ToolEnded { tool: self.tool(uuid), outcome });
            }
            // Before protocol 1.5 nothing else tells that a turn ended.
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
        let Input::Line { bytes, offset } = input else {
            return Err(DecodeError::malformed("is not read line by line"));
        };
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let at = line.time.0.or(line.created_at.0);
        self.opened = self.opened.or(at);
        self.line(&line, &mut Record::new(self.file, SourcePosition::Byte(offset), at, out));
        Ok(())
    }
}
