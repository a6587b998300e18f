//! Reads the events of a session.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, Purpose, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, StopReason, Timestamp, Title, TitleRank, ToolKey, Turn, Usage, UsageExtent,
};

use super::counting::{self, Told, stop_reason};
use super::runs::{Begins, Run, Runs};
use super::wire::{
    Begin, CallUsage, Compaction, Context, Line, Message, Payload, Permission, Shutdown, Subagent, ToolStart,
    UserMessage,
};
use super::{ID, TITLE_LENGTH, session_id};
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::{Str, shortened};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Tools that put a question to the person, and run until it is answered.
const QUESTIONS: &[&str] = &["ask_user", "exit_plan_mode"];

/// A session has this many sub-agents at most; events of those beyond it count as the session's own.
const MOST_AGENTS: usize = 4096;

/// Reads `events.jsonl`: a session's, with its sub-agents in it.
pub(super) struct Events {
    file: SourceFile,
    session: SessionKey,
    /// The VS Code workspace that the session was held in.
    project: Option<Arc<str>>,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Names,
    runs: Runs,
    told: Told,
    own: Standing,
    agents: HashMap<String, (SessionKey, Standing)>,
    has_prompt: bool,
    /// The model's last message asked for no tools: the turn ends with it.
    is_last_word: bool,
}

/// What was last said about the models of a session or sub-agent.
#[derive(Debug, Default)]
struct Standing {
    model: Option<Arc<str>>,
    context_limit: u64,
}

