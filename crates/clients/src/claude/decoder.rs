use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, Timestamp, Title, TitleRank, ToolKey, Turn, UsageExtent,
};
use serde::{Deserialize, Serialize};

use super::ID;
use super::compaction::{Compactions, Pace, Summary};
use super::kinds;
use super::lineage::{InlineChains, child_id, parent_in, parent_of};
use super::prompt::{Spoken, ended_tool, notified, prose, spoken};
use super::skim::{self, Fact, Results, Skimmed, has_usage};
use super::wire::{self, Block, Content, CostState, Line, Message, ToolInput, ToolResult};
use super::words::{geo, stop_reason, tier};
use crate::checkpoint;
use crate::decode::{Record, SourceFile, response};
use crate::names::Names;
use crate::parse::{Str, json, shortened};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Titles and targets are not worth keeping whole.
pub(super) const TITLE_LENGTH: usize = 120;

/// The model name of messages that Claude Code made up itself.
const SYNTHETIC: &str = "<synthetic>";

/// Reads a transcript: a session's, or a sub-agent's.
pub(super) struct Transcript {
    file: SourceFile,
    path: PathBuf,
    /// From the file's name, for lines that do not say.
    session: SessionKey,
    /// Set for a sub-agent's own transcript: every line is the sub-agent's.
    agent: Option<Agent>,
    opened: Option<Timestamp>,
    modified: Timestamp,
    /// The session of the last line: lines come in runs.
    recent: SessionKey,
    names: Names,
    told: HashMap<SessionKey, ToldFacts>,
    inline: InlineChains,
    compactions: Compactions,
}

/// The sub-agent that a transcript belongs to.
struct Agent {
    id: String,
    /// From the path, where it tells; 2.0 wrote sub-agents beside their session.
    parent: Option<SessionKey>,
}

/// What was last said about a session, so that it is not said again with each line.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ToldFacts {
    branch: Option<String>,
    version: Option<String>,
}

/// What it takes to go on.
#[derive(Serialize, Deserialize)]
struct State {
    #[serde(with = "checkpoint::millis")]
    opened: Option<Timestamp>,
    told: Vec<(String, ToldFacts)>,
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
            names: Names::default(),
            told: HashMap::new(),
            inline: InlineChains::default(),
            compactions: Compactions::default(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if kinds::is_without_news(bytes) {
            return kinds::whole(bytes);
        }
        if bytes.len() > skim::MIN_BYTES && !kinds::is_cost_state(bytes) && !has_usage(bytes) {
            kinds::whole(bytes)?;
            self.skimmed(bytes, offset, out);
            return Ok(());
        }
        let line: Line<'_> = json(bytes)?;
        self.opened = self.opened.or(line.timestamp.0);
        let session = self.session_of(&line);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        self.tell_facts(&line, &session, record);
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

    /// The session a line belongs to: the sub-agent's whose transcript this is, an inline sub-agent, or the one that
    /// the line names.
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

    fn tell_facts(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let text = |value: &Option<Str<'_>>| value.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
        let is_new = !self.told.contains_key(session);
        let told = self.told.entry(session.clone()).or_default();
        let branch = text(&line.git_branch).filter(|branch| told.branch.as_ref() != Some(branch));
        let version = text(&line.version).filter(|version| told.version.as_ref() != Some(version));
        // Metadata often comes first and says nothing: the first line with a directory introduces the session.
        let is_introduction = line.cwd.is_some() && (is_new || told.version.is_none());
        if branch.is_none() && version.is_none() && !is_introduction && !is_new {
            return;
        }
        told.branch = branch.clone().or(told.branch.take());
        told.version = version.clone().or(told.version.take());
        let parent = parent_of(session);
        // A sub-agent was started by its parent, whose sidecar names its kind; the entrypoint is its session's.
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
            record.emit(session, EventKind::Error(shortened(&reason, TITLE_LENGTH).into()));
            return;
        }
        let lineage = if parent_of(session).is_some() { Lineage::Sidechain } else { Lineage::Main };
        let copy = Copy { session, lineage, uuid: line.uuid.as_deref(), cost: line.cost_usd };
        if message.model.as_deref() != Some(SYNTHETIC) {
            record.said(session, || prose(&message.content));
        }
        self.message(message, &copy, record);
        if let Content::Blocks(blocks) = &message.content {
            for block in blocks {
                self.tool_call(block, session, record);
            }
        }
    }

