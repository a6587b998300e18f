use agtop_model::{Agent, CostBasis, Decay, Session, Status};
use serde::Serialize;

use crate::json::wire;

/// The session of an agent in the form of agentop's schema 1. It has no field for message text or tool arguments.
#[derive(Serialize)]
pub(crate) struct Telemetry {
    provider: &'static str,
    session_id: Option<String>,
    model: Option<String>,
    status: Option<&'static str>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    context_tokens: Option<u64>,
    context_window: Option<u64>,
    context_fill_percent: Option<f64>,
    cost_usd: Option<f64>,
    cost_is_estimated: bool,
    pending_tool: Option<String>,
    decay_score: Option<u8>,
    decay_terms: Option<DecayTerms>,
    subagent_count: u32,
    last_event_timestamp: Option<String>,
}

/// The terms of `decay_score`.
#[derive(Serialize)]
struct DecayTerms {
    fill: Option<f64>,
    errors: Option<f64>,
    output: Option<f64>,
    repeats: Option<f64>,
}

impl From<&Decay> for DecayTerms {
    fn from(decay: &Decay) -> Self {
        let tenths = |part: f64| wire::finite((part * 10.0).round() / 10.0);
        Self {
            fill: tenths(decay.fill),
            errors: tenths(decay.errors),
            output: tenths(decay.output),
            repeats: tenths(decay.repeats),
        }
    }
}

impl Telemetry {
    /// The telemetry of the session, with tokens counted as its client counts them; `None` without a session.
    pub(crate) fn of(agent: &Agent) -> Option<Self> {
        let session = agent.session.as_deref()?;
        let shared = Self::shared(agent, session);
        Some(match session.client().as_str() {
            "claude" => Self { cost_is_estimated: true, ..shared },
            "codex" => shared.into_codex(session),
            _ => shared,
        })
    }

    fn shared(agent: &Agent, session: &Session) -> Self {
        let fill = session.context.ok().map(|context| context.percent());
        let used = session.used().ok();
        Self {
            provider: session.client().as_str(),
            session_id: Some(session.key.id.to_string()),
            model: session.model.as_deref().map(str::to_owned),
            status: Some(status(agent.status, pending_tool(session).is_some())),
            input_tokens: used.map(|usage| usage.input),
            output_tokens: used.map(|usage| usage.output),
            cache_write_tokens: used.map(|usage| usage.cache_write()),
            cache_read_tokens: used.map(|usage| usage.cache_read),
            context_tokens: session.context.ok().map(|context| context.used),
            context_window: session.context.ok().map(|context| context.limit),
            context_fill_percent: fill,
            cost_usd: wire::dollars(&session.spend),
            cost_is_estimated: session.model.is_some() && session.spend.basis() != CostBasis::Embedded,
            pending_tool: pending_tool(session).map(str::to_owned),
            decay_score: session.decay.map(|decay| decay.score()),
            decay_terms: session.decay.as_ref().map(DecayTerms::from),
            subagent_count: session.subagent_files,
            last_event_timestamp: session.last_active.and_then(wire::rfc3339),
        }
    }

    /// Codex includes cached tokens in its input, and agentop fills no other fields for it.
    fn into_codex(self, session: &Session) -> Self {
        Self {
            input_tokens: session.used().ok().map(|usage| usage.prompt()),
            cache_write_tokens: None,
            decay_score: None,
            decay_terms: None,
            subagent_count: 0,
            last_event_timestamp: None,
            ..self
        }
    }
}

/// The tool call that is running.
fn pending_tool(session: &Session) -> Option<&str> {
    session.in_flight.iter().rev().find(|tool| !tool.is_subagent).map(|tool| tool.name.raw())
}

/// The schema's word for the status: it has none for permissions, errors and rate limits.
fn status(status: Status, tool_is_pending: bool) -> &'static str {
    match status {
        Status::Working | Status::Spawning => "processing",
        Status::NeedsPermission => "needs_input",
        Status::NeedsInput | Status::Stalled | Status::RateLimited | Status::Error if tool_is_pending => "needs_input",
        Status::NeedsInput | Status::Active => "waiting_input",
        Status::Unknown => "unknown",
        _ => "idle",
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;

    #[test]
    fn tokens_are_counted_as_each_client_counts_them() {
        let snapshot = testing::rich();
        let of = |pid| {
            snapshot
                .agents
                .iter()
                .find(|agent| agent.process.id.pid == pid)
                .and_then(|agent| Telemetry::of(agent))
                .unwrap()
        };
        let (claude, codex) = (of(testing::CLAUDE_PID), of(testing::CODEX_PID));
        assert_eq!((claude.input_tokens, claude.cache_read_tokens), (Some(46_200), Some(5_712_304)));
        assert_eq!((codex.input_tokens, codex.cache_read_tokens), (Some(25_000), Some(3_000)));
        assert_eq!((claude.cache_write_tokens, codex.cache_write_tokens), (Some(89_008), None));
        assert_eq!((claude.decay_score, codex.decay_score), (Some(32), None));
    }

    #[test]
    fn the_statuses_are_those_of_the_schema() {
        assert_eq!(status(Status::Working, false), "processing");
        assert_eq!(status(Status::NeedsPermission, true), "needs_input");
        assert_eq!(status(Status::NeedsInput, true), "needs_input");
        assert_eq!(status(Status::NeedsInput, false), "waiting_input");
        assert_eq!(status(Status::Idle, false), "idle");
        assert_eq!(status(Status::Unknown, false), "unknown");
    }
}
