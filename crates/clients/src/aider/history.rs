use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason, Timestamp, Title,
    TitleRank,
};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::figures::{Occurrences, Report, cost_line};
use super::id::ID;
use crate::decode::{Record, SourceFile};
use crate::parse::short_text;
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a chat history, a Markdown file to which every launch in a directory appends.
///
/// A launch starts with `# aider chat started at …`. Prompts are headings, program output is quoted, and everything
/// else is the model's text. Only the launch has a time: later events have none.
pub(super) struct ChatHistory {
    file: SourceFile,
    /// The file's path, which makes the ids of its chats unique.
    path: String,
    /// The project directory; known only if the file is in its default place.
    cwd: Option<PathBuf>,
    zone: TimeZone,
    modified: Timestamp,
    /// Occurrences of each pair of figures, if an analytics log may report the same responses.
    beside_log: Option<Occurrences>,
    chat: Option<Chat>,
}

/// State of the last chat in the file.
struct Chat {
    key: SessionKey,
    header: Box<str>,
    opened: Timestamp,
    model: Option<Arc<str>>,
    reports: u64,
    is_titled: bool,
    /// Whether the previous line belongs to a prompt: the lines of one prompt are consecutive.
    is_prompting: bool,
    last_report: Option<LastReport>,
}

/// A partly written line may be read a second time when it is complete; its cost may follow on the next line.
struct LastReport {
    offset: u64,
    response: ResponseCopy,
    is_line_before: bool,
}

const CHAT_HEADER: &[u8] = b"# aider chat started at ";
const PROMPT_PREFIX: &[u8] = b"#### ";
const QUOTE_PREFIX: &[u8] = b"> ";
const COST_PREFIX: &[u8] = b"Cost: $";

/// The file name of a project's chat history, in the project root.
pub(super) const HISTORY_FILE: &str = ".aider.chat.history.md";

/// Commands that ask the model; all others only control the program.
const QUESTION_COMMANDS: &[&str] = &["/ask", "/code", "/architect", "/context", "/help"];

impl ChatHistory {
    /// A history without an analytics log: its reports are the only source.
    pub(super) fn new(source: &Source<'_>) -> Self {
        let is_in_project = file_name(source.path) == HISTORY_FILE;
        Self {
            file: source.file(),
            path: source.path.to_string_lossy().into_owned(),
            cwd: source.path.parent().filter(|_| is_in_project).map(Into::into),
            zone: source.zone.clone(),
            modified: source.modified,
            beside_log: None,
            chat: None,
        }
    }

    /// A history next to an analytics log, whose exact counts replace the reports.
    pub(super) fn beside_log(source: &Source<'_>) -> Self {
        Self { beside_log: Some(Occurrences::default()), ..Self::new(source) }
    }

    fn line(&mut self, line: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let mut record = Record::new(self.file, SourcePosition::Byte(offset), None, out);
        if let Some(time) = line.strip_prefix(CHAT_HEADER) {
            return self.begin(text(time)?, &mut record);
        }
        // Lines before the first chat header are not part of a chat history.
        let Some(chat) = &mut self.chat else { return Ok(()) };
        let quoted = line.strip_prefix(QUOTE_PREFIX).or_else(|| line.starts_with(COST_PREFIX).then_some(line));
        match (line.strip_prefix(PROMPT_PREFIX), quoted) {
            // The model writes such headings too, but without the two spaces that end each line of a prompt.
            (Some(prompt), _) if prompt.ends_with(b"  ") => chat.prompt(text(prompt)?.trim(), &mut record),
            (_, Some(said)) => {
                chat.is_prompting = false;
                return chat.quote(text(said)?.trim_end(), offset, self.beside_log.as_mut(), &mut record);
            }
            _ => chat.is_prompting = false,
        }
        chat.pass_report(offset);
        Ok(())
    }

    /// Starts a chat.
    fn begin(&mut self, header: &str, record: &mut Record<'_>) -> Result<(), DecodeError> {
        let header = header.trim();
        let started = local_time(header, &self.zone).ok_or_else(|| DecodeError::malformed("a start without a time"))?;
        record.at = Some(started);
        // Two chats that start in the same second share an id, so report numbers continue.
        let is_same = self.chat.as_ref().is_some_and(|chat| *chat.header == *header);
        let reports = self.chat.as_ref().filter(|_| is_same).map_or(0, |chat| chat.reports);
        let chat = Chat {
            key: SessionKey::new(ID, format!("{}#{header}", self.path)),
            header: header.into(),
            opened: started.min(self.modified),
            model: None,
            reports,
            is_titled: false,
            is_prompting: false,
            last_report: None,
        };
        let facts = SessionFacts { started: Some(started), cwd: self.cwd.clone(), ..SessionFacts::default() };
        record.emit(&chat.key, EventKind::Facts(Box::new(facts)));
        self.chat = Some(chat);
        Ok(())
    }
}

