use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, Purpose, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, StopReason, Timestamp, Title, TitleRank, ToolKey, Turn, Untrusted, UsageExtent,
};

use super::ID;
use super::pairing::{Origin, Pairing};
use super::skip::says_nothing;
use super::wire::{
    Arguments, CompressionInfo, ForkedFrom, FunctionCall, Line, Message, Part, Payload, ResultDisplay, Telemetry,
    Tokens, ToolCallResult, UiEvent, read,
};
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::shortened;
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// How much of a text is kept for titles and targets.
const KEPT: usize = 120;

/// The tools that send off a sub-agent: `task` was renamed to `agent`.
const SUBAGENT_TOOLS: &[&str] = &["agent", "task"];

/// Reads a chat, or a sub-agent's own transcript.
///
/// Lines keep their uuid when `/branch` copies them into a new chat, so that it identifies a response everywhere.
/// Nothing takes usage back: `/rewind` undoes a conversation, not what it cost.
pub(super) struct Chat {
    file: SourceFile,
    /// From the file's place, for lines that do not say.
    session: SessionKey,
    /// Transcripts below `subagents` repeat (some of) what the telemetry in their session's chat says they used.
    is_subagents_own: bool,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Names,
    told: HashMap<SessionKey, Told>,
    pairing: Pairing,
    /// Sub-agents known by telemetry alone, of which nothing says that they have ended.
    running: Vec<(String, SessionKey)>,
}

/// What was last said about a session, so that it is not said again with each line.
#[derive(Default)]
struct Told {
    branch: Option<String>,
    version: Option<String>,
    window: u64,
}

/// Sub-agents without an end must not pile up.
const MOST_RUNNING: usize = 256;

