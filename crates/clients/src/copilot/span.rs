//! Spans and log records of an OpenTelemetry file, borrowed.
//!
//! Attributes: OpenTelemetry's conventions for generative AI, as written by Copilot CLI 1.0.20, 1.0.60 (which spells
//! the cached counts with an underscore) and 1.0.102; those of VS Code's chat from its
//! `docs/monitoring/agent_monitoring.md`.

use std::borrow::Cow;
use std::fmt;

use agtop_model::{MessageKey, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::id::ID;
use super::wire::Counts;
use crate::bounded;
use crate::parse::{Count, LooseText, rfc3339};

/// A span or log record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span<'a> {
    /// `span` or `metric`; if it is missing, the other fields decide.
    #[serde(borrow, default, rename = "type")]
    form: LooseText<'a>,
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(borrow, default)]
    trace_id: LooseText<'a>,
    #[serde(borrow, default, rename = "spanId")]
    id: LooseText<'a>,
    #[serde(borrow, default, rename = "spanContext")]
    context: Option<Context<'a>>,
    #[serde(default)]
    end_time: Clock,
    #[serde(default)]
    start_time: Clock,
    #[serde(default)]
    hr_time: Clock,
    #[serde(default, rename = "_hrTime")]
    inner_hr_time: Clock,
    #[serde(default)]
    timestamp: Clock,
    #[serde(borrow, default)]
    body: LooseText<'a>,
    #[serde(borrow, default, rename = "_body")]
    inner_body: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) attributes: Attributes<'a>,
    #[serde(borrow, default)]
    resource: Option<Resource<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow, default)]
    trace_id: LooseText<'a>,
    #[serde(borrow, default)]
    span_id: LooseText<'a>,
}

#[derive(Debug, Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    attributes: ResourceAttributes<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct ResourceAttributes<'a> {
    #[serde(borrow, default, rename = "service.version")]
    version: LooseText<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Attributes<'a> {
    #[serde(borrow, default, rename = "gen_ai.operation.name")]
    operation: LooseText<'a>,
    #[serde(borrow, default, rename = "event.name")]
    event: LooseText<'a>,
    #[serde(borrow, default, rename = "gen_ai.response.model")]
    response_model: LooseText<'a>,
    #[serde(borrow, default, rename = "gen_ai.request.model")]
    request_model: LooseText<'a>,
    #[serde(borrow, default, rename = "gen_ai.response.id")]
    pub(super) response_id: LooseText<'a>,
    #[serde(default, rename = "gen_ai.response.finish_reasons", deserialize_with = "bounded::list_or_null")]
    finish_reasons: Option<Vec<String>>,
    #[serde(borrow, default, rename = "gen_ai.conversation.id")]
    conversation: LooseText<'a>,
    #[serde(borrow, default, rename = "copilot_chat.session_id")]
    chat_session: LooseText<'a>,
    #[serde(borrow, default, rename = "copilot_chat.chat_session_id")]
    outer_chat_session: LooseText<'a>,
    #[serde(borrow, default, rename = "session.id")]
    session: LooseText<'a>,
    #[serde(borrow, default, rename = "github.copilot.interaction_id")]
    pub(super) interaction_id: LooseText<'a>,
    #[serde(borrow, default, rename = "github.copilot.turn_id")]
    pub(super) turn_id: LooseText<'a>,
    #[serde(default, rename = "gen_ai.usage.input_tokens")]
    input: Count,
    #[serde(default, rename = "gen_ai.usage.output_tokens")]
    output: Count,
    #[serde(default, rename = "gen_ai.usage.cache_read.input_tokens")]
    cache_read: Count,
    #[serde(default, rename = "gen_ai.usage.cache_read_input_tokens")]
    cache_read_flat: Count,
    #[serde(default, rename = "gen_ai.usage.cache_creation.input_tokens")]
    cache_creation: Count,
    #[serde(default, rename = "gen_ai.usage.cache_creation_input_tokens")]
    cache_creation_flat: Count,
    #[serde(default, rename = "gen_ai.usage.cache_write.input_tokens")]
    cache_write: Count,
    #[serde(default, rename = "gen_ai.usage.reasoning.output_tokens")]
    reasoning: Count,
    #[serde(default, rename = "gen_ai.usage.reasoning_output_tokens")]
    reasoning_flat: Count,
    #[serde(default, rename = "gen_ai.usage.reasoning_tokens")]
    reasoning_short: Count,
}

/// How many calls a record covers, finest first: if a trace has several kinds, they count the same usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SpanKind {
    /// A span of one call.
    Chat,
    /// A log record of one call.
    Inference,
    /// A log record of one turn of the agent's loop.
    AgentTurn,
    /// A span of a whole user request, or of a sub-agent.
    Agent,
}

impl SpanKind {
    /// The coarser kinds.
    pub(super) fn coarser(self) -> impl Iterator<Item = Self> {
        [Self::Inference, Self::AgentTurn, Self::Agent].into_iter().filter(move |&kind| kind > self)
    }

    /// The key of all records of the kind in one trace.
    pub(super) fn key(self, trace: &str) -> MessageKey {
        MessageKey::global(ID, &format!("{self:?}:{trace}"))
    }
}

