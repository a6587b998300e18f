//! Reads `crush.db`.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, MessageKey, PicoUsd, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp, Title,
    TitleRank, ToolKey, Usage, UsageExtent,
};

use super::id::ID;
use super::parts::{Answer, Call, Finish, MessagePart, message_parts};
use crate::cost::stored_cost;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, model_name, short_text};
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source, SqlValue};

/// The columns of `sessions`.
pub(super) const SESSIONS: &[&str] =
    &["id", "parent_session_id", "title", "prompt_tokens", "completion_tokens", "cost", "created_at", "updated_at"];

/// The columns of `messages`; `provider` and `is_summary_message` were added later.
pub(super) const MESSAGES: &[&str] =
    &["session_id", "role", "parts", "model", "provider", "is_summary_message", "created_at"];

/// Titles of sessions that a model has not named yet.
const DEFAULT_TITLES: &[&str] = &["New Session", "Untitled Session", "New Agent Session"];

/// The tool that starts a sub-agent.
const SUBAGENT_TOOL: &str = "agent";

/// The kind of a session, which its id shows too: `<message>$$<tool call>`, or `title-<session>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionKind {
    /// A conversation with the user.
    Root,
    /// The session of a sub-agent.
    Subagent,
    /// The single request that generated a title; it is not a conversation.
    Title,
}

impl SessionKind {
    fn of(id: &str, has_parent: bool) -> Self {
        if id.starts_with("title-") {
            Self::Title
        } else if has_parent || id.contains("$$") {
            Self::Subagent
        } else {
            Self::Root
        }
    }
}

/// Decodes sessions, then messages.
pub(super) struct Database {
    file: SourceFile,
    modified: Timestamp,
    /// The directory that contains the `.crush` directory. Databases elsewhere may serve many projects.
    project: Option<PathBuf>,
    names: Interner,
    /// Sessions with a parent, whose prompts the user did not type.
    subagents: HashSet<Box<str>>,
    /// The model last emitted for each session.
    models: HashMap<SessionKey, Arc<str>>,
}

impl Database {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let directory = source.path.parent().filter(|directory| file_name(directory) == ".crush");
        Self {
            file: source.file(),
            modified: source.modified,
            project: directory.and_then(|directory| directory.parent()).map(Into::into),
            names: Interner::default(),
            subagents: HashSet::new(),
            models: HashMap::new(),
        }
    }

    fn session(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, parent, title, prompt, completion, cost, created, updated] = cells else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let context = count_of(prompt)?.saturating_add(count_of(completion)?);
        let cost = stored_cost(ID, cost)?;
        let kind = SessionKind::of(id, parent.text().is_some());
        if kind == SessionKind::Title {
            return Ok(());
        }
        if kind == SessionKind::Subagent {
            self.subagents.insert(id.into());
        }
        let key = SessionKey::new(ID, id);
        let started = moment(created);
        let facts = SessionFacts {
            parent: parent.text().filter(|parent| *parent != id).map(|parent| SessionKey::new(ID, parent)),
            started,
            cwd: self.project.clone(),
            context_used: Some(context).filter(|&used| used > 0),
            origin: (kind == SessionKind::Subagent).then(|| SUBAGENT_TOOL.into()),
            ..SessionFacts::default()
        };
        record.at = moment(updated).or(started);
        record.emit(&key, EventKind::Facts(Box::new(facts)));
        if let Some(title) = title.text().filter(|title| !DEFAULT_TITLES.contains(title)) {
            let text = short_text(title);
            record.emit(&key, EventKind::Title(Title { rank: TitleRank::Generated, text }));
        }
        // The cost of sub-agents is already included in their parent's cost.
        if let Some(cost) = cost.filter(|_| kind == SessionKind::Root) {
            record.at = started;
            let response = whole_session(&key, started.unwrap_or(self.modified), cost);
            record.emit(&key, EventKind::Response(Box::new(response)));
        }
        Ok(())
    }

    fn message(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[session, role, parts, model, provider, is_summary, created] = cells else {
            return Err(other_columns());
        };
        let session = session.text().ok_or_else(|| DecodeError::malformed("a message of no session"))?;
        let parts = message_parts(parts.bytes().unwrap_or(b"[]"))?;
        let kind = SessionKind::of(session, self.subagents.contains(session));
        if kind == SessionKind::Title {
            return Ok(());
        }
        let session = SessionKey::new(ID, session);
        record.at = moment(created);
        match role.text() {
            Some("user") if kind == SessionKind::Root => prompt(&session, &parts, &mut record),
            Some("assistant") => {
                self.emit_model(&session, model, provider, &mut record);
                let is_summary = is_summary.integer().is_some_and(|flag| flag != 0);
                self.answer(&session, &parts, is_summary, &mut record);
            }
            Some("tool") => results(&session, &parts, &mut record),
            _ => {}
        }
        Ok(())
    }

    fn emit_model(
        &mut self,
        session: &SessionKey,
        model: SqlValue<'_>,
        provider: SqlValue<'_>,
        record: &mut Record<'_>,
    ) {
        let Some(model) = model.text() else { return };
        let model = self.names.get(&model_name(provider.text().unwrap_or_default(), model));
        if self.models.get(session) == Some(&model) {
            return;
        }
        self.models.insert(session.clone(), Arc::clone(&model));
        let facts = SessionFacts { model: Some(model), ..SessionFacts::default() };
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }

    /// Emits a message of the model. A message without a finish part is still being written, or was cut off.
    fn answer(&mut self, session: &SessionKey, parts: &[MessagePart<'_>], is_summary: bool, record: &mut Record<'_>) {
        record.agent_text(session, || parts.iter().rev().find_map(shown));
        for part in parts {
            match part {
                MessagePart::Call(call) => self.call(session, call, record),
                MessagePart::Result(result) => ended(session, result, record),
                MessagePart::Finish(finish) => {
                    record.at = finish.time.0.or(record.at);
                    if is_summary {
                        record.emit(session, EventKind::Compacted);
                    }
                    finished(session, finish, record);
                }
                MessagePart::Text(_) => {}
            }
        }
    }

    fn call(&mut self, session: &SessionKey, call: &Call<'_>, record: &mut Record<'_>) {
        let (Some(id), Some(name)) = (call.id.text(), call.name.text()) else { return };
        let tool = tool_key(session, id);
        let target = call.target();
        let kind = if name == SUBAGENT_TOOL {
            EventKind::SubagentStarted { tool, name: SUBAGENT_TOOL.into(), task: target }
        } else {
            EventKind::ToolStarted { tool, name: self.names.get(name), target }
        };
        record.emit(session, kind);
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (table, rowid, cells) = input.row()?;
        let record = Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match table {
            "sessions" => self.session(cells, record),
            "messages" => self.message(cells, record),
            _ => Ok(()),
        }
    }
}

