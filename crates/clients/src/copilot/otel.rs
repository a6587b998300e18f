//! OpenTelemetry files: `~/.copilot/otel/*.jsonl`, or the path in `COPILOT_OTEL_FILE_EXPORTER_PATH`.
//!
//! Copilot CLI writes a `chat` span for each call and an `invoke_agent` span with their sum; VS Code's chat adds log
//! records of each inference and each turn of its agent. If a trace has several of these kinds, only the finest counts.
//! How spans and a session's own events count once: see [`counting`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp, Usage,
    UsageExtent,
};
use memchr::memmem::Finder;

use super::counting;
use super::counting::stop_reason;
use super::id::ID;
use super::span::{Span, SpanKind};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::{DecodeError, Decoder, Input, Source};

/// Most lines are metrics and tools: only lines with one of these attributes have usage.
static USAGE_NEEDLE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"gen_ai.usage."));

/// Maximum number of traces with a sum; records of further traces count alone.
const MAX_TRACES: usize = 100_000;

/// Reads a file of spans and log records.
pub(super) struct Spans {
    file: SourceFile,
    modified: Timestamp,
    names: Interner,
    /// Sums of the kinds that are not single calls, by kind and trace.
    sums: HashMap<MessageKey, Usage>,
    /// The interaction of the last span, and the facts last emitted for its session: consecutive spans often share
    /// them.
    interaction: String,
    told: Option<(SessionKey, Option<Arc<str>>)>,
}

impl Spans {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            modified: source.modified,
            names: Interner::default(),
            sums: HashMap::new(),
            interaction: String::new(),
            told: None,
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if USAGE_NEEDLE.find(bytes).is_none() {
            return Ok(());
        }
        let span: Span<'_> = serde_json::from_slice(bytes)?;
        let Some(kind) = span.kind() else { return Ok(()) };
        let counts = span.attributes.counts();
        let usage = counting::usage(&counts);
        if usage.is_zero() {
            return Ok(());
        }
        let at = span.at();
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), at, out);
        let session = SessionKey::new(ID, span.session());
        let model = span.attributes.model().map(|model| self.names.get(model));
        self.emit_facts(&span, &session, model.as_ref(), record);
        let response = ResponseCopy {
            id: span.attributes.response_id.text().map(Into::into),
            model,
            stop: span.attributes.finish_reason().map(stop_reason),
            // The session's own events name the caller: spans of a sub-agent carry its parent's id.
            lineage: Lineage::Embedded,
            context_used: Some(0),
            ..ResponseCopy::new(counting::call(&span.call_id(), &counts), usage, at.unwrap_or(self.modified))
        };
        let response = if kind == SpanKind::Chat {
            ResponseCopy { part_of: self.coarser_than_call(&span).into_iter().collect(), ..response }
        } else {
            ResponseCopy {
                usage: self.sum(kind, &span, usage),
                message: kind.key(span.group()),
                part_of: kind.coarser().map(|coarser| coarser.key(span.group())).collect(),
                extent: UsageExtent::Sum,
                ..response
            }
        };
        record.emit(&session, EventKind::Response(Box::new(response)));
        Ok(())
    }

    /// The coarser records that the span of one call replaces.
    fn coarser_than_call(&mut self, span: &Span<'_>) -> Vec<MessageKey> {
        let attributes = &span.attributes;
        let (call, trace) = (attributes.response_id.text(), span.trace());
        let mut coarse: Vec<MessageKey> = call.map(counting::message).into_iter().collect();
        for kind in SpanKind::Chat.coarser() {
            coarse.extend([trace, call].into_iter().flatten().map(|group| kind.key(group)));
        }
        if let Some(interaction) = attributes.interaction_id.text() {
            coarse.extend(attributes.turn_id.text().map(|turn| counting::message_of_turn(interaction, turn)));
            if interaction != self.interaction {
                interaction.clone_into(&mut self.interaction);
                coarse.extend(counting::totals(interaction));
            }
        }
        coarse
    }

    /// The sum of all records of the kind in the trace so far.
    fn sum(&mut self, kind: SpanKind, span: &Span<'_>, usage: Usage) -> Usage {
        let key = kind.key(span.group());
        if self.sums.len() >= MAX_TRACES && !self.sums.contains_key(&key) {
            return usage;
        }
        let sum = self.sums.entry(key).or_default();
        *sum += usage;
        *sum
    }

    fn emit_facts(&mut self, span: &Span<'_>, session: &SessionKey, model: Option<&Arc<str>>, record: &mut Record<'_>) {
        let told = (session.clone(), model.cloned());
        if self.told.as_ref() == Some(&told) {
            return;
        }
        self.told = Some(told);
        let facts =
            SessionFacts { model: model.cloned(), version: span.version().map(Into::into), ..SessionFacts::default() };
        record.emit(session, EventKind::Facts(Box::new(facts)));
    }
}

impl Decoder for Spans {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }
}
