//! A rollout: the transcript of one thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ServiceTier, SessionKey, SourcePosition, Timestamp, Title, TitleRank,
    Untrusted,
};
use serde::{Deserialize, Serialize};

use super::id::ID;
use super::lineage::{Owner, ThreadLineage, second_of};
use super::loose::filled;
use super::payload::Failure;
use super::prompt::{cwd_in_context, title, typed_prompt};
use super::recorded::Recorded;
use super::tools::Tools;
use super::usage::{Tokens, Totals};
use super::wire::{CompactionKind, Content, Line, PromptKind};
use crate::checkpoint::{self, IndexedVariant};
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::interner::Interner;
use crate::parse::{Str, shortened};
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads one rollout, line by line.
pub(super) struct Rollout {
    pub(super) file: SourceFile,
    pub(super) session: SessionKey,
    /// Whether a session meta has set the session id. Only the first one does; later ones are copies or repetitions.
    pub(super) identified: bool,
    /// When the thread was created, or the earliest known time.
    pub(super) opened: Timestamp,
    pub(super) is_opened_known: bool,
    pub(super) lineage: Lineage,
    pub(super) thread_lineage: ThreadLineage,
    pub(super) totals: Totals,
    /// Usage records of single responses.
    pub(super) recorded: Recorded,
    /// The provider of the model.
    pub(super) provider: Option<Box<str>>,
    /// A count that may turn out to be a copy.
    pub(super) unclear: Option<Event>,
    exec_turns: u64,
    pub(super) model: Option<Arc<str>>,
    pub(super) tier: ServiceTier,
    pub(super) tools: Tools,
    pub(super) names: Interner,
    pub(super) emitted: EmittedState,
}

/// What was already emitted, so that it is not repeated with every line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct EmittedState {
    pub(super) cwd: Option<PathBuf>,
    pub(super) context: (Option<u64>, Option<u64>),
    titled: bool,
    prompts: Option<PromptKind>,
    compactions: Option<CompactionKind>,
}

impl Decoder for Rollout {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else { return Ok(()) };
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text_since = self.file.text_since;
        match Line::read(bytes, text_since) {
            Ok(line) => self.apply(&line, offset, out),
            Err(error) if std::str::from_utf8(bytes).is_ok() => return Err(error),
            // One invalid byte in a text must not lose the numbers next to it.
            Err(_) => self.apply(&Line::read(String::from_utf8_lossy(bytes).as_bytes(), text_since)?, offset, out),
        }
        Ok(())
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        checkpoint::pack(&self.state()?)
    }

    fn resume(&mut self, checkpoint: &[u8]) -> bool {
        checkpoint::unpack(checkpoint).and_then(|state| self.restore(state)).is_some()
    }
}

/// What a checkpoint stores.
#[derive(Serialize, Deserialize)]
struct State {
    session: String,
    identified: bool,
    #[serde(with = "checkpoint::millis")]
    opened: Option<Timestamp>,
    lineage: usize,
    thread_lineage: ThreadLineage,
    totals: Totals,
    recorded: Recorded,
    provider: Option<Box<str>>,
    exec_turns: u64,
    model: Option<String>,
    tier: usize,
    has_called: bool,
    emitted: EmittedState,
}

impl Rollout {
    /// The state between two turns; `None` within a turn, where calls and the tasks of sub-agents are pending.
    fn state(&self) -> Option<State> {
        if self.unclear.is_some() || !self.tools.are_idle() {
            return None;
        }
        Some(State {
            session: self.session.id.to_string(),
            identified: self.identified,
            opened: self.is_opened_known.then_some(self.opened),
            lineage: self.lineage.index()?,
            thread_lineage: self.thread_lineage.clone(),
            totals: self.totals.clone(),
            recorded: self.recorded.clone(),
            provider: self.provider.clone(),
            exec_turns: self.exec_turns,
            model: self.model.as_deref().map(str::to_owned),
            tier: self.tier.index()?,
            has_called: self.tools.called,
            emitted: self.emitted.clone(),
        })
    }