impl Events {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self::of_session(source, SessionKey::new(ID, session_id(source.path)), None)
    }

    /// The events that VS Code's chat writes for a workspace.
    pub(super) fn of_workspace(source: &Source<'_>, project: Arc<str>) -> Self {
        Self::of_session(source, SessionKey::new(ID, file_stem(source.path)), Some(project))
    }

    fn of_session(source: &Source<'_>, session: SessionKey, project: Option<Arc<str>>) -> Self {
        Self {
            file: source.file(),
            session,
            project,
            opened: None,
            modified: source.modified,
            names: Names::default(),
            runs: Runs::default(),
            told: Told::default(),
            own: Standing::default(),
            agents: HashMap::new(),
            has_prompt: false,
            is_last_word: false,
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let payload = line.payload()?;
        self.opened = self.opened.or(line.timestamp.0);
        let is_beginning = matches!(payload, Payload::Start(_) | Payload::Resume(_));
        self.runs.follow(&line, if is_beginning { Begins::Process } else { Begins::Nothing });
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        let session = self.session_of(&line, record);
        match payload {
            Payload::Start(begin) => self.begin(&begin, record),
            Payload::Resume(begin) => {
                self.begin(&begin, record);
                record.emit(&session, EventKind::TurnEnded);
            }
            Payload::ContextChange(context) => tell(&session, place(&context), record),
            Payload::ModelChange(change) => self.model(&line, &session, change.new_model.as_ref(), record),
            Payload::UserMessage(message) => self.user_message(&line, &message, record),
            Payload::TurnStart(turn) if line.agent_id.is_none() => {
                self.is_last_word = false;
                let run = self.runs.current();
                run.note_interaction(turn.interaction_id.as_deref());
                run.note_turn(turn.turn_id.as_deref());
            }
            Payload::TurnEnd if self.is_last_word && line.agent_id.is_none() => {
                record.emit(&session, EventKind::TurnEnded);
            }
            Payload::Message(message) => self.message(&line, &session, &message, record),
            Payload::Usage(usage) => self.call(&line, &session, &usage, record),
            Payload::ToolStart(tool) => self.tool_start(&session, &tool, record),
            Payload::ToolEnd(end) => {
                let outcome = if end.success == Some(false) { Err(()) } else { Ok(()) };
                if let Some(tool) = tool_key(end.tool_call_id.as_ref()) {
                    record.emit(&session, EventKind::ToolEnded { tool, outcome });
                }
            }
            Payload::SubagentStart(agent) => self.subagent_start(&line, &session, &agent, record),
            Payload::SubagentEnd(agent) => self.subagent_end(&session, &agent, record),
            Payload::PermissionAsked(permission) if permission.resolved_by_hook != Some(true) => {
                record.emit(&session, EventKind::Waiting);
            }
            Payload::PermissionGiven(permission) => answered(&permission, &session, record),
            Payload::Compaction(compaction) => self.compaction(&line, &session, &compaction, record),
            Payload::Failure(failure) => {
                let reason = failure.error_type.as_deref().unwrap_or("error");
                record.emit(&session, EventKind::Error(shortened(reason, TITLE_LENGTH).into()));
            }
            Payload::Stop => record.emit(&session, EventKind::TurnEnded),
            Payload::Shutdown(shutdown) => self.shutdown(&shutdown, record),
            _ => {}
        }
        Ok(())
    }

    /// The session an event belongs to: a sub-agent's own, where one is named. Introduces a sub-agent that is new.
    fn session_of(&mut self, line: &Line<'_>, record: &mut Record<'_>) -> SessionKey {
        let Some(agent) = line.agent_id.as_deref().filter(|id| !id.is_empty()) else { return self.session.clone() };
        if let Some((session, _)) = self.agents.get(agent) {
            return session.clone();
        }
        if self.agents.len() >= MOST_AGENTS {
            return self.session.clone();
        }
        let session = SessionKey::new(ID, format!("{}/{agent}", self.session.id));
        let facts = SessionFacts { parent: Some(self.session.clone()), ..SessionFacts::default() };
        record.emit(&session, EventKind::Facts(Box::new(facts)));
        self.agents.insert(agent.to_owned(), (session.clone(), Standing::default()));
        session
    }

    fn standing(&mut self, line: &Line<'_>) -> &mut Standing {
        let agent = line.agent_id.as_deref().and_then(|agent| self.agents.get_mut(agent));
        agent.map_or(&mut self.own, |(_, standing)| standing)
    }

    fn begin(&mut self, begin: &Begin<'_>, record: &mut Record<'_>) {
        let model = begin.selected_model.as_ref().filter(|model| !model.is_empty()).map(|model| self.names.get(model));
        self.own.model = model.clone().or(self.own.model.take());
        let facts = SessionFacts {
            started: begin.start_time.0,
            version: begin.copilot_version.as_deref().filter(|version| *version != "unknown").map(Into::into),
            model,
            project: self.project.clone(),
            ..begin.context.as_ref().map(place).unwrap_or_default()
        };
        let session = self.session.clone();
        tell(&session, facts, record);
    }

    fn model(&mut self, line: &Line<'_>, session: &SessionKey, model: Option<&Str<'_>>, record: &mut Record<'_>) {
        let Some(model) = model.filter(|model| !model.is_empty()) else { return };
        let model = self.names.get(model);
        let standing = self.standing(line);
        if standing.model.as_ref() != Some(&model) {
            standing.model = Some(Arc::clone(&model));
            let facts = SessionFacts { model: Some(model), ..SessionFacts::default() };
            tell(session, facts, record);
        }
    }

    fn user_message(&mut self, line: &Line<'_>, message: &UserMessage<'_>, record: &mut Record<'_>) {
        let is_person = line.agent_id.is_none() && message.source.text().is_none_or(|source| source == "user");
        if !is_person {
            return;
        }
        self.runs.current().note_interaction(message.interaction_id.as_deref());
        record.prompt(&self.session, message.content.text());
        if let Some(text) = message.content.text().filter(|_| !self.has_prompt) {
            self.has_prompt = true;
            let title = Title { rank: TitleRank::FirstPrompt, text: shortened(text, TITLE_LENGTH).into() };
            record.emit(&self.session, EventKind::Title(title));
        }
    }

    /// What the model said. Its output counts until something finer or more complete is known of the call.
    fn message(&mut self, line: &Line<'_>, session: &SessionKey, message: &Message<'_>, record: &mut Record<'_>) {
        let has_tools = message.tool_requests.as_ref().is_some_and(|requests| !requests.is_empty());
        if line.agent_id.is_none() {
            self.is_last_word = !has_tools;
        }
        record.said(session, || message.content.text());
        if message.output_tokens.0 == 0 {
            return;
        }
        let model = message.model.as_deref().map(|model| self.names.get(model));
        let model = model.or_else(|| self.standing(line).model.clone());
        let run = self.runs.current();
        let key = message_key(line, message, run);
        run.messages.push(key);
        let usage = Usage { output: message.output_tokens.0, ..Usage::default() };
        let turn = Turn {
            id: message.api_call_id.as_deref().map(Into::into),
            stop: has_tools.then_some(StopReason::ToolUse),
            lineage: lineage(line),
            ..self.turn(key, model, usage)
        };
        record.emit(session, EventKind::Turn(Box::new(turn)));
    }

    /// One call of a model, exactly.
    fn call(&mut self, line: &Line<'_>, session: &SessionKey, call: &CallUsage<'_>, record: &mut Record<'_>) {
        let model = call.model.as_deref().filter(|model| !model.is_empty()).map(|model| self.names.get(model));
        let usage = counting::usage(&call.counts);
        let limit = call.max_prompt_tokens.0;
        let standing = self.standing(line);
        if limit > 0 && limit != standing.context_limit {
            standing.context_limit = limit;
            let facts = SessionFacts { context_limit: Some(limit), ..SessionFacts::default() };
            tell(session, facts, record);
        }
        self.told.note_record(model.as_deref().unwrap_or_default(), usage);
        let id = call.api_call_id.as_deref().filter(|id| !id.is_empty());
        let key = counting::call(id.or(line.id.as_deref()).unwrap_or_default(), &call.counts);
        let turn = Turn {
            id: id.map(Into::into),
            part_of: id.map(counting::message).into(),
            stop: call.finish_reason.as_deref().map(stop_reason),
            lineage: lineage(line),
            ..self.turn(key, model, usage)
        };
        record.emit(session, EventKind::Turn(Box::new(turn)));
    }

    /// The context was summarised. That call is in no record, total or span (1.0.60, 1.0.102), but the event has counts.
    fn compaction(
        &mut self,
        line: &Line<'_>,
        session: &SessionKey,
        compaction: &Compaction<'_>,
        record: &mut Record<'_>,
    ) {
        let used = compaction.used.as_ref().map(|used| (used, counting::usage(&used.counts)));
        if let Some((used, usage)) = used.filter(|(_, usage)| !usage.is_zero()) {
            let model = used.model.as_deref().map(|model| self.names.get(model));
            let model = model.or_else(|| self.standing(line).model.clone());
            let key = counting::call(line.id.as_deref().unwrap_or_default(), &used.counts);
            // Off the main line: what it read is not what is in the context now.
            let turn = Turn {
                lineage: Lineage::Sidechain,
                context_used: Some(0),
                purpose: Purpose::Compaction,
                ..self.turn(key, model, usage)
            };
            record.emit(session, EventKind::Turn(Box::new(turn)));
        }
        if compaction.success != Some(false) {
            record.emit(session, EventKind::Compacted);
            let context_used = compaction.post_compaction_tokens.map(|tokens| tokens.0);
            tell(session, SessionFacts { context_used, ..SessionFacts::default() }, record);
        }
    }

    /// A process ends: its totals replace its messages.
    fn shutdown(&mut self, shutdown: &Shutdown, record: &mut Record<'_>) {
        let is_of_session = shutdown.usage_accounting_watermarks.is_some();
        let context_used = Some(shutdown.current_tokens.map_or(0, |tokens| tokens.0));
        let run = self.runs.current();
        let name = run.name().to_owned();
        let mut replaced = std::mem::take(&mut run.messages);
        let totals = shutdown.model_metrics.iter().filter_map(|(model, metric)| Some((model, metric.as_ref()?)));
        for (nth, (model, metric)) in totals.enumerate() {
            let total = counting::Sum { usage: counting::usage(&metric.usage), requests: metric.requests.count.0 };
            let news = self.told.news_of_total(model, total, is_of_session);
            if news.usage.is_zero() {
                continue;
            }
            let model = Some(self.names.get(model));
            let total = Turn {
                context_used,
                extent: UsageExtent::Sum,
                part_of: std::mem::take(&mut replaced).into_iter().collect(),
                // No usage without a request.
                requests: news.requests.max(1),
                ..self.turn(counting::total(&name, nth), model, news.usage)
            };
            record.emit(&self.session, EventKind::Turn(Box::new(total)));
        }
        record.emit(&self.session, EventKind::Ended);
    }

    fn turn(&self, message: MessageKey, model: Option<Arc<str>>, usage: Usage) -> Turn {
        Turn {
            message,
            id: None,
            part_of: CoarserRecords::none(),
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            model,
            usage,
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            stop: None,
            lineage: Lineage::Main,
            opened: self.opened.unwrap_or(self.modified),
            context_used: None,
        }
    }

    fn tool_start(&mut self, session: &SessionKey, start: &ToolStart<'_>, record: &mut Record<'_>) {
        let Some(tool) = tool_key(start.tool_call_id.as_ref()) else { return };
        let name = self.names.get(start.tool_name.as_deref().unwrap_or("tool"));
        let asks = QUESTIONS.contains(&&*name);
        let target = start.target().map(|text| shortened(&text, TITLE_LENGTH).into());
        record.emit(session, EventKind::ToolStarted { tool, name, target });
        if asks {
            record.emit(session, EventKind::Waiting);
        }
    }

    fn subagent_start(&mut self, line: &Line<'_>, session: &SessionKey, agent: &Subagent<'_>, record: &mut Record<'_>) {
        let name = agent.agent_name.as_deref().unwrap_or("agent");
        if let Some(tool) = tool_key(agent.tool_call_id.as_ref()) {
            let task = agent.agent_description.as_deref().map(|task| shortened(task, TITLE_LENGTH).into());
            record.emit(&self.session, EventKind::SubagentStarted { tool, name: name.into(), task });
        }
        if *session == self.session {
            return;
        }
        let facts = SessionFacts { origin: Some(name.into()), ..SessionFacts::default() };
        tell(session, facts, record);
        self.model(line, session, agent.model.as_ref(), record);
        if let Some(title) = agent.agent_display_name.as_deref() {
            let title = Title { rank: TitleRank::Generated, text: shortened(title, TITLE_LENGTH).into() };
            record.emit(session, EventKind::Title(title));
        }
    }

    fn subagent_end(&self, session: &SessionKey, agent: &Subagent<'_>, record: &mut Record<'_>) {
        if let Some(tool) = tool_key(agent.tool_call_id.as_ref()) {
            record.emit(&self.session, EventKind::SubagentEnded { tool });
        }
        if *session != self.session {
            record.emit(session, EventKind::Ended);
        }
    }
}