    /// Emits the response of a message, and those of other models that it consulted.
    fn message(&mut self, message: &Message<'_>, copy: &Copy<'_>, record: &mut Record<'_>) {
        let Some(usage) = &message.usage else { return };
        if message.model.as_deref() == Some(SYNTHETIC) {
            return;
        }
        let id = message.id.as_deref().filter(|id| !id.is_empty());
        let key = self.key(id, copy.uuid, record);
        let steps = usage.iterations.as_deref().unwrap_or_default();
        let mut sum = usage.own();
        // The top-level counts sum all steps but those of compactions and advisors: those are billed beside them, the
        // former by the same model, the latter by their own (Anthropic's documentation of compaction; claude-code
        // issue 81620).
        for step in steps.iter().filter(|step| step.kind.as_deref() == Some("compaction")) {
            sum += step.usage();
        }
        let is_last = |step: &&wire::Iteration<'_>| step.kind.as_deref() == Some("message");
        let context_used = steps.iter().rev().find(is_last).map(|step| step.usage().prompt());
        let opened = self.opened.unwrap_or(self.modified);
        let turn = Turn {
            message: key,
            id: id.map(Into::into),
            part_of: CoarserRecords::none(),
            geo: usage.inference_geo.as_deref().map_or(InferenceGeo::Global, geo),
            purpose: Purpose::Answer,
            requests: 1,
            model: message.model.as_deref().map(|model| self.names.get(model)),
            usage: sum,
            tier: tier(usage.speed.as_deref(), usage.service_tier.as_deref()),
            extent: UsageExtent::Response,
            embedded_cost: copy.cost.filter(|&cost| cost > 0.0).and_then(PicoUsd::from_usd),
            stop: message.stop_reason.as_deref().map(stop_reason),
            lineage: copy.lineage,
            opened,
            context_used,
        };
        for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.kind.as_deref() == Some("advisor_message")) {
            let advice = self.advice(&turn, at, step);
            self.compactions.note_advice(&advice, record.at);
            record.emit(copy.session, EventKind::Turn(Box::new(advice)));
        }
        if copy.lineage == Lineage::Main {
            self.compactions.note_response(&turn, record.at);
        } else {
            self.compactions.note_subagent(Pace::Awaited);
        }
        record.emit(copy.session, EventKind::Turn(Box::new(turn)));
    }

    /// What an advisor's step used: a response of its own, of another model, off the main line.
    fn advice(&mut self, turn: &Turn, step: usize, iteration: &wire::Iteration<'_>) -> Turn {
        let own_id = turn.id.as_deref().map(|id| format!("{id}#{step}"));
        let message = match &own_id {
            Some(id) => MessageKey::global(ID, id),
            None => MessageKey::by_content(ID, &[format!("{:?}", turn.message).as_bytes(), &step.to_le_bytes()]),
        };
        Turn {
            message,
            id: own_id.map(Into::into),
            model: iteration.model.as_deref().map(|model| self.names.get(model)).or_else(|| turn.model.clone()),
            usage: iteration.usage(),
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            lineage: turn.lineage.max(Lineage::Sidechain),
            context_used: None,
            stop: None,
            ..turn.clone()
        }
    }

    /// Message ids are unique across all files. A response without one is told apart by its line's id, which copies
    /// keep, or by its place.
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
        if super::compaction::SUBAGENT_TOOLS.contains(&&**name) {
            self.compactions.note_subagent(Pace::Awaited);
        }
        if matches!(&**name, "Task" | "Agent") {
            let kind = input.subagent_type.and_then(wire::text).unwrap_or(Cow::Borrowed("general-purpose"));
            record.emit(
                session,
                EventKind::SubagentStarted { tool, name: shortened(&kind, TITLE_LENGTH).into(), task: target },
            );
        }
    }

    fn user(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(message) = &line.message.0 else { return };
        self.compactions.note_prompt();
        let subagent = line.tool_use_result.0.as_ref().and_then(ToolResult::subagent);
        if let Some(pace) = subagent {
            self.compactions.note_subagent(pace);
        }
        if let Some(tool) = notified(&message.content) {
            record.emit(session, EventKind::SubagentEnded { tool });
        }
        let mut has_results = false;
        if let Content::Blocks(blocks) = &message.content {
            for block in blocks.iter().filter(|block| &*block.kind == "tool_result") {
                has_results = true;
                // A sub-agent in the background has only begun with the answer of its call.
                if let Some(id) = block.tool_use_id.as_ref().filter(|_| subagent != Some(Pace::Background)) {
                    let outcome = if block.is_error == Some(true) { Err(()) } else { Ok(()) };
                    record.emit(session, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
                }
            }
        }
        if line.is_compact_summary || line.is_meta || line.is_sidechain || has_results || self.agent.is_some() {
            return;
        }
        match spoken(&message.content) {
            Some(Spoken::Words(text)) => {
                record.prompt(session, Some(&text));
                let title = Title { rank: TitleRank::FirstPrompt, text: shortened(&text, TITLE_LENGTH).into() };
                record.emit(session, EventKind::Title(title));
            }
            Some(Spoken::Command(name)) => {
                let title = Title { rank: TitleRank::FirstCommand, text: shortened(&name, TITLE_LENGTH).into() };
                record.emit(session, EventKind::Title(title));
            }
            Some(Spoken::Interruption) => record.emit(session, EventKind::TurnEnded),
            None => {}
        }
    }

    /// A progress line embeds a message of a sub-agent that the session runs.
    fn progress(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(data) = &line.data.0 else { return };
        let Some(embedded) = &data.message.0 else { return };
        let Some(message) = &embedded.message.0 else { return };
        let agent = data.agent_id.as_deref().or(line.agent_id.as_deref());
        let child = agent.map(|agent| SessionKey::new(ID, child_id(&session.id, agent)));
        if let Some(child) = &child
            && !self.told.contains_key(child)
        {
            self.told.insert(child.clone(), ToldFacts::default());
            let facts = SessionFacts { parent: Some(session.clone()), ..SessionFacts::default() };
            record.emit(child, EventKind::Facts(Box::new(facts)));
        }
        record.at = embedded.timestamp.0.or(record.at);
        let copy = Copy {
            session: child.as_ref().unwrap_or(session),
            lineage: Lineage::Embedded,
            uuid: embedded.uuid.as_deref(),
            cost: None,
        };
        self.message(message, &copy, record);
    }

    /// Titles and other metadata; and lines of old versions that wrap a message without saying what they are.
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
                let title = Title { rank, text: shortened(text, TITLE_LENGTH).into() };
                record.emit(session, EventKind::Title(title));
            }
        }
    }

    /// Takes what can be picked out of a long line.
    fn skimmed(&mut self, line: &[u8], offset: u64, out: &mut Vec<Event>) {
        let Skimmed { at, fact } = skim::skim(line);
        self.opened = self.opened.or(at);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), at, out);
        match fact {
            Fact::None => {}
            Fact::Boundary(uuid) => self.compacted(uuid, &self.recent.clone(), record),
            Fact::Aside => self.compactions.note_prompt(),
            Fact::Ended(call) => record.emit(&self.recent, EventKind::SubagentEnded { tool: ToolKey::new(ID, call) }),
            Fact::Prompt => {
                self.compactions.note_prompt();
                if self.agent.is_none() {
                    record.prompt(&self.recent, None);
                }
            }
            Fact::Results(Results { ids, outcome, subagent }) => {
                if let Some(pace) = subagent {
                    self.compactions.note_subagent(pace);
                }
                // A sub-agent in the background has only begun with the answer of its call.
                for id in ids.into_iter().filter(|_| subagent != Some(Pace::Background)) {
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

    /// A session's totals tell what its summaries used.
    fn cost_state(&mut self, bytes: &[u8], session: &SessionKey, record: &mut Record<'_>) -> Result<(), DecodeError> {
        if self.agent.is_some() {
            return Ok(());
        }
        let state: CostState<'_> = json(bytes)?;
        let Some(Summary { uuid, at, model, usage, count, geo }) = self.compactions.settle(&state) else {
            return Ok(());
        };
        record.at = at;
        let turn = Turn {
            id: Some(uuid.as_str().into()),
            model: Some(self.names.get(&model)),
            geo,
            purpose: Purpose::Compaction,
            extent: if count > 1 { UsageExtent::Sum } else { UsageExtent::Response },
            lineage: Lineage::Sidechain,
            // The summary takes the conversation's place; what wrote it is no part of it.
            context_used: Some(0),
            ..response(
                MessageKey::by_content(ID, &[b"compaction", uuid.as_bytes()]),
                usage,
                self.opened.unwrap_or(self.modified),
            )
        };
        record.emit(session, EventKind::Turn(Box::new(turn)));
        Ok(())
    }
}

impl Decoder for Transcript {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            _ => Err(DecodeError::malformed("is not read line by line")),
        }
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        let told = self.told.iter().map(|(session, told)| (session.id.to_string(), told.clone())).collect();
        let (inline, compactions) = (self.inline.clone(), self.compactions.clone());
        checkpoint::pack(&State { opened: self.opened, told, inline, compactions })
    }

    fn resume(&mut self, checkpoint: &[u8]) -> bool {
        let Some(State { opened, told, inline, compactions }) = checkpoint::unpack(checkpoint) else { return false };
        self.opened = opened;
        self.told = told.into_iter().map(|(id, told)| (SessionKey::new(ID, id.as_str()), told)).collect();
        self.inline = inline;
        self.compactions = compactions;
        true
    }
}

/// One copy of a message: whose, and where.
struct Copy<'a> {
    session: &'a SessionKey,
    lineage: Lineage,
    uuid: Option<&'a str>,
    cost: Option<f64>,
}
