use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason,
    Timestamp, Title, TitleRank, ToolKey,
};

use super::id::ID;
use super::pairing::{RecordOrigin, ResponsePairing};
use super::skip::is_skipped;
use super::wire::{
    CompressionInfo, ForkedFrom, FunctionCall, Line, Message, Part, Payload, ResultDisplay, TARGET, Telemetry, Tokens,
    ToolCallResult, UiEvent, read,
};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::short_text;
use crate::store::file_stem;
use crate::tool_arguments::ToolArguments;
use crate::{DecodeError, Decoder, Input, Source};

/// The tools that start a sub-agent: `task` was renamed to `agent`.
const SUBAGENT_TOOLS: &[&str] = &["agent", "task"];

/// Reads a chat, or a sub-agent's own transcript.
///
/// Lines keep their uuid when `/branch` copies them into a new chat, so it identifies a response in every file. Usage
/// is never taken back: `/rewind` undoes a conversation, not its cost.
pub(super) struct Chat {
    file: SourceFile,
    /// From the file's path, for lines without a session id.
    session: SessionKey,
    /// Transcripts below `subagents` repeat some of the usage that the telemetry in their session's chat records.
    is_subagents_own: bool,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Interner,
    emitted: HashMap<SessionKey, EmittedFacts>,
    pairing: ResponsePairing,
    /// Sub-agents known only from telemetry, whose end was not recorded.
    running: Vec<(String, SessionKey)>,
}

/// What was last emitted for a session, so that it is not repeated with each line.
#[derive(Default)]
struct EmittedFacts {
    branch: Option<String>,
    version: Option<String>,
    window: u64,
}

/// Maximum number of sub-agents without an end.
const MAX_RUNNING_SUBAGENTS: usize = 256;

