//! Reads the events of a session.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, Purpose, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason,
    Timestamp, TitleRank, ToolKey, Usage, UsageExtent,
};

use super::counting::{self, ReportedUsage, stop_reason};
use super::id::{ID, session_id};
use super::runs::{ProcessRun, ProcessRuns, RunStart};
use super::wire::{
    Begin, CallUsage, Compaction, Context, Line, Message, Payload, Permission, Shutdown, Subagent, ToolStart,
    UserMessage,
};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Str, short_text};
use crate::question_tools::is_question_tool;
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Maximum number of sub-agents of a session; events of further ones count as the session's own.
const MAX_SUBAGENTS: usize = 4096;

/// Reads `events.jsonl`: the events of a session and its sub-agents.
pub(super) struct SessionEvents {
    file: SourceFile,
    session: SessionKey,
    /// The VS Code workspace of the session.
    project: Option<Arc<str>>,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Interner,
    runs: ProcessRuns,
    reported: ReportedUsage,
    own: ModelState,
    agents: HashMap<String, (SessionKey, ModelState)>,
    has_prompt: bool,
    /// Whether the model's last message called no tools, so that the turn ends with it.
    is_turn_over: bool,
}

/// The model and the context window last emitted for a session or sub-agent.
#[derive(Debug, Default)]
struct ModelState {
    model: Option<Arc<str>>,
    context_limit: u64,
}