    fn restore(&mut self, state: State) -> Option<()> {
        let (lineage, tier) = (Lineage::from_index(state.lineage)?, ServiceTier::from_index(state.tier)?);
        self.session = SessionKey::new(ID, state.session.as_str());
        self.identified = state.identified;
        self.is_opened_known = state.opened.is_some();
        self.opened = state.opened.unwrap_or(self.opened);
        (self.lineage, self.tier) = (lineage, tier);
        (self.thread_lineage, self.totals, self.recorded) = (state.thread_lineage, state.totals, state.recorded);
        self.provider = state.provider;
        self.exec_turns = state.exec_turns;
        self.model = state.model.map(|model| self.names.get(&model));
        self.tools.called = state.has_called;
        self.emitted = state.emitted;
        Some(())
    }

    /// A decoder for this file.
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, id_in_name(source.path)),
            identified: false,
            opened: source.modified,
            is_opened_known: false,
            lineage: Lineage::Main,
            thread_lineage: ThreadLineage::unknown(),
            totals: Totals::default(),
            recorded: Recorded::default(),
            provider: None,
            unclear: None,
            exec_turns: 0,
            model: None,
            tier: ServiceTier::Standard,
            tools: Tools::default(),
            names: Interner::default(),
            emitted: EmittedState::default(),
        }
    }

    fn apply(&mut self, line: &Line<'_>, offset: u64, out: &mut Vec<Event>) {
        let at = line.at();
        if let (Some(at), false) = (at, self.is_opened_known) {
            self.opened = at;
            self.is_opened_known = true;
        }
        if at.zip(self.unclear_since()).is_some_and(|(at, held)| second_of(at) > second_of(held)) {
            self.release_unclear(out);
        }
        let mut record = Record::new(self.file, SourcePosition::Byte(offset), at, out);
        match &line.content {
            Content::Nothing => return,
            Content::Meta(meta) => return self.meta(meta, &mut record),
            Content::TurnBegan(began) => self.turn_began(began.turn_id.as_ref(), began.started_at.0),
            Content::Context(context) => self.turn_began(context.turn_id.as_ref(), None),
            _ => {}
        }
        let owner = self.thread_lineage.owner(at, line.ordinal);
        match &line.content {
            Content::Context(context) => self.context(context, owner, &mut record),
            Content::Settings(settings) => {
                self.tier = tier(filled(settings.service_tier.as_ref()).unwrap_or_default());
                self.guess_model(filled(settings.model.as_ref()));
            }
            Content::Count(count) => self.count(count, &line.time, owner, &mut record),
            Content::Response(response) => self.response(response, owner, &mut record),
            _ if matches!(owner, Owner::Copy | Owner::DatedCopy) => {}
            content => self.own(content, &mut record),
        }
    }

    /// Handles lines that matter only if they belong to this thread.
    fn own(&mut self, content: &Content<'_>, record: &mut Record<'_>) {
        match content {
            Content::Call(call) => {
                self.tools.called = true;
                if let Some((_, started)) = self.tools.started(call) {
                    record.emit(&self.session, started);
                }
            }
            Content::VendorCall(call) => {
                if let Some((tool, started)) = self.tools.started(call) {
                    record.emit(&self.session, started);
                    record.emit(&self.session, EventKind::ToolEnded { tool, outcome: Ok(()) });
                }
            }
            Content::Output(output) => {
                for ended in self.tools.answered(output) {
                    record.emit(&self.session, ended);
                }
            }
            Content::CommandEnded(command) => {
                if let Some(ended) = self.tools.command_ended(command) {
                    record.emit(&self.session, ended);
                }
            }
            Content::Prompt(kind, text) => self.prompt(*kind, &text.0, record),
            Content::Prose(text) => record.agent_text(&self.session, || Some(&*text.0)),
            Content::TurnBegan(began) => self.emit_context(None, began.model_context_window, record),
            Content::TurnEnded(failure) => self.turn_ended(failure.as_ref(), record),
            Content::Compacted(kind) if *self.emitted.compactions.get_or_insert(*kind) == *kind => {
                record.emit(&self.session, EventKind::Compacted);
            }
            Content::Failed(failure) => self.failed(failure, record),
            Content::ExecThread(id) => self.exec_thread(&id.0),
            Content::ExecUsage(tokens) => self.exec_usage(tokens, record),
            _ => {}
        }
    }

    /// Notes the start of a turn. If it shows the owner of the lines, a held count was a copy.
    fn turn_began(&mut self, turn: Option<&Str<'_>>, started_at: Option<Timestamp>) {
        self.thread_lineage.turn_began(turn, started_at);
        self.recorded.turn_began(filled(turn));
        if !self.thread_lineage.is_unclear() {
            self.drop_unclear();
        }
    }

    /// Sets a model if the turn's context did not name one.
    pub(super) fn guess_model(&mut self, model: Option<&str>) {
        if let (None, Some(model)) = (&self.model, model) {
            self.model = Some(self.names.get(model));
        }
    }

    /// Handles a prompt. In a sub-agent's thread the parent wrote it, not the user.
    fn prompt(&mut self, kind: PromptKind, text: &str, record: &mut Record<'_>) {
        if *self.emitted.prompts.get_or_insert(kind) != kind {
            return;
        }
        if kind == PromptKind::Bare {
            self.emit_cwd(cwd_in_context(text), record);
        }
        let Some(text) = typed_prompt(text) else { return };
        if self.lineage == Lineage::Main {
            record.prompt(&self.session, Some(text));
        }
        if !std::mem::replace(&mut self.emitted.titled, true) {
            let title = Title { rank: TitleRank::FirstPrompt, text: title(text) };
            record.emit(&self.session, EventKind::Title(title));
        }
    }

    fn turn_ended(&mut self, failure: Option<&Failure<'_>>, record: &mut Record<'_>) {
        if self.thread_lineage.has_no_foreign_meta() {
            self.release_unclear(record.out);
        }
        if let Some(failure) = failure {
            self.failed(failure, record);
        }
        self.tools.clear();
        record.emit(&self.session, EventKind::TurnEnded);
    }

    /// Handles a failed request. The message may quote anything, so only its kind is emitted.
    fn failed(&self, failure: &Failure<'_>, record: &mut Record<'_>) {
        let kind = failure.codex_error_info.0.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("error");
        record.emit(&self.session, EventKind::Error(Untrusted::new(shortened(kind, 60))));
    }

    fn exec_thread(&mut self, id: &str) {
        if !std::mem::replace(&mut self.identified, true) && !id.is_empty() {
            self.session = SessionKey::new(ID, id);
        }
    }

    /// The log of `codex exec --json` has neither times nor ids: its turns are identified by their number.
    fn exec_usage(&mut self, tokens: &Tokens, record: &mut Record<'_>) {
        self.exec_turns += 1;
        let message = MessageKey::in_session(&self.session, &format!("exec {}", self.exec_turns));
        let copy = self.response_copy(message, *tokens, record.at);
        record.emit(&self.session, EventKind::Response(Box::new(copy)));
        record.emit(&self.session, EventKind::TurnEnded);
    }
}

/// The service tier in Codex's settings.
pub(super) fn tier(word: &str) -> ServiceTier {
    match word {
        "fast" | "priority" => ServiceTier::Priority,
        "flex" => ServiceTier::Flex,
        "batch" => ServiceTier::Batch,
        _ => ServiceTier::Standard,
    }
}

/// The thread's id in `rollout-2026-04-01T10-00-00-<id>.jsonl` or `…-<id>_<window>.jsonl`; the whole name if it has no
/// id.
fn id_in_name(path: &Path) -> &str {
    /// The length of a UUID.
    const ID: usize = 36;
    let name = file_name(path);
    let name = name.strip_suffix(".zst").unwrap_or(name);
    let name = name.strip_suffix(".jsonl").unwrap_or(name);
    (0..name.len()).find_map(|at| name.get(at..at + ID).filter(|id| is_uuid(id))).unwrap_or(name)
}