/// The response that stands for the whole cost of a session. Its token counts are unknown.
fn whole_session(session: &SessionKey, opened: Timestamp, cost: PicoUsd) -> ResponseCopy {
    ResponseCopy {
        extent: UsageExtent::Sum,
        embedded_cost: Some(cost),
        context_used: Some(0),
        ..ResponseCopy::new(MessageKey::in_session(session, "whole"), Usage::default(), opened)
    }
}

/// Emits a prompt. Custom commands are stored as messages without text.
fn prompt(session: &SessionKey, parts: &[MessagePart<'_>], record: &mut Record<'_>) {
    let Some(words) = parts.iter().find_map(shown) else { return };
    record.prompt(session, Some(words));
    record.title(session, TitleRank::FirstPrompt, words);
}

/// Text that is visible to the user.
fn shown<'p>(part: &'p MessagePart<'_>) -> Option<&'p str> {
    match part {
        MessagePart::Text(text) if text.hidden != Some(true) => text.text.text(),
        _ => None,
    }
}

fn results(session: &SessionKey, parts: &[MessagePart<'_>], record: &mut Record<'_>) {
    for part in parts {
        if let MessagePart::Result(result) = part {
            ended(session, result, record);
        }
    }
}

fn ended(session: &SessionKey, result: &Answer<'_>, record: &mut Record<'_>) {
    let Some(id) = result.call.text() else { return };
    let tool = tool_key(session, id);
    let outcome = if result.is_error == Some(true) { Err(()) } else { Ok(()) };
    let is_subagent = result.name.text() == Some(SUBAGENT_TOOL);
    record.emit(
        session,
        if is_subagent { EventKind::SubagentEnded { tool } } else { EventKind::ToolEnded { tool, outcome } },
    );
}

fn finished(session: &SessionKey, finish: &Finish<'_>, record: &mut Record<'_>) {
    match finish.reason.text() {
        Some("tool_use" | "max_tokens") => {}
        Some(reason @ ("error" | "content_filter")) => {
            let reason = finish.message.text().unwrap_or(reason);
            record.emit(session, EventKind::Error(short_text(reason)));
        }
        _ => record.emit(session, EventKind::TurnEnded),
    }
}

/// Some models restart the numbering of their calls in each session.
fn tool_key(session: &SessionKey, id: &str) -> ToolKey {
    ToolKey::new(ID, &format!("{} {id}", session.id))
}

/// A time in seconds, although some comments in Crush's schema say milliseconds.
fn moment(cell: SqlValue<'_>) -> Option<Timestamp> {
    cell.integer().map(Timestamp::from_seconds_or_millis)
}

fn count_of(cell: SqlValue<'_>) -> Result<u64, DecodeError> {
    let count = cell.integer().map_or(Some(Count(0)), Count::from_integer);
    count.map(|count| count.0).ok_or_else(|| DecodeError::out_of_range("a count is negative or impossibly large"))
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}
