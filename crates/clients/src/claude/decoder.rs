use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use agtop_model::{
    Event, EventKind, InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, ResponseCopy, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, Timestamp, TitleRank, ToolKey, UsageExtent,
};
use serde::{Deserialize, Serialize};

use super::api_values::{geo, stop_reason, tier};
use super::compaction::{Compactions, Summary};
use super::id::ID;
use super::line_types;
use super::lineage::{InlineChains, child_id, parent_in, parent_of};
use super::prompt::{UserInput, ended_task, ended_tool, prose, user_input};
use super::skim::{self, Skimmed, SkimmedContent, ToolResults, has_usage};
use super::subagent_mode::{SUBAGENT_TOOLS, SubagentMode};
use super::usage::{CostState, Iteration};
use super::wire::{self, Block, Content, Line, Message, ToolInput, ToolResult};
use crate::checkpoint;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Str, json, short_text};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// The model name of messages that Claude Code itself wrote.
const SYNTHETIC: &str = "<synthetic>";

/// Reads the transcript of a session or of a sub-agent.
pub(super) struct Transcript {
    file: SourceFile,
    path: PathBuf,
    /// From the file name, for lines without a session id.
    session: SessionKey,
    /// Set for a sub-agent's own transcript, in which every line belongs to the sub-agent.
    agent: Option<Agent>,
    opened: Option<Timestamp>,
    modified: Timestamp,
    /// The session of the last line: consecutive lines often share it.
    recent: SessionKey,
    names: Interner,
    emitted: HashMap<SessionKey, EmittedFacts>,
    inline: InlineChains,
    compactions: Compactions,
}

/// The sub-agent that a transcript belongs to.
struct Agent {
    id: String,
    /// From the path, if it shows; 2.0 wrote sub-agents next to their session.
    parent: Option<SessionKey>,
}

/// The facts that were last emitted for a session, so that they are not repeated with each line.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct EmittedFacts {
    branch: Option<String>,
    version: Option<String>,
}

/// What a checkpoint stores.
#[derive(Serialize, Deserialize)]
struct State {
    #[serde(with = "checkpoint::millis")]
    opened: Option<Timestamp>,
    emitted: Vec<(String, EmittedFacts)>,
    inline: InlineChains,
    compactions: Compactions,
}

impl Transcript {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let stem = file_stem(source.path);
        let agent =
            stem.strip_prefix("agent-").map(|id| Agent { id: id.to_owned(), parent: parent_in(source.relative) });
        let session = SessionKey::new(ID, stem);
        Self {
            file: source.file(),
            path: source.path.to_owned(),
            recent: session.clone(),
            session,
            agent,
            opened: None,
            modified: source.modified,
            names: Interner::default(),
            emitted: HashMap::new(),
            inline: InlineChains::default(),
            compactions: Compactions::default(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if line_types::is_skipped(bytes) {
            return line_types::check_object(bytes);
        }
        if bytes.len() > skim::MIN_BYTES && !line_types::is_cost_state(bytes) && !has_usage(bytes) {
            line_types::check_object(bytes)?;
            self.skimmed(bytes, offset, out);
            return Ok(());
        }
        let line: Line<'_> = json(bytes)?;
        self.opened = self.opened.or(line.timestamp.0);
        let session = self.session_of(&line);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        self.emit_facts(&line, &session, record);
        match &*line.kind {
            "assistant" => self.assistant(&line, &session, record),
            "user" => self.user(&line, &session, record),
            "progress" => self.progress(&line, &session, record),
            "system" => self.system(&line, &session, record),
            "cost-state" => self.cost_state(bytes, &session, record)?,
            _ => self.other(&line, &session, record),
        }
        Ok(())
    }

    /// The session of a line: the sub-agent whose transcript this is, an inline sub-agent, or the session that the line
    /// names.
    fn session_of(&mut self, line: &Line<'_>) -> SessionKey {
        let named = line.session_id.as_deref().filter(|id| !id.is_empty());
        if let Some(agent) = &self.agent {
            let parent = agent.parent.as_ref().map(|parent| &*parent.id).or(named);
            let id = parent.map_or_else(|| format!("agent-{}", agent.id), |parent| child_id(parent, &agent.id));
            return self.keyed(&id);
        }
        let id: Cow<'_, str> = match named {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(self.session.id.to_string()),
        };
        if line.is_sidechain {
            let chain = match &line.agent_id {
                Some(agent) => agent.to_string(),
                None => self.inline.chain(line.uuid.as_deref(), line.parent_uuid.as_deref()),
            };
            return self.keyed(&child_id(&id, &chain));
        }
        self.keyed(&id)
    }