impl Chat {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let own = subagent_of(source.relative);
        Self {
            file: source.file(),
            is_subagents_own: own.is_some(),
            session: own.unwrap_or_else(|| SessionKey::new(ID, file_stem(source.path))),
            opened: None,
            modified: source.modified,
            names: Names::default(),
            told: HashMap::new(),
            pairing: Pairing::default(),
            running: Vec::new(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if says_nothing(bytes) {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let telemetry = match line.subtype.text() {
            Some("ui_telemetry") => line.system_payload.map(|raw| serde_json::from_str(raw.get())).transpose()?,
            _ => None,
        };
        self.opened = self.opened.or(line.timestamp.0);
        let session = self.session_of(&line);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        self.tell_facts(&line, &session, record);
        match &*line.kind {
            "assistant" => self.assistant(&line, &session, record),
            "user" => self.user(&line, &session, record),
            "tool_result" => self.tool_result(&line, &session, record),
            "system" => match telemetry {
                Some(Telemetry { ui_event }) => self.telemetry(&line, &ui_event, &session, record),
                None => self.system(&line, &session, record),
            },
            _ => {}
        }
        Ok(())
    }

    /// The session a line belongs to: the one it names, or its sub-agent.
    fn session_of(&self, line: &Line<'_>) -> SessionKey {
        let named = line.session_id.text();
        match (named, line.agent_id.text().filter(|_| line.is_sidechain)) {
            (Some(session), Some(agent)) => SessionKey::new(ID, child_id(session, agent)),
            _ if self.is_subagents_own => self.session.clone(),
            (None, Some(agent)) => SessionKey::new(ID, child_id(&self.session.id, agent)),
            (Some(session), None) if *session != *self.session.id => SessionKey::new(ID, session),
            _ => self.session.clone(),
        }
    }

    fn tell_facts(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let is_new = !self.told.contains_key(session);
        let told = self.told.entry(session.clone()).or_default();
        let branch = line.git_branch.text().filter(|&branch| told.branch.as_deref() != Some(branch));
        let version = line.version.text().filter(|&version| told.version.as_deref() != Some(version));
        let window = line.context_window_size.0;
        let window = (window != 0 && window != told.window).then_some(window);
        if !is_new && branch.is_none() && version.is_none() && window.is_none() {
            return;
        }
        told.branch = branch.map(str::to_owned).or(told.branch.take());
        told.version = version.map(str::to_owned).or(told.version.take());
        told.window = window.unwrap_or(told.window);
        let forked_from = forked_from(line).filter(|source| **source != *session.id);
        let facts = SessionFacts {
            parent: parent_of(session),
            forked_from: forked_from.map(|source| SessionKey::new(ID, source)),
            cwd: line.cwd.text().filter(|_| is_new).map(PathBuf::from),
            branch: branch.map(Into::into),
            version: version.map(Into::into),
            context_limit: window,
            origin: line.agent_name.text().filter(|_| is_new).map(|name| shortened(name, KEPT).into()),
            ..SessionFacts::default()
        };
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }

    fn assistant(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let message: Message<'_> = read(line.message).unwrap_or_default();
        let has_calls = message.parts.iter().any(|part| part.function_call.is_some());
        let is_prose = |part: &&Part<'_>| part.thought != Some(true);
        record.said(session, || message.parts.iter().rev().filter(is_prose).find_map(|part| part.text.text()));
        if let Some(usage) = line.usage_metadata.filter(|_| !self.is_subagents_own) {
            let tokens = usage.tokens();
            let own = key(line, session, tokens);
            let of_subagent = parent_of(session).is_some();
            let telemetry = self.pairing.pair(Origin::Assistant, of_subagent, tokens, own);
            let turn = Turn {
                message: telemetry.unwrap_or(own),
                part_of: telemetry.map(|_| own).into(),
                model: line.model.text().map(|model| self.names.get(model)),
                stop: Some(if has_calls { StopReason::ToolUse } else { StopReason::EndTurn }),
                ..self.turn(line, session, own, tokens)
            };
            record.emit(session, EventKind::Turn(Box::new(turn)));
        } else if !has_calls {
            record.emit(session, EventKind::TurnEnded);
        }
        for call in message.parts.iter().filter_map(|part| part.function_call.as_ref()) {
            self.tool_call(call, session, record);
        }
    }

    fn turn(&self, line: &Line<'_>, session: &SessionKey, message: MessageKey, tokens: Tokens) -> Turn {
        // A branch begins with copies, times included. It was opened after each of them, and the chat that they were
        // copied from before, so that this one does not own them.
        let opened = match line.forked_from {
            Some(_) => line.timestamp.0.unwrap_or(self.modified).plus(Duration::from_millis(1)),
            None => self.opened.unwrap_or(self.modified),
        };
        Turn {
            message,
            id: None,
            part_of: CoarserRecords::none(),
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            model: None,
            usage: tokens.usage(),
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            stop: None,
            lineage: if parent_of(session).is_some() { Lineage::Sidechain } else { Lineage::Main },
            opened,
            context_used: None,
        }
    }

    fn tool_call(&mut self, call: &FunctionCall<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let (Some(id), Some(name)) = (call.id.text(), call.name.text()) else { return };
        let tool = ToolKey::new(ID, id);
        let arguments: Arguments<'_> = read(call.args).unwrap_or_default();
        let target = arguments.target().map(|target| Untrusted::from(shortened(target, KEPT)));
        record.emit(session, EventKind::ToolStarted { tool, name: self.names.get(name), target: target.clone() });
        if SUBAGENT_TOOLS.contains(&name) {
            let name = arguments.subagent_type.text().unwrap_or("general-purpose");
            let task = arguments.description.text().map(|task| shortened(task, KEPT).into());
            record.emit(session, EventKind::SubagentStarted { tool, name: shortened(name, KEPT).into(), task });
        }
    }

    fn tool_result(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let result: ToolCallResult<'_> = read(line.tool_call_result).unwrap_or_default();
        let status = result.status.text();
        let outcome = if matches!(status, Some("error" | "cancelled")) { Err(()) } else { Ok(()) };
        if let Some(id) = result.call_id.text() {
            record.emit(session, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
        } else {
            let message: Message<'_> = read(line.message).unwrap_or_default();
            end_tools(&message.parts, outcome, session, record);
        }
        let display: ResultDisplay<'_> = read(result.result_display).unwrap_or_default();
        if let Some(name) = display.subagent_name.text() {
            self.end_subagents(|known| known == name, record);
        }
        if status == Some("cancelled") {
            record.emit(session, EventKind::TurnEnded);
        }
    }

    /// The chat notes when a sub-agent is done, by name; where it ran beside the conversation, nothing notes it.
    fn end_subagents(&mut self, has_ended: impl Fn(&str) -> bool, record: &mut Record<'_>) {
        self.running.retain(|(name, session)| {
            let ends = has_ended(name);
            if ends {
                record.emit(session, EventKind::TurnEnded);
            }
            !ends
        });
    }

    fn user(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let message: Message<'_> = read(line.message).unwrap_or_default();
        end_tools(&message.parts, Ok(()), session, record);
        let is_answer = message.parts.iter().any(|part| part.function_response.is_some());
        let is_spoken = matches!(line.subtype.text(), None | Some("mid_turn_user_message"));
        if is_answer || !is_spoken || parent_of(session).is_some() {
            return;
        }
        if line.subtype.text().is_none() {
            self.pairing.close();
            self.end_subagents(|_| true, record);
        }
        let payload: Payload<'_> = read(line.system_payload).unwrap_or_default();
        let words = payload.display_text.text().or_else(|| message.parts.iter().find_map(|part| part.text.text()));
        // What was said in the chat that this one branched off was said there.
        if line.forked_from.is_none() {
            record.prompt(session, words);
        }
        if let Some(text) = words {
            let title = Title { rank: TitleRank::FirstPrompt, text: shortened(text, KEPT).into() };
            record.emit(session, EventKind::Title(title));
        }
    }

    /// A response or a failed request, of the conversation or of a sub-agent.
    fn telemetry(&mut self, line: &Line<'_>, event: &UiEvent<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let asker = self.asker(event, session, record);
        let session = asker.as_ref().unwrap_or(session);
        let name = event.name.text().unwrap_or_default();
        match name.rsplit('.').next() {
            Some("api_response") => {
                let tokens = event.tokens();
                let own = key(line, session, tokens);
                let assistant = self.pairing.pair(Origin::Telemetry, asker.is_some(), tokens, own);
                let turn = Turn {
                    id: event.response_id.text().map(Into::into),
                    part_of: assistant.into(),
                    model: event.model.text().map(|model| self.names.get(model)),
                    ..self.turn(line, session, own, tokens)
                };
                record.emit(session, EventKind::Turn(Box::new(turn)));
            }
            Some("api_error") => {
                let reason = event.error_type.text().unwrap_or("api_error");
                record.emit(session, EventKind::Error(shortened(reason, KEPT).into()));
            }
            _ => {}
        }
    }

    /// The sub-agent that a request was made for, introduced if it is new.
    fn asker(&mut self, event: &UiEvent<'_>, session: &SessionKey, record: &mut Record<'_>) -> Option<SessionKey> {
        let (parent, agent) = event.subagent()?;
        let name = event.subagent_name.text().unwrap_or(agent);
        let parent = parent.unwrap_or(&session.id);
        let child = SessionKey::new(ID, child_id(parent, agent));
        if !self.told.contains_key(&child) {
            self.told.insert(child.clone(), Told::default());
            let facts = SessionFacts {
                parent: Some(SessionKey::new(ID, parent)),
                origin: Some(shortened(name, KEPT).into()),
                ..SessionFacts::default()
            };
            record.emit(&child, EventKind::Facts(Box::new(facts)));
        }
        if self.running.len() < MOST_RUNNING && !self.running.iter().any(|(_, known)| *known == child) {
            self.running.push((name.to_owned(), child.clone()));
        }
        Some(child)
    }

    fn system(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let payload: Payload<'_> = read(line.system_payload).unwrap_or_default();
        let mut facts = SessionFacts::default();
        match line.subtype.text() {
            Some("custom_title") => {
                // Titles without a source are from before models made any.
                let is_made = payload.title_source.text() == Some("auto");
                let rank = if is_made { TitleRank::Generated } else { TitleRank::Given };
                return emit_title(rank, payload.custom_title.text(), session, record);
            }
            Some("slash_command") if payload.phase.text() == Some("invocation") => {
                return emit_title(TitleRank::FirstCommand, payload.raw_command.text(), session, record);
            }
            Some("rewind") => return record.emit(session, EventKind::TurnEnded),
            Some("turn_result") => {
                record.emit(session, EventKind::TurnEnded);
                if payload.state.text() == Some("error") {
                    record.emit(session, EventKind::Error("turn failed".into()));
                }
                return;
            }
            Some("chat_compression") => {
                record.emit(session, EventKind::Compacted);
                let info: CompressionInfo = read(payload.info).unwrap_or_default();
                facts.context_used = Some(info.new_token_count.0).filter(|&count| count > 0);
            }
            Some("parent_session") => {
                facts.parent = payload.parent_session_id.text().map(|parent| SessionKey::new(ID, parent));
            }
            Some("session_source") => {
                facts.origin = payload.source_type.text().map(|source| shortened(source, KEPT).into());
            }
            Some("session_model") => facts.model = payload.model_id.text().map(|model| self.names.get(model)),
            _ => return,
        }
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }
}

impl Decoder for Chat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            _ => Err(DecodeError::malformed("is not read line by line")),
        }
    }
}