impl Decoder for Events {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            _ => Err(DecodeError::malformed("is not read line by line")),
        }
    }
}

/// Says what is known, if anything is.
fn tell(session: &SessionKey, facts: SessionFacts, record: &mut Record<'_>) {
    if facts != SessionFacts::default() {
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }
}

/// The question is answered: like a tool that ended, which is what takes the waiting away. (What was asked about has a
/// start and an end of its own.)
fn answered(permission: &Permission<'_>, session: &SessionKey, record: &mut Record<'_>) {
    if let Some(tool) = tool_key(permission.request_id.as_ref()) {
        record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
    }
}

/// By the provider's id of its call, or the turn of the agent's loop that it is, or its own id.
fn message_key(line: &Line<'_>, message: &Message<'_>, run: &Run) -> MessageKey {
    if let Some(call) = message.api_call_id.as_deref().filter(|id| !id.is_empty()) {
        return counting::message(call);
    }
    let turn = message.turn_id.as_deref().or(run.turn());
    match (message.interaction_id.as_deref(), turn) {
        (Some(interaction), Some(turn)) if line.agent_id.is_none() => counting::message_of_turn(interaction, turn),
        _ => counting::message(message.id.as_deref().or(line.id.as_deref()).unwrap_or_default()),
    }
}

fn place(context: &Context<'_>) -> SessionFacts {
    let text = |value: &Option<Str<'_>>| value.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    SessionFacts {
        cwd: text(&context.cwd).map(PathBuf::from),
        branch: text(&context.branch).map(Into::into),
        ..SessionFacts::default()
    }
}

fn tool_key(id: Option<&Str<'_>>) -> Option<ToolKey> {
    id.filter(|id| !id.is_empty()).map(|id| ToolKey::new(ID, id))
}

fn lineage(line: &Line<'_>) -> Lineage {
    if line.agent_id.is_some() { Lineage::Sidechain } else { Lineage::Main }
}