impl Span<'_> {
    /// The kind of the record, if it has usage.
    pub(super) fn kind(&self) -> Option<SpanKind> {
        let operation = self.attributes.operation.text().unwrap_or_default();
        let event = self.attributes.event.text().unwrap_or_default();
        let name = self.name.text().unwrap_or_default();
        let body = self.body.text().or(self.inner_body.text()).unwrap_or_default();
        let is_span = self.form.text().map_or(!name.is_empty(), |form| form == "span");
        match () {
            () if is_span && (operation == "chat" || name.starts_with("chat ")) => Some(SpanKind::Chat),
            () if is_span && (operation == "invoke_agent" || name.starts_with("invoke_agent")) => Some(SpanKind::Agent),
            () if is_span => None,
            () if event == "gen_ai.client.inference.operation.details" || body.starts_with("GenAI inference:") => {
                Some(SpanKind::Inference)
            }
            () if event == "copilot_chat.agent.turn" || body.starts_with("copilot_chat.agent.turn") => {
                Some(SpanKind::AgentTurn)
            }
            () => None,
        }
    }

    /// When it ended, if recorded.
    pub(super) fn at(&self) -> Option<Timestamp> {
        [self.end_time, self.hr_time, self.inner_hr_time, self.timestamp, self.start_time].into_iter().find_map(|c| c.0)
    }

    pub(super) fn trace(&self) -> Option<&str> {
        self.trace_id.text().or_else(|| self.context.as_ref()?.trace_id.text())
    }

    /// What its kind is summed over: its trace, or without a trace its call.
    pub(super) fn group(&self) -> &str {
        self.trace().or(self.attributes.response_id.text()).unwrap_or_default()
    }

    /// The provider's id of the call, or without one the span's own id.
    pub(super) fn call_id(&self) -> Cow<'_, str> {
        if let Some(id) = self.attributes.response_id.text() {
            return Cow::Borrowed(id);
        }
        let span = self.id.text().or_else(|| self.context.as_ref()?.span_id.text());
        Cow::Owned(format!("{}:{}", self.trace().unwrap_or_default(), span.unwrap_or_default()))
    }

    /// The session's id, or without one the trace's id.
    pub(super) fn session(&self) -> &str {
        let Attributes { conversation, chat_session, outer_chat_session, session, .. } = &self.attributes;
        let ids = [conversation, chat_session, outer_chat_session, session];
        ids.into_iter().find_map(LooseText::text).or(self.trace()).unwrap_or("unknown")
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.resource.as_ref()?.attributes.version.text()
    }
}

impl Attributes<'_> {
    pub(super) fn model(&self) -> Option<&str> {
        self.response_model.text().or(self.request_model.text())
    }

    pub(super) fn finish_reason(&self) -> Option<&str> {
        self.finish_reasons.as_ref()?.first().map(String::as_str)
    }

    /// The counts, in any spelling.
    pub(super) fn counts(&self) -> Counts {
        let most = |spellings: &[Count]| Count(spellings.iter().map(|count| count.0).max().unwrap_or(0));
        Counts {
            input: self.input,
            output: self.output,
            cache_read: most(&[self.cache_read, self.cache_read_flat]),
            cache_write: most(&[self.cache_creation, self.cache_creation_flat, self.cache_write]),
            reasoning: most(&[self.reasoning, self.reasoning_flat, self.reasoning_short]),
        }
    }
}

/// A time as OpenTelemetry's JavaScript library writes it: `[seconds, nanoseconds]`, a number since 1970 in any unit,
/// or RFC 3339 text.
#[derive(Clone, Copy, Debug, Default)]
struct Clock(Option<Timestamp>);

/// Lowest numbers that are read as nanoseconds and as microseconds.
const NANOSECONDS_FROM: u64 = 100_000_000_000_000_000;
const MICROSECONDS_FROM: u64 = 100_000_000_000_000;

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClockVisitor;

        impl<'de> Visitor<'de> for ClockVisitor {
            type Value = Clock;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Clock, A::Error> {
                let seconds: i64 = seq.next_element()?.unwrap_or(0);
                let nanoseconds: i64 = seq.next_element()?.unwrap_or(0);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                let millis = seconds.checked_mul(1000).and_then(|millis| millis.checked_add(nanoseconds / 1_000_000));
                Ok(Clock(millis.map(Timestamp::from_millis)))
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<Clock, E> {
                let n = match n {
                    NANOSECONDS_FROM.. => n / 1_000_000,
                    MICROSECONDS_FROM.. => n / 1000,
                    _ => n,
                };
                Ok(Clock(i64::try_from(n).ok().map(Timestamp::from_seconds_or_millis)))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Clock, E> {
                Ok(Clock(None))
            }

            fn visit_f64<E: Error>(self, n: f64) -> Result<Clock, E> {
                Ok(Clock(Timestamp::from_float_seconds(if n < 1e11 { n } else { n / 1000.0 })))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Clock, E> {
                Ok(Clock(rfc3339(text)))
            }

            fn visit_unit<E: Error>(self) -> Result<Clock, E> {
                Ok(Clock(None))
            }
        }

        deserializer.deserialize_any(ClockVisitor)
    }
}