fn emit_title(rank: TitleRank, text: Option<&str>, session: &SessionKey, record: &mut Record<'_>) {
    if let Some(text) = text {
        record.emit(session, EventKind::Title(Title { rank, text: shortened(text, KEPT).into() }));
    }
}

fn end_tools(parts: &[Part<'_>], outcome: Result<(), ()>, session: &SessionKey, record: &mut Record<'_>) {
    for id in parts.iter().filter_map(|part| part.function_response.as_ref()?.id.text()) {
        record.emit(session, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
    }
}

/// A line's uuid is its own everywhere. The server's id of a response would not be: servers on the user's own machine
/// number from a small range.
fn key(line: &Line<'_>, session: &SessionKey, tokens: Tokens) -> MessageKey {
    if let Some(uuid) = line.uuid.text() {
        return MessageKey::global(ID, uuid);
    }
    let at = line.timestamp.0.map_or(0, Timestamp::as_millis).to_le_bytes();
    MessageKey::by_content(ID, &[session.id.as_bytes(), &at, &tokens.to_bytes()])
}

/// The id of a sub-agent, whose own is unique within its session only.
fn child_id(session: &str, agent: &str) -> String {
    format!("{session}/{agent}")
}

/// The session that a sub-agent's id names.
fn parent_of(session: &SessionKey) -> Option<SessionKey> {
    session.id.rsplit_once('/').map(|(parent, _)| SessionKey::new(ID, parent))
}

/// The sub-agent whose transcript lies here: `<cwd>/subagents/<session>/agent-<id>.jsonl`.
fn subagent_of(relative: &Path) -> Option<SessionKey> {
    let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
    let [_, "subagents", session, _] = parts[..] else { return None };
    let agent = file_stem(relative).strip_prefix("agent-")?;
    Some(SessionKey::new(ID, child_id(session, agent)))
}

/// The session that a copied line was copied from.
fn forked_from<'a>(line: &Line<'a>) -> Option<Cow<'a, str>> {
    read::<ForkedFrom<'a>>(line.forked_from)?.session_id.0.filter(|id| !id.is_empty())
}