impl Chat {
    fn prompt(&mut self, said: &str, record: &mut Record<'_>) {
        if std::mem::replace(&mut self.is_prompting, true) || said.is_empty() || said == "<blank>" {
            return;
        }
        let word = said.split_whitespace().next().unwrap_or_default();
        let is_command = word.starts_with('/') && !word.trim_start_matches('/').contains('/');
        let is_question = !is_command || QUESTION_COMMANDS.contains(&word);
        if is_question {
            record.prompt(&self.key, Some(said));
        }
        if !self.is_titled {
            let rank = if is_question { TitleRank::FirstPrompt } else { TitleRank::FirstCommand };
            self.is_titled = is_question;
            record.emit(&self.key, EventKind::Title(Title { rank, text: short_text(said) }));
        }
    }

    fn quote(
        &mut self,
        said: &str,
        offset: u64,
        beside_log: Option<&mut Occurrences>,
        record: &mut Record<'_>,
    ) -> Result<(), DecodeError> {
        if let Some(report) = Report::parse(said) {
            self.report(report?, offset, beside_log, record);
            return Ok(());
        }
        if let Some(cost) = cost_line(said)
            && let Some(LastReport { response, is_line_before: true, .. }) = &self.last_report
        {
            let response = ResponseCopy { embedded_cost: Some(cost), ..response.clone() };
            record.emit(&self.key, EventKind::Response(Box::new(response)));
        } else if let Some(version) = said.strip_prefix("Aider v") {
            self.emit_facts(SessionFacts { version: Some(version.into()), ..SessionFacts::default() }, record);
        } else if let Some(model) = said.strip_prefix("Model: ").or_else(|| said.strip_prefix("Main model: ")) {
            let model: Arc<str> = model.split(' ').next().unwrap_or_default().into();
            self.model = Some(Arc::clone(&model)).filter(|model| !model.is_empty());
            self.emit_facts(SessionFacts { model: self.model.clone(), ..SessionFacts::default() }, record);
        } else if said.starts_with("litellm.") || said.ends_with(" has hit a token limit!") {
            record.emit(&self.key, EventKind::Error(short_text(said)));
        }
        self.pass_report(offset);
        Ok(())
    }

    fn emit_facts(&self, facts: SessionFacts, record: &mut Record<'_>) {
        record.emit(&self.key, EventKind::Facts(Box::new(facts)));
    }

    fn report(&mut self, report: Report, offset: u64, beside_log: Option<&mut Occurrences>, record: &mut Record<'_>) {
        let again = self.last_report.as_ref().filter(|last| last.offset == offset).map(|last| last.response.message);
        let message = again.unwrap_or_else(|| self.next_message(report, beside_log));
        let response = ResponseCopy {
            model: self.model.clone(),
            embedded_cost: report.cost,
            // Aider prints the report when the response has ended. If it asks the model for a repair, another report
            // follows.
            stop: Some(StopReason::EndTurn),
            ..ResponseCopy::new(message, report.usage(), self.opened)
        };
        record.emit(&self.key, EventKind::Response(Box::new(response.clone())));
        self.last_report = Some(LastReport { offset, response, is_line_before: true });
    }

    fn next_message(&mut self, report: Report, beside_log: Option<&mut Occurrences>) -> MessageKey {
        let number = self.reports;
        self.reports += 1;
        match beside_log {
            Some(occurrences) => occurrences.next(report.figures),
            None => MessageKey::by_content(ID, &[self.key.id.as_bytes(), &number.to_le_bytes()]),
        }
    }

    /// Notes that a line other than a report was read.
    fn pass_report(&mut self, offset: u64) {
        if let Some(last) = self.last_report.as_mut().filter(|last| last.offset != offset) {
            last.is_line_before = false;
        }
    }
}

impl Decoder for ChatHistory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            Input::Document(_) | Input::Row { .. } => Ok(()),
        }
    }

    fn reads_partial_lines(&self) -> bool {
        false
    }
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed("is not UTF-8"))
}

/// `2026-11-21 10:32:46` as local time in that zone. For a time that occurs twice the first is used; a time that a
/// clock change skips moves later by the length of the skip.
fn local_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let shown: DateTime = (text.len() == 19).then(|| text.parse().ok())??;
    let moment = zone.to_ambiguous_timestamp(shown).compatible().ok()?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}
