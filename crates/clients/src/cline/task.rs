//! A task of an extension: `ui_messages.json`, the content of its panel.

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, PicoUsd, Purpose, ResponseCopy, SessionFacts, SessionKey, SourcePosition,
    Timestamp, TitleRank, ToolKey, Usage, UsageExtent,
};
use serde::Deserialize;

use crate::cost::embedded_cost;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::list::LazyList;
use crate::parse::{Count, LooseText, LooseTime, MAX_TEXT_CHARS, model_name, shortened};
use crate::{DecodeError, Decoder, Input, Source};

/// What `tokensIn` of a request counts. Records name neither the release nor, except for Cline, the provider.
#[derive(Clone, Copy, Debug)]
pub(super) enum PromptCounting {
    /// Uncached tokens; with these providers the whole prompt.
    Fresh {
        /// Ids of the providers.
        whole_with: &'static [&'static str],
    },
    /// The whole prompt; with Anthropic's protocol only since this release, before it uncached tokens.
    Whole {
        /// Time of the release.
        since: Timestamp,
    },
}

impl PromptCounting {
    /// The uncached part of the prompt. A count that is smaller than its cached part is not the whole prompt.
    fn fresh(self, request: &Request<'_>, provider: Option<&str>, at: Option<Timestamp>) -> u64 {
        let told = request.tokens_in.0;
        let is_whole = match self {
            Self::Fresh { whole_with } => provider.is_some_and(|provider| whole_with.contains(&provider)),
            Self::Whole { since } => {
                request.api_protocol.text() != Some("anthropic") || at.is_none_or(|at| at >= since)
            }
        };
        let cached = request.cache_reads.0.saturating_add(request.cache_writes.0);
        told.checked_sub(cached).filter(|_| is_whole).unwrap_or(told)
    }
}

/// Reads one task.
pub(super) struct Task {
    file: SourceFile,
    session: SessionKey,
    prompts: PromptCounting,
    opened: Timestamp,
    names: Interner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(default)]
    ts: LooseTime,
    /// What the agent says; empty in a message that asks.
    #[serde(borrow, default)]
    say: LooseText<'a>,
    /// What the agent asks.
    #[serde(borrow, default)]
    ask: LooseText<'a>,
    #[serde(borrow, default)]
    text: LooseText<'a>,
    #[serde(borrow, default)]
    model_info: Option<ModelInfo<'a>>,
    #[serde(default)]
    context_condense: Option<Condensed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo<'a> {
    #[serde(borrow, default)]
    model_id: LooseText<'a>,
    #[serde(borrow, default)]
    provider_id: LooseText<'a>,
}

/// The cost of a compaction. Its token count is not recorded.
#[derive(Deserialize)]
struct Condensed {
    #[serde(default)]
    cost: Option<f64>,
}

/// The usage of a request: JSON within the text of its message. A request without counts is still running or was cut
/// off.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request<'a> {
    tokens_in: Count,
    tokens_out: Count,
    cache_reads: Count,
    cache_writes: Count,
    cost: Option<f64>,
    #[serde(borrow)]
    api_protocol: LooseText<'a>,
    #[serde(borrow)]
    streaming_failed_message: LooseText<'a>,
}

/// The tool that was used: JSON within the text.
#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    tool: LooseText<'a>,
}

/// Questions that ask for permission.
const PERMISSION_QUESTIONS: &[&str] = &["tool", "command", "use_mcp_server", "browser_action_launch"];

/// Questions that end the turn.
const TURN_END_QUESTIONS: &[&str] =
    &["completion_result", "followup", "plan_mode_respond", "resume_task", "resume_completed_task"];

/// Whether a message is the last one.
#[derive(Clone, Copy, PartialEq)]
enum MessagePosition {
    Earlier,
    Last,
}

impl Task {
    pub(super) fn new(client: ClientId, source: &Source<'_>, folder: &str, prompts: PromptCounting) -> Self {
        let session = SessionKey::new(client, folder);
        Self { file: source.file(), session, prompts, opened: source.modified, names: Interner::default() }
    }

    fn message(
        &mut self,
        message: &Message<'_>,
        rank: MessagePosition,
        record: &mut Record<'_>,
    ) -> Result<(), DecodeError> {
        match (message.say.text(), message.ask.text()) {
            (Some("api_req_started"), _) => return self.request(message, UsageExtent::Response, record),
            (Some("deleted_api_reqs"), _) => return self.request(message, UsageExtent::Sum, record),
            (Some("user_feedback"), _) => self.prompt(TitleRank::LastPrompt, message, record),
            (Some("condense_context"), _) => self.condensed(message, record),
            (Some("sliding_window_truncation"), _) => record.emit(&self.session, EventKind::Compacted),
            (Some("text"), _) => record.agent_text(&self.session, || message.text.text()),
            (Some("completion_result"), _) => {
                record.agent_text(&self.session, || message.text.text());
                record.emit(&self.session, EventKind::TurnEnded);
            }
            (Some("error"), _) | (_, Some("api_req_failed")) => {
                record.emit(&self.session, EventKind::Error("unknown".into()));
            }
            (Some(said @ ("tool" | "command")), _) => self.tool(said, message, record),
            (_, Some(asked)) if PERMISSION_QUESTIONS.contains(&asked) && rank == MessagePosition::Last => {
                record.emit(&self.session, EventKind::NeedsPermission);
            }
            (_, Some(asked)) if PERMISSION_QUESTIONS.contains(&asked) => self.tool(asked, message, record),
            (_, Some(asked)) if TURN_END_QUESTIONS.contains(&asked) => record.emit(&self.session, EventKind::TurnEnded),
            _ => {}
        }
        Ok(())
    }