impl Chat {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let own = subagent_of(source.relative);
        Self {
            file: source.file(),
            is_subagents_own: own.is_some(),
            session: own.unwrap_or_else(|| SessionKey::new(ID, file_stem(source.path))),
            opened: None,
            modified: source.modified,
            names: Interner::default(),
            emitted: HashMap::new(),
            pairing: ResponsePairing::default(),
            running: Vec::new(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if is_skipped(bytes) {
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
        self.emit_facts(&line, &session, record);
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

    /// The session of a line: the one that it names, or its sub-agent.
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

    fn emit_facts(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let is_new = !self.emitted.contains_key(session);
        let emitted = self.emitted.entry(session.clone()).or_default();
        let branch = line.git_branch.text().filter(|&branch| emitted.branch.as_deref() != Some(branch));
        let version = line.version.text().filter(|&version| emitted.version.as_deref() != Some(version));
        let window = line.context_window_size.0;
        let window = (window != 0 && window != emitted.window).then_some(window);
        if !is_new && branch.is_none() && version.is_none() && window.is_none() {
            return;
        }
        emitted.branch = branch.map(str::to_owned).or(emitted.branch.take());
        emitted.version = version.map(str::to_owned).or(emitted.version.take());
        emitted.window = window.unwrap_or(emitted.window);
        let forked_from = forked_from(line).filter(|source| **source != *session.id);
        let facts = SessionFacts {
            parent: parent_of(session),
            forked_from: forked_from.map(|source| SessionKey::new(ID, source)),
            cwd: line.cwd.text().filter(|_| is_new).map(PathBuf::from),
            branch: branch.map(Into::into),
            version: version.map(Into::into),
            context_limit: window,
            origin: line.agent_name.text().filter(|_| is_new).map(short_text),
            ..SessionFacts::default()
        };
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }

    fn assistant(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let message: Message<'_> = read(line.message).unwrap_or_default();
        let has_calls = message.parts.iter().any(|part| part.function_call.is_some());
        let is_prose = |part: &&Part<'_>| part.thought != Some(true);
        record.agent_text(session, || message.parts.iter().rev().filter(is_prose).find_map(|part| part.text.text()));
        if let Some(usage) = line.usage_metadata.filter(|_| !self.is_subagents_own) {
            let tokens = usage.tokens();
            let own = key(line, session, tokens);
            let of_subagent = parent_of(session).is_some();
            let telemetry = self.pairing.pair(RecordOrigin::Assistant, of_subagent, tokens, own);
            let response = ResponseCopy {
                message: telemetry.unwrap_or(own),
                part_of: telemetry.map(|_| own).into(),
                model: line.model.text().map(|model| self.names.get(model)),
                stop: Some(if has_calls { StopReason::ToolUse } else { StopReason::EndTurn }),
                ..self.response(line, session, own, tokens)
            };
            record.emit(session, EventKind::Response(Box::new(response)));
        } else if !has_calls {
            record.emit(session, EventKind::TurnEnded);
        }
        for call in message.parts.iter().filter_map(|part| part.function_call.as_ref()) {
            self.tool_call(call, session, record);
        }
    }

    fn response(&self, line: &Line<'_>, session: &SessionKey, message: MessageKey, tokens: Tokens) -> ResponseCopy {
        // A branch starts with copies, times included. Its responses count as opened after each copy, so that the
        // original chat, which is older, owns them.
        let opened = match line.forked_from {
            Some(_) => line.timestamp.0.unwrap_or(self.modified).plus(Duration::from_millis(1)),
            None => self.opened.unwrap_or(self.modified),
        };
        ResponseCopy {
            lineage: if parent_of(session).is_some() { Lineage::Sidechain } else { Lineage::Main },
            ..ResponseCopy::new(message, tokens.usage(), opened)
        }
    }

    fn tool_call(&mut self, call: &FunctionCall<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let (Some(id), Some(name)) = (call.id.text(), call.name.text()) else { return };
        let tool = ToolKey::new(ID, id);
        let arguments = ToolArguments::of(call.args);
        let target = arguments.target(TARGET);
        record.emit(session, EventKind::ToolStarted { tool, name: self.names.get(name), target: target.clone() });
        if SUBAGENT_TOOLS.contains(&name) {
            let name = arguments.subagent_type.text().unwrap_or("general-purpose");
            let task = arguments.description.text().map(short_text);
            record.emit(session, EventKind::SubagentStarted { tool, name: short_text(name), task });
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

    /// Ends sub-agents. The chat records the end of a sub-agent by name; for a background one nothing is recorded.
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
        // A copied prompt was already emitted for the original chat.
        if line.forked_from.is_none() {
            record.prompt(session, words);
        }
        if let Some(text) = words {
            record.title(session, TitleRank::FirstPrompt, text);
        }
    }

    /// Handles a response or a failed request, of the conversation or of a sub-agent.
    fn telemetry(&mut self, line: &Line<'_>, event: &UiEvent<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let requesting_subagent = self.requesting_subagent(event, session, record);
        let session = requesting_subagent.as_ref().unwrap_or(session);
        let name = event.name.text().unwrap_or_default();
        match name.rsplit('.').next() {
            Some("api_response") => {
                let tokens = event.tokens();
                let own = key(line, session, tokens);
                let assistant = self.pairing.pair(RecordOrigin::Telemetry, requesting_subagent.is_some(), tokens, own);
                let response = ResponseCopy {
                    id: event.response_id.text().map(Into::into),
                    part_of: assistant.into(),
                    model: event.model.text().map(|model| self.names.get(model)),
                    ..self.response(line, session, own, tokens)
                };
                record.emit(session, EventKind::Response(Box::new(response)));
            }
            Some("api_error") => {
                let reason = event.error_type.text().unwrap_or("api_error");
                record.emit(session, EventKind::Error(short_text(reason)));
            }
            _ => {}
        }
    }

    /// The sub-agent that made a request; emits facts for a new one.
    fn requesting_subagent(
        &mut self,
        event: &UiEvent<'_>,
        session: &SessionKey,
        record: &mut Record<'_>,
    ) -> Option<SessionKey> {
        let (parent, agent) = event.subagent()?;
        let name = event.subagent_name.text().unwrap_or(agent);
        let parent = parent.unwrap_or(&session.id);
        let child = SessionKey::new(ID, child_id(parent, agent));
        if !self.emitted.contains_key(&child) {
            self.emitted.insert(child.clone(), EmittedFacts::default());
            let facts = SessionFacts {
                parent: Some(SessionKey::new(ID, parent)),
                origin: Some(short_text(name)),
                ..SessionFacts::default()
            };
            record.emit(&child, EventKind::Facts(Box::new(facts)));
        }
        if self.running.len() < MAX_RUNNING_SUBAGENTS && !self.running.iter().any(|(_, known)| *known == child) {
            self.running.push((name.to_owned(), child.clone()));
        }
        Some(child)
    }

    fn system(&mut self, line: &Line<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let payload: Payload<'_> = read(line.system_payload).unwrap_or_default();
        let mut facts = SessionFacts::default();
        match line.subtype.text() {
            Some("custom_title") => {
                // Titles without a source are older than generated titles.
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
                facts.origin = payload.source_type.text().map(short_text);
            }
            Some("session_model") => facts.model = payload.model_id.text().map(|model| self.names.get(model)),
            _ => return,
        }
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }
}

impl Decoder for Chat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }
}

fn emit_title(rank: TitleRank, text: Option<&str>, session: &SessionKey, record: &mut Record<'_>) {
    if let Some(text) = text {
        record.emit(session, EventKind::Title(Title { rank, text: short_text(text) }));
    }
}

fn end_tools(parts: &[Part<'_>], outcome: Result<(), ()>, session: &SessionKey, record: &mut Record<'_>) {
    for id in parts.iter().filter_map(|part| part.function_response.as_ref()?.id.text()) {
        record.emit(session, EventKind::ToolEnded { tool: ToolKey::new(ID, id), outcome });
    }
}

/// The uuid of a line is unique everywhere. The server's id of a response is not: servers on the user's own machine
/// number from a small range.
fn key(line: &Line<'_>, session: &SessionKey, tokens: Tokens) -> MessageKey {
    if let Some(uuid) = line.uuid.text() {
        return MessageKey::global(ID, uuid);
    }
    let at = line.timestamp.0.map_or(0, Timestamp::as_millis).to_le_bytes();
    MessageKey::by_content(ID, &[session.id.as_bytes(), &at, &tokens.to_bytes()])
}

/// The session id of a sub-agent, whose own id is unique only within its session.
fn child_id(session: &str, agent: &str) -> String {
    format!("{session}/{agent}")
}

/// The session in a sub-agent's session id.
fn parent_of(session: &SessionKey) -> Option<SessionKey> {
    session.id.rsplit_once('/').map(|(parent, _)| SessionKey::new(ID, parent))
}

/// The sub-agent of a transcript: `<cwd>/subagents/<session>/agent-<id>.jsonl`.
fn subagent_of(relative: &Path) -> Option<SessionKey> {
    let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
    let [_, "subagents", session, _] = parts[..] else { return None };
    let agent = file_stem(relative).strip_prefix("agent-")?;
    Some(SessionKey::new(ID, child_id(session, agent)))
}

/// The session that a line was copied from.
fn forked_from<'a>(line: &Line<'a>) -> Option<Cow<'a, str>> {
    read::<ForkedFrom<'a>>(line.forked_from)?.session_id.0.filter(|id| !id.is_empty())
}
