use std::borrow::Cow;
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, Purpose, ResponseCopy, ServiceTier,
    SessionFacts, SessionKey, SourcePosition, StopReason, Timestamp, Usage, UsageExtent,
};
use memchr::memmem;
use serde::Deserialize;

use super::figures::{Figures, Occurrences};
use super::id::ID;
use crate::cost::embedded_cost;
use crate::decode::{Record, SourceFile};
use crate::parse::{Count, LooseTime};
use crate::{DecodeError, Decoder, Input, Source};

/// Reads an analytics log, to which every launch on the machine appends: one event per line.
///
/// The log names neither the program nor the directory of an event: a launch starts a session, and the events after it
/// count towards that session.
pub(super) struct AnalyticsLog {
    file: SourceFile,
    path: String,
    modified: Timestamp,
    session: Option<(SessionKey, Timestamp)>,
    model: Option<Arc<str>>,
    occurrences: Occurrences,
}

#[derive(Deserialize)]
struct AnalyticsEvent<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    properties: Properties<'a>,
    #[serde(default)]
    time: LooseTime,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    main_model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    aider_version: Option<Cow<'a, str>>,
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    cost: Option<f64>,
    total_cost: Option<f64>,
}

impl AnalyticsLog {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            path: source.path.to_string_lossy().into_owned(),
            modified: source.modified,
            session: None,
            model: None,
            occurrences: Occurrences::default(),
        }
    }

    fn line(&mut self, line: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let has = |word: &[u8]| memmem::find(line, word).is_some();
        if !has(b"\"aider_version\"") || !(has(b"\"message_send\"") || has(b"\"launched\"")) {
            return Ok(());
        }
        let entry: AnalyticsEvent<'_> = serde_json::from_slice(line)?;
        let mut record = Record::new(self.file, SourcePosition::Byte(offset), entry.time.0, out);
        match &*entry.event {
            "launched" => self.begin(&entry, &mut record),
            "message_send" => self.response(&entry, &mut record),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, entry: &AnalyticsEvent<'_>, record: &mut Record<'_>) {
        let started = entry.time.0.unwrap_or(self.modified);
        // The launch event may be missing. The file's own time would change the session id whenever the log grows.
        let second = entry.time.0.map_or(0, Timestamp::as_millis) / 1000;
        let key = SessionKey::new(ID, format!("{}#{second}", self.path));
        let facts = SessionFacts {
            started: entry.time.0,
            version: entry.properties.aider_version.as_deref().map(Into::into),
            ..SessionFacts::default()
        };
        record.emit(&key, EventKind::Facts(Box::new(facts)));
        self.session = Some((key, started));
    }

    fn response(&mut self, entry: &AnalyticsEvent<'_>, record: &mut Record<'_>) {
        if self.session.is_none() {
            self.begin(entry, record);
        }
        let Properties { prompt_tokens: Count(sent), completion_tokens: Count(received), cost, total_cost, .. } =
            entry.properties;
        let model = entry.properties.main_model.as_deref().filter(|model| !model.is_empty());
        let model = model.map(|model| self.intern(model));
        let part_of = self.occurrences.next(Figures::printed(sent, received));
        let Some((session, opened)) = &self.session else { return };
        let response = ResponseCopy {
            message: key_of(entry, sent, received, total_cost),
            id: None,
            part_of: CoarserRecords::one(part_of),
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            model,
            // The log has no cache parts: what was sent counts as fresh.
            usage: Usage { input: sent, output: received, ..Usage::default() },
            tier: ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: embedded_cost(ID, "", cost),
            stop: Some(StopReason::EndTurn),
            lineage: Lineage::Main,
            opened: *opened,
            context_used: None,
        };
        record.emit(session, EventKind::Response(Box::new(response)));
    }

    /// The shared name; it allocates only if the model differs from the last one.
    fn intern(&mut self, model: &str) -> Arc<str> {
        if let Some(known) = self.model.as_ref().filter(|known| ***known == *model) {
            return Arc::clone(known);
        }
        let model: Arc<str> = model.into();
        self.model = Some(Arc::clone(&model));
        model
    }
}

/// Log entries have no ids: the key is made of everything that an entry says.
fn key_of(entry: &AnalyticsEvent<'_>, sent: u64, received: u64, total_cost: Option<f64>) -> MessageKey {
    let time = entry.time.0.map_or(0, Timestamp::as_millis).to_le_bytes();
    let total = total_cost.unwrap_or_default().to_le_bytes();
    MessageKey::by_content(ID, &[b"analytics", &time, &sent.to_le_bytes(), &received.to_le_bytes(), &total])
}

impl Decoder for AnalyticsLog {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            Input::Document(_) | Input::Row { .. } => Ok(()),
        }
    }
}