    fn prompt(&self, rank: TitleRank, message: &Message<'_>, record: &mut Record<'_>) {
        record.prompt(&self.session, message.text.text());
        record.title(&self.session, rank, message.text.text().unwrap_or_default());
    }

    fn request(
        &mut self,
        message: &Message<'_>,
        extent: UsageExtent,
        record: &mut Record<'_>,
    ) -> Result<(), DecodeError> {
        let request: Request<'_> = message.text.text().map_or_else(|| Ok(Request::default()), serde_json::from_str)?;
        let info = message.model_info.as_ref();
        let provider = info.and_then(|info| info.provider_id.text());
        let usage = Usage {
            input: self.prompts.fresh(&request, provider, message.ts.0),
            cache_read: request.cache_reads.0,
            cache_write_5m: request.cache_writes.0,
            output: request.tokens_out.0,
            ..Usage::default()
        };
        if !usage.is_zero() {
            let response = ResponseCopy {
                model: info
                    .and_then(|info| info.model_id.text())
                    .map(|model| self.names.get(&model_name(provider.unwrap_or_default(), model))),
                extent,
                embedded_cost: self.cost(provider, request.cost),
                ..ResponseCopy::new(self.key(message), usage, self.opened)
            };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        if request.streaming_failed_message.text().is_some() {
            record.emit(&self.session, EventKind::Error("unknown".into()));
        }
        Ok(())
    }

    /// Emits a compaction, and its cost, which no other record has.
    fn condensed(&self, message: &Message<'_>, record: &mut Record<'_>) {
        record.emit(&self.session, EventKind::Compacted);
        let cost = message.context_condense.as_ref().and_then(|condensed| self.cost(None, condensed.cost));
        if cost.is_some() {
            let response = ResponseCopy {
                extent: UsageExtent::Sum,
                purpose: Purpose::Compaction,
                embedded_cost: cost,
                context_used: Some(0),
                ..ResponseCopy::new(self.key(message), Usage::default(), self.opened)
            };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
    }

    fn cost(&self, provider: Option<&str>, usd: Option<f64>) -> Option<PicoUsd> {
        embedded_cost(self.session.client, provider.unwrap_or_default(), usd)
    }

    /// Messages of a task are identified by their times.
    fn key(&self, message: &Message<'_>) -> MessageKey {
        MessageKey::in_session(&self.session, &message.ts.0.map_or(0, Timestamp::as_millis).to_string())
    }

    /// Emits a tool call that was allowed. Its outcome is not recorded, so it counts as a success.
    fn tool(&mut self, kind: &str, message: &Message<'_>, record: &mut Record<'_>) {
        let told = message.text.text().and_then(|text| serde_json::from_str::<Tool<'_>>(text).ok());
        let name = told.as_ref().and_then(|tool| tool.tool.text()).unwrap_or(kind);
        let millis = message.ts.0.map_or(0, Timestamp::as_millis);
        let tool = ToolKey::new(self.session.client, &format!("{} {millis}", self.session.id));
        let name = self.names.get(shortened(name, MAX_TEXT_CHARS));
        record.emit(&self.session, EventKind::ToolStarted { tool, name, target: None });
        record.emit(&self.session, EventKind::ToolEnded { tool, outcome: Ok(()) });
    }
}

impl Decoder for Task {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let messages: LazyList<'_> = serde_json::from_slice(bytes)?;
        let start_time = start_time(&self.session.id);
        self.opened = start_time.unwrap_or(self.opened);
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), start_time, out);
        record.facts(&self.session, SessionFacts { started: start_time, ..SessionFacts::default() });
        let mut said = Ok(());
        let mut handle = |(place, message): (u32, Message<'_>), rank: MessagePosition| {
            record.at = message.ts.0.or(start_time);
            record.source.place = SourcePosition::Entry(place);
            if place == 0 && message.say.text() == Some("text") {
                self.prompt(TitleRank::FirstPrompt, &message, record);
            } else if let Err(error) = self.message(&message, rank, record)
                && said.is_ok()
            {
                said = Err(error);
            }
        };
        // A message is handled once it is known whether it is the last one.
        let mut held: Option<(u32, Message<'_>)> = None;
        let verdict = messages.each("messages", |place, message| {
            if let Some(earlier) = held.replace((place, message)) {
                handle(earlier, MessagePosition::Earlier);
            }
        });
        if let Some(last) = held {
            handle(last, MessagePosition::Last);
        }
        verdict.and(said)
    }
}

/// The start time in a task id: Cline's ids are times, those of the other extensions UUIDs.
pub(super) fn start_time(id: &str) -> Option<Timestamp> {
    id.parse().ok().map(Timestamp::from_seconds_or_millis)
}