    fn keyed(&mut self, id: &str) -> SessionKey {
        if *self.recent.id != *id {
            self.recent = SessionKey::new(ID, id);
        }
        self.recent.clone()
    }

    fn emit_facts(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let text = |value: &Option<Str<'_>>| value.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
        let is_new = !self.emitted.contains_key(session);
        let emitted = self.emitted.entry(session.clone()).or_default();
        let branch = text(&line.git_branch).filter(|branch| emitted.branch.as_ref() != Some(branch));
        let version = text(&line.version).filter(|version| emitted.version.as_ref() != Some(version));
        // Metadata lines often come first and are empty: the first line with a directory introduces the session.
        let is_introduction = line.cwd.is_some() && (is_new || emitted.version.is_none());
        if branch.is_none() && version.is_none() && !is_introduction && !is_new {
            return;
        }
        emitted.branch = branch.clone().or(emitted.branch.take());
        emitted.version = version.clone().or(emitted.version.take());
        let parent = parent_of(session);
        // The entrypoint belongs to the session: a sub-agent's kind comes from its sidecar file instead.
        let is_entered = is_introduction && parent.is_none();
        let facts = SessionFacts {
            parent,
            forked_from: line
                .forked_from
                .0
                .as_ref()
                .and_then(|fork| fork.session_id.as_deref())
                .map(|id| SessionKey::new(ID, id)),
            cwd: line.cwd.as_deref().filter(|_| is_introduction).map(PathBuf::from),
            branch: branch.map(Into::into),
            version: version.map(Into::into),
            origin: line.entrypoint.as_deref().filter(|_| is_entered).map(Into::into),
            ..SessionFacts::default()
        };
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }

    fn assistant(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(message) = &line.message.0 else { return };
        if line.is_api_error_message {
            let reason = line.error.and_then(wire::text).unwrap_or(Cow::Borrowed("api_error"));
            record.emit(session, EventKind::Error(short_text(&reason)));
            return;
        }
        let lineage = if parent_of(session).is_some() { Lineage::Sidechain } else { Lineage::Main };
        let copy = MessageCopy { session, lineage, uuid: line.uuid.as_deref(), cost: line.cost_usd };
        if message.model.as_deref() != Some(SYNTHETIC) {
            record.agent_text(session, || prose(&message.content));
        }
        self.message(message, &copy, record);
        if let Content::Blocks(blocks) = &message.content {
            for block in blocks {
                self.tool_call(block, session, record);
            }
        }
    }