impl SessionEvents {
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
            names: Interner::default(),
            runs: ProcessRuns::default(),
            reported: ReportedUsage::default(),
            own: ModelState::default(),
            agents: HashMap::new(),
            has_prompt: false,
            is_turn_over: false,
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let payload = line.payload()?;
        self.opened = self.opened.or(line.timestamp.0);
        let is_beginning = matches!(payload, Payload::Start(_) | Payload::Resume(_));
        self.runs.follow(&line, if is_beginning { RunStart::Process } else { RunStart::Nothing });
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        let session = self.session_of(&line, record);
        match payload {
            Payload::Start(begin) => self.begin(&begin, record),
            Payload::Resume(begin) => {
                self.begin(&begin, record);
                record.emit(&session, EventKind::TurnEnded);
            }
            Payload::ContextChange(context) => emit_facts(&session, location_facts(&context), record),
            Payload::ModelChange(change) => self.model(&line, &session, change.new_model.as_ref(), record),
            Payload::UserMessage(message) => self.user_message(&line, &message, record),
            Payload::TurnStart(response) if line.agent_id.is_none() => {
                self.is_turn_over = false;
                let run = self.runs.current();
                run.note_interaction(response.interaction_id.as_deref());
                run.note_turn(response.turn_id.as_deref());
            }
            Payload::TurnEnd if self.is_turn_over && line.agent_id.is_none() => {
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
                record.emit(&session, EventKind::NeedsPermission);
            }
            Payload::PermissionGiven(permission) => answered(&permission, &session, record),
            Payload::Compaction(compaction) => self.compaction(&line, &session, &compaction, record),
            Payload::Failure(failure) => {
                let reason = failure.error_type.as_deref().unwrap_or("error");
                record.emit(&session, EventKind::Error(short_text(reason)));
            }
            Payload::Stop => record.emit(&session, EventKind::TurnEnded),
            Payload::Shutdown(shutdown) => self.shutdown(&shutdown, record),
            _ => {}
        }
        Ok(())
    }

    /// The session of an event: the sub-agent's, if the event names one. Emits facts for a new sub-agent.
    fn session_of(&mut self, line: &Line<'_>, record: &mut Record<'_>) -> SessionKey {
        let Some(agent) = line.agent_id.as_deref().filter(|id| !id.is_empty()) else { return self.session.clone() };
        if let Some((session, _)) = self.agents.get(agent) {
            return session.clone();
        }
        if self.agents.len() >= MAX_SUBAGENTS {
            return self.session.clone();
        }
        let session = SessionKey::new(ID, format!("{}/{agent}", self.session.id));
        let facts = SessionFacts { parent: Some(self.session.clone()), ..SessionFacts::default() };
        record.emit(&session, EventKind::Facts(Box::new(facts)));
        self.agents.insert(agent.to_owned(), (session.clone(), ModelState::default()));
        session
    }

    fn model_state(&mut self, line: &Line<'_>) -> &mut ModelState {
        let agent = line.agent_id.as_deref().and_then(|agent| self.agents.get_mut(agent));
        agent.map_or(&mut self.own, |(_, model_state)| model_state)
    }

    fn begin(&mut self, begin: &Begin<'_>, record: &mut Record<'_>) {
        let model = begin.selected_model.as_ref().filter(|model| !model.is_empty()).map(|model| self.names.get(model));
        self.own.model = model.clone().or(self.own.model.take());
        let facts = SessionFacts {
            started: begin.start_time.0,
            version: begin.copilot_version.as_deref().filter(|version| *version != "unknown").map(Into::into),
            model,
            project: self.project.clone(),
            ..begin.context.as_ref().map(location_facts).unwrap_or_default()
        };
        let session = self.session.clone();
        emit_facts(&session, facts, record);
    }

    fn model(&mut self, line: &Line<'_>, session: &SessionKey, model: Option<&Str<'_>>, record: &mut Record<'_>) {
        let Some(model) = model.filter(|model| !model.is_empty()) else { return };
        let model = self.names.get(model);
        let model_state = self.model_state(line);
        if model_state.model.as_ref() != Some(&model) {
            model_state.model = Some(Arc::clone(&model));
            let facts = SessionFacts { model: Some(model), ..SessionFacts::default() };
            emit_facts(session, facts, record);
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
            record.title(&self.session, TitleRank::FirstPrompt, text);
        }
    }

    /// Emits a message of the model. Its output counts until a finer or more complete record of the call is read.
    fn message(&mut self, line: &Line<'_>, session: &SessionKey, message: &Message<'_>, record: &mut Record<'_>) {
        let has_tools = message.tool_requests.as_ref().is_some_and(|requests| !requests.is_empty());
        if line.agent_id.is_none() {
            self.is_turn_over = !has_tools;
        }
        record.agent_text(session, || message.content.text());
        if message.output_tokens.0 == 0 {
            return;
        }
        let model = message.model.as_deref().map(|model| self.names.get(model));
        let model = model.or_else(|| self.model_state(line).model.clone());
        let run = self.runs.current();
        let key = message_key(line, message, run);
        run.messages.push(key);
        let usage = Usage { output: message.output_tokens.0, ..Usage::default() };
        let response = ResponseCopy {
            id: message.api_call_id.as_deref().map(Into::into),
            stop: has_tools.then_some(StopReason::ToolUse),
            lineage: lineage(line),
            ..self.response(key, model, usage)
        };
        record.emit(session, EventKind::Response(Box::new(response)));
    }

    /// Emits the usage record of one call.
    fn call(&mut self, line: &Line<'_>, session: &SessionKey, call: &CallUsage<'_>, record: &mut Record<'_>) {
        let model = call.model.as_deref().filter(|model| !model.is_empty()).map(|model| self.names.get(model));
        let usage = counting::usage(&call.counts);
        let limit = call.max_prompt_tokens.0;
        let model_state = self.model_state(line);
        if limit > 0 && limit != model_state.context_limit {
            model_state.context_limit = limit;
            let facts = SessionFacts { context_limit: Some(limit), ..SessionFacts::default() };
            emit_facts(session, facts, record);
        }
        self.reported.note_record(model.as_deref().unwrap_or_default(), usage);
        let id = call.api_call_id.as_deref().filter(|id| !id.is_empty());
        let key = counting::call(id.or(line.id.as_deref()).unwrap_or_default(), &call.counts);
        let response = ResponseCopy {
            id: id.map(Into::into),
            part_of: id.map(counting::message).into(),
            stop: call.finish_reason.as_deref().map(stop_reason),
            lineage: lineage(line),
            ..self.response(key, model, usage)
        };
        record.emit(session, EventKind::Response(Box::new(response)));
    }

    /// Emits a compaction. Its call is in no record, total or span (1.0.60, 1.0.102), but the event has counts.
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
            let model = model.or_else(|| self.model_state(line).model.clone());
            let key = counting::call(line.id.as_deref().unwrap_or_default(), &used.counts);
            // Off the main line, because its prompt is not what is in the context now.
            let response = ResponseCopy {
                lineage: Lineage::Sidechain,
                context_used: Some(0),
                purpose: Purpose::Compaction,
                ..self.response(key, model, usage)
            };
            record.emit(session, EventKind::Response(Box::new(response)));
        }
        if compaction.success != Some(false) {
            record.emit(session, EventKind::Compacted);
            let context_used = compaction.post_compaction_tokens.map(|tokens| tokens.0);
            emit_facts(session, SessionFacts { context_used, ..SessionFacts::default() }, record);
        }
    }

    /// Handles the end of a process: its totals replace its messages.
    fn shutdown(&mut self, shutdown: &Shutdown, record: &mut Record<'_>) {
        let is_of_session = shutdown.usage_accounting_watermarks.is_some();
        let context_used = Some(shutdown.current_tokens.map_or(0, |tokens| tokens.0));
        let run = self.runs.current();
        let name = run.name().to_owned();
        let mut replaced = std::mem::take(&mut run.messages);
        let totals = shutdown.model_metrics.iter().filter_map(|(model, metric)| Some((model, metric.as_ref()?)));
        for (nth, (model, metric)) in totals.enumerate() {
            let total = counting::Sum { usage: counting::usage(&metric.usage), requests: metric.requests.count.0 };
            let news = self.reported.unreported(model, total, is_of_session);
            if news.usage.is_zero() {
                continue;
            }
            let model = Some(self.names.get(model));
            let total = ResponseCopy {
                context_used,
                extent: UsageExtent::Sum,
                part_of: std::mem::take(&mut replaced).into_iter().collect(),
                // Usage implies at least one request.
                requests: news.requests.max(1),
                ..self.response(counting::total(&name, nth), model, news.usage)
            };
            record.emit(&self.session, EventKind::Response(Box::new(total)));
        }
        record.emit(&self.session, EventKind::Ended);
    }

    fn response(&self, message: MessageKey, model: Option<Arc<str>>, usage: Usage) -> ResponseCopy {
        ResponseCopy { model, ..ResponseCopy::new(message, usage, self.opened.unwrap_or(self.modified)) }
    }

    fn tool_start(&mut self, session: &SessionKey, start: &ToolStart<'_>, record: &mut Record<'_>) {
        let Some(tool) = tool_key(start.tool_call_id.as_ref()) else { return };
        let name = self.names.get(start.tool_name.as_deref().unwrap_or("tool"));
        let is_question = is_question_tool(&name);
        let target = start.target();
        record.emit(session, EventKind::ToolStarted { tool, name, target });
        if is_question {
            record.emit(session, EventKind::NeedsInput);
        }
    }

    fn subagent_start(&mut self, line: &Line<'_>, session: &SessionKey, agent: &Subagent<'_>, record: &mut Record<'_>) {
        let name = agent.agent_name.as_deref().unwrap_or("agent");
        if let Some(tool) = tool_key(agent.tool_call_id.as_ref()) {
            let task = agent.agent_description.as_deref().map(short_text);
            record.emit(&self.session, EventKind::SubagentStarted { tool, name: name.into(), task });
        }
        if *session == self.session {
            return;
        }
        let facts = SessionFacts { origin: Some(name.into()), ..SessionFacts::default() };
        emit_facts(session, facts, record);
        self.model(line, session, agent.model.as_ref(), record);
        if let Some(title) = agent.agent_display_name.as_deref() {
            record.title(session, TitleRank::Generated, title);
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

impl Decoder for SessionEvents {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }
}

/// Emits facts unless they are empty.
fn emit_facts(session: &SessionKey, facts: SessionFacts, record: &mut Record<'_>) {
    if facts != SessionFacts::default() {
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }
}

/// Handles an answered permission request: emits the end of a tool, which ends the waiting. (The tool that was asked
/// about has its own start and end.)
fn answered(permission: &Permission<'_>, session: &SessionKey, record: &mut Record<'_>) {
    if let Some(tool) = tool_key(permission.request_id.as_ref()) {
        record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
    }
}

/// The key of a message: the provider's id of its call, else its turn of the agent's loop, else its own id.
fn message_key(line: &Line<'_>, message: &Message<'_>, run: &ProcessRun) -> MessageKey {
    if let Some(call) = message.api_call_id.as_deref().filter(|id| !id.is_empty()) {
        return counting::message(call);
    }
    let turn = message.turn_id.as_deref().or(run.turn());
    match (message.interaction_id.as_deref(), turn) {
        (Some(interaction), Some(turn)) if line.agent_id.is_none() => counting::message_of_turn(interaction, turn),
        _ => counting::message(message.id.as_deref().or(line.id.as_deref()).unwrap_or_default()),
    }
}

fn location_facts(context: &Context<'_>) -> SessionFacts {
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