    /// Emits the response of a message, and the responses of other models that it consulted.
    fn message(&mut self, message: &Message<'_>, copy: &MessageCopy<'_>, record: &mut Record<'_>) {
        let Some(usage) = &message.usage else { return };
        if message.model.as_deref() == Some(SYNTHETIC) {
            return;
        }
        let id = message.id.as_deref().filter(|id| !id.is_empty());
        let key = self.key(id, copy.uuid, record);
        let steps = usage.iterations.as_deref().unwrap_or_default();
        let mut sum = usage.own();
        // The top-level counts sum all steps except compactions and advisors, which are billed separately: compactions
        // by the same model, advisors by their own (Anthropic's documentation of compaction; claude-code issue 81620).
        for step in steps.iter().filter(|step| step.kind.as_deref() == Some("compaction")) {
            sum += step.usage();
        }
        let is_last = |step: &&Iteration<'_>| step.kind.as_deref() == Some("message");
        let context_used = steps.iter().rev().find(is_last).map(|step| step.usage().prompt());
        let opened = self.opened.unwrap_or(self.modified);
        let response = ResponseCopy {
            id: id.map(Into::into),
            geo: usage.inference_geo.as_deref().map_or(InferenceGeo::Global, geo),
            model: message.model.as_deref().map(|model| self.names.get(model)),
            tier: tier(usage.speed.as_deref(), usage.service_tier.as_deref()),
            embedded_cost: copy.cost.filter(|&cost| cost > 0.0).and_then(PicoUsd::from_usd),
            stop: message.stop_reason.as_deref().map(stop_reason),
            lineage: copy.lineage,
            context_used,
            ..ResponseCopy::new(key, sum, opened)
        };
        for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.kind.as_deref() == Some("advisor_message")) {
            let advice = self.advice(&response, at, step);
            self.compactions.note_advice(&advice, record.at);
            record.emit(copy.session, EventKind::Response(Box::new(advice)));
        }
        if copy.lineage == Lineage::Main {
            self.compactions.note_response(&response, record.at);
        } else {
            self.compactions.note_subagent(SubagentMode::Awaited);
        }
        record.emit(copy.session, EventKind::Response(Box::new(response)));
    }

    /// The response of an advisor's step: it has its own model and is off the main line.
    fn advice(&mut self, response: &ResponseCopy, step: usize, iteration: &Iteration<'_>) -> ResponseCopy {
        let own_id = response.id.as_deref().map(|id| format!("{id}#{step}"));
        let message = match &own_id {
            Some(id) => MessageKey::global(ID, id),
            None => MessageKey::by_content(ID, &[format!("{:?}", response.message).as_bytes(), &step.to_le_bytes()]),
        };
        ResponseCopy {
            message,
            id: own_id.map(Into::into),
            model: iteration.model.as_deref().map(|model| self.names.get(model)).or_else(|| response.model.clone()),
            usage: iteration.usage(),
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            lineage: response.lineage.max(Lineage::Sidechain),
            context_used: None,
            stop: None,
            ..response.clone()
        }
    }

    /// Message ids are unique across all files. A response without one is identified by its line's id, which copies
    /// keep, or by its position.
    fn key(&self, id: Option<&str>, uuid: Option<&str>, record: &Record<'_>) -> MessageKey {
        match (id, uuid) {
            (Some(id), _) => MessageKey::global(ID, id),
            (None, Some(uuid)) => MessageKey::by_content(ID, &[b"line", uuid.as_bytes()]),
            (None, None) => {
                let place = match record.source.place {
                    SourcePosition::Byte(offset) => offset,
                    _ => 0,
                };
                MessageKey::by_content(ID, &[self.path.to_string_lossy().as_bytes(), &place.to_le_bytes()])
            }
        }
    }

    fn tool_call(&mut self, block: &Block<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let (Some(id), Some(name)) = (&block.id, &block.name) else { return };
        if !matches!(&*block.kind, "tool_use" | "server_tool_use") {
            return;
        }
        let tool = ToolKey::new(ID, id);
        let input: ToolInput<'_> =
            block.input.and_then(|input| serde_json::from_str(input.get()).ok()).unwrap_or_default();
        let target = input.target();
        record.emit(session, EventKind::ToolStarted { tool, name: self.names.get(name), target: target.clone() });
        if SUBAGENT_TOOLS.contains(&&**name) {
            self.compactions.note_subagent(SubagentMode::Awaited);
        }
        if matches!(&**name, "Task" | "Agent") {
            let kind = input.subagent_type.and_then(wire::text).unwrap_or(Cow::Borrowed("general-purpose"));
            record.emit(session, EventKind::SubagentStarted { tool, name: short_text(&kind), task: target });
        }
    }

    fn user(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(message) = &line.message.0 else { return };
        self.compactions.note_prompt();
        let subagent = line.tool_use_result.0.as_ref().and_then(ToolResult::subagent);
        if let Some(pace) = subagent {
            self.compactions.note_subagent(pace);
        }
        if let Some(tool) = ended_task(&message.content) {
            record.emit(session, EventKind::SubagentEnded { tool });
        }
        let mut has_results = false;
        if let Content::Blocks(blocks) = &message.content {
            for block in blocks.iter().filter(|block| &*block.kind == "tool_result") {
                has_results = true;
                // The result of a background sub-agent's call only says that it has started.
                if let Some(id) = block.tool_use_id.as_ref().filter(|_| subagent != Some(SubagentMode::Background)) {
                    let outcome = if block.is_error == Some(true) { Err(()) } else { Ok(()) };
                    record.emit(session, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
                }
            }
        }
        if line.is_compact_summary || line.is_meta || line.is_sidechain || has_results || self.agent.is_some() {
            return;
        }
        match user_input(&message.content) {
            Some(UserInput::Words(text)) => {
                record.prompt(session, Some(&text));
                record.title(session, TitleRank::FirstPrompt, &text);
            }
            Some(UserInput::Command(name)) => {
                record.title(session, TitleRank::FirstCommand, &name);
            }
            Some(UserInput::Interruption) => record.emit(session, EventKind::TurnEnded),
            None => {}
        }
    }

    /// Handles a progress line, which embeds a message of a sub-agent that the session runs.
    fn progress(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(data) = &line.data.0 else { return };
        let Some(embedded) = &data.message.0 else { return };
        let Some(message) = &embedded.message.0 else { return };
        let agent = data.agent_id.as_deref().or(line.agent_id.as_deref());
        let child = agent.map(|agent| SessionKey::new(ID, child_id(&session.id, agent)));
        if let Some(child) = &child
            && !self.emitted.contains_key(child)
        {
            self.emitted.insert(child.clone(), EmittedFacts::default());
            let facts = SessionFacts { parent: Some(session.clone()), ..SessionFacts::default() };
            record.emit(child, EventKind::Facts(Box::new(facts)));
        }
        record.at = embedded.timestamp.0.or(record.at);
        let copy = MessageCopy {
            session: child.as_ref().unwrap_or(session),
            lineage: Lineage::Embedded,
            uuid: embedded.uuid.as_deref(),
            cost: None,
        };
        self.message(message, &copy, record);
    }

    /// Handles titles and other metadata, and lines of old versions that wrap a message without naming its type.
    fn other(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        if line.data.0.is_some() {
            self.progress(line, session, record);
        }
        if let Some(tool) = line.content.and_then(wire::text).and_then(|text| ended_tool(&text)) {
            record.emit(session, EventKind::SubagentEnded { tool });
        }
        let titles = [
            (TitleRank::Given, &line.custom_title),
            (TitleRank::Generated, &line.ai_title),
            (TitleRank::LastPrompt, &line.last_prompt),
            (TitleRank::Summary, &line.summary),
        ];
        for (rank, text) in titles {
            if let Some(text) = text {
                record.title(session, rank, text);
            }
        }
    }

    /// Emits what can be extracted from a long line without parsing it.
    fn skimmed(&mut self, line: &[u8], offset: u64, out: &mut Vec<Event>) {
        let Skimmed { at, fact } = skim::skim(line);
        self.opened = self.opened.or(at);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), at, out);
        match fact {
            SkimmedContent::None => {}
            SkimmedContent::Boundary(uuid) => self.compacted(uuid, &self.recent.clone(), record),
            SkimmedContent::OtherMessage => self.compactions.note_prompt(),
            SkimmedContent::Ended(call) => {
                record.emit(&self.recent, EventKind::SubagentEnded { tool: ToolKey::new(ID, call) });
            }
            SkimmedContent::Prompt => {
                self.compactions.note_prompt();
                if self.agent.is_none() {
                    record.prompt(&self.recent, None);
                }
            }
            SkimmedContent::ToolResults(ToolResults { ids, outcome, subagent }) => {
                if let Some(pace) = subagent {
                    self.compactions.note_subagent(pace);
                }
                // The result of a background sub-agent's call only says that it has started.
                for id in ids.into_iter().filter(|_| subagent != Some(SubagentMode::Background)) {
                    record.emit(&self.recent, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
                }
            }
        }
    }

    fn compacted(&mut self, uuid: Option<&str>, session: &SessionKey, record: &mut Record<'_>) {
        record.emit(session, EventKind::Compacted);
        if let Some(uuid) = uuid {
            self.compactions.note_boundary(uuid, record.at);
        }
    }

    fn system(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        match line.subtype.as_deref() {
            Some("compact_boundary") => self.compacted(line.uuid.as_deref(), session, record),
            Some("api_error") => record.emit(session, EventKind::Error("api_error".into())),
            _ => {}
        }
    }

    /// Derives the usage of summaries from a session's totals.
    fn cost_state(&mut self, bytes: &[u8], session: &SessionKey, record: &mut Record<'_>) -> Result<(), DecodeError> {
        if self.agent.is_some() {
            return Ok(());
        }
        let state: CostState<'_> = json(bytes)?;
        let Some(Summary { uuid, at, model, usage, count, geo }) = self.compactions.take_total(&state) else {
            return Ok(());
        };
        record.at = at;
        let response = ResponseCopy {
            id: Some(uuid.as_str().into()),
            model: Some(self.names.get(&model)),
            geo,
            purpose: Purpose::Compaction,
            extent: if count > 1 { UsageExtent::Sum } else { UsageExtent::Response },
            lineage: Lineage::Sidechain,
            // The summary replaces the conversation; the response that wrote it is not part of the context.
            context_used: Some(0),
            ..ResponseCopy::new(
                MessageKey::by_content(ID, &[b"compaction", uuid.as_bytes()]),
                usage,
                self.opened.unwrap_or(self.modified),
            )
        };
        record.emit(session, EventKind::Response(Box::new(response)));
        Ok(())
    }
}

impl Decoder for Transcript {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        let emitted = self.emitted.iter().map(|(session, emitted)| (session.id.to_string(), emitted.clone())).collect();
        let (inline, compactions) = (self.inline.clone(), self.compactions.clone());
        checkpoint::pack(&State { opened: self.opened, emitted, inline, compactions })
    }

    fn resume(&mut self, checkpoint: &[u8]) -> bool {
        let Some(State { opened, emitted, inline, compactions }) = checkpoint::unpack(checkpoint) else { return false };
        self.opened = opened;
        self.emitted = emitted.into_iter().map(|(id, emitted)| (SessionKey::new(ID, id.as_str()), emitted)).collect();
        self.inline = inline;
        self.compactions = compactions;
        true
    }
}

/// One copy of a message: its session and where it was found.
struct MessageCopy<'a> {
    session: &'a SessionKey,
    lineage: Lineage,
    uuid: Option<&'a str>,
    cost: Option<f64>,
}
