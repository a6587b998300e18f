//! Usage of responses: exact if the version writes it per response, else derived from running totals.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    Event, EventKind, MessageKey, RateLimit, RateLimitWindow, ResponseCopy, SessionFacts, StopReason, Timestamp,
    Untrusted,
};

use super::id::ID;
use super::lineage::Owner;
use super::loose::filled;
use super::payload::{Info, LimitWindow, RateLimits, TokenCount, UsageRecord};
use super::rollout::Rollout;
use super::usage::Tokens;
use crate::decode::Record;
use crate::interner::Interner;
use crate::parse::{model_name, rfc3339};

impl Rollout {
    /// Handles running totals. They are repeated unchanged when rate limits or the context change.
    pub(super) fn count(&mut self, count: &TokenCount<'_>, time: &str, owner: Owner, record: &mut Record<'_>) {
        let is_copy = matches!(owner, Owner::Copy | Owner::DatedCopy);
        if let Some(info) = &count.info {
            let used = self.totals.advance(info.total_token_usage, info.last_token_usage, self.thread_lineage.start);
            let moved = !used.usage().is_zero();
            self.guess_model(filled(info.model.as_ref()));
            if moved && let Some(used) = self.recorded.unrecorded(used, info.last_token_usage) {
                self.counted(info, used, time, owner, record);
            }
            if !is_copy {
                // If totals moved, the response has already reported the context, and `last` may be stale.
                let last_usage = info.last_token_usage.filter(|_| !moved);
                self.emit_context(last_usage.map(|last| last.context()), info.model_context_window, record);
            }
        }
        // The limits in a copy with a new timestamp would look like the newest reading.
        if let Some(limits) = count.rate_limits.as_ref().filter(|_| owner == Owner::Own)
            && let Some(limits) = rate_limit(limits, record.at, &mut self.names)
        {
            record.emit(&self.session, EventKind::RateLimit(limits));
        }
    }

    /// Emits the context used and the context window if they have changed.
    pub(super) fn emit_context(&mut self, used: Option<u64>, limit: Option<u64>, record: &mut Record<'_>) {
        let (told_used, told_limit) = &mut self.emitted.context;
        let used = used.filter(|&used| used > 0 && told_used.replace(used) != Some(used));
        let limit = limit.filter(|&limit| limit > 0 && told_limit.replace(limit) != Some(limit));
        if used.is_some() || limit.is_some() {
            let facts = SessionFacts { context_used: used, context_limit: limit, ..SessionFacts::default() };
            record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        }
    }

    /// Handles totals that moved. Copies share only time and totals, so these identify a response.
    fn counted(&mut self, info: &Info<'_>, used: Tokens, time: &str, owner: Owner, record: &mut Record<'_>) {
        let counts = info.total_token_usage.unwrap_or(used).bytes();
        let whose = if time.is_empty() { &*self.session.id } else { time };
        let message = MessageKey::by_content(ID, &[whose.as_bytes(), &counts]);
        let copy = EventKind::Response(Box::new(self.response_copy(message, used, record.at)));
        match (owner, record.at) {
            (Owner::Own | Owner::DatedCopy, _) | (Owner::Unclear, None) => record.emit(&self.session, copy),
            (Owner::Copy, _) => {}
            (Owner::Unclear, Some(at)) if self.unclear.is_some() => {
                self.drop_unclear();
                self.thread_lineage.is_copied_second(at);
            }
            (Owner::Unclear, Some(_)) => {
                let session = self.session.clone();
                self.unclear = Some(Event { at: record.at, session, source: record.source, kind: copy });
            }
        }
    }

    /// Time of the held count.
    pub(super) fn unclear_since(&self) -> Option<Timestamp> {
        self.unclear.as_ref().and_then(|held| held.at)
    }

    /// Emits the held count: it belongs to this thread.
    pub(super) fn release_unclear(&mut self, out: &mut Vec<Event>) {
        if let Some(held) = self.unclear.take() {
            out.push(held);
            self.thread_lineage.set_own();
        }
    }

    /// Drops the held count and the context emitted with it: it was a copy.
    pub(super) fn drop_unclear(&mut self) {
        if self.unclear.take().is_some() {
            self.emitted.context.0 = None;
        }
    }

    /// Handles the usage record of one response. Copies carry the id of the thread in which the response was made.
    pub(super) fn response(&mut self, response: &UsageRecord<'_>, owner: Owner, record: &mut Record<'_>) {
        if !response.usage.usage().is_zero() {
            self.recorded.note(response.usage);
        }
        if owner == Owner::Copy {
            return;
        }
        self.drop_unclear();
        if response.usage.usage().is_zero() {
            return;
        }
        let thread = filled(response.thread_id.as_ref()).unwrap_or(&self.session.id);
        let id = filled(response.response_id.as_ref());
        let message = match id {
            Some(id) => MessageKey::by_content(ID, &[thread.as_bytes(), id.as_bytes()]),
            None => MessageKey::by_content(ID, &[thread.as_bytes(), &response.usage.bytes()]),
        };
        let copy = ResponseCopy { id: id.map(Into::into), ..self.response_copy(message, response.usage, record.at) };
        record.emit(&self.session, EventKind::Response(Box::new(copy)));
    }

    /// The model of the response. A model on the user's own machine is marked as local.
    fn model(&mut self, at: Option<Timestamp>) -> Option<Arc<str>> {
        let model = resolve(self.model.as_ref()?, at, &mut self.names);
        match model_name(self.provider.as_deref().unwrap_or_default(), &model) {
            Cow::Borrowed(_) => Some(model),
            Cow::Owned(local) => Some(self.names.get(&local)),
        }
    }

    pub(super) fn response_copy(&mut self, message: MessageKey, used: Tokens, at: Option<Timestamp>) -> ResponseCopy {
        let called = std::mem::take(&mut self.tools.called);
        // A response without a tool call is the last of its turn.
        let stop = Some(if called { StopReason::ToolUse } else { StopReason::EndTurn });
        let context_used = Some(used.context()).filter(|&used| used > 0);
        if context_used.is_some() {
            self.emitted.context.0 = context_used;
        }
        ResponseCopy {
            model: self.model(at),
            tier: self.tier,
            stop,
            lineage: self.lineage,
            context_used,
            ..ResponseCopy::new(message, used.usage(), self.opened)
        }
    }
}

/// A rate limit reading. Windows are identified by their length, because the meaning of the slots has changed.
fn rate_limit(limits: &RateLimits<'_>, at: Option<Timestamp>, names: &mut Interner) -> Option<RateLimit> {
    let windows: Vec<_> =
        [&limits.primary, &limits.secondary].into_iter().flatten().filter_map(|slot| window(slot, at)).collect();
    (!windows.is_empty()).then(|| RateLimit {
        limit: names.get(filled(limits.limit_id.as_ref()).unwrap_or("codex")),
        plan: filled(limits.plan_type.as_ref()).map(Untrusted::from),
        windows,
    })
}

/// One window. Versions of 2025 write the seconds left at the time of the line.
fn window(slot: &LimitWindow, at: Option<Timestamp>) -> Option<RateLimitWindow> {
    let left = slot.resets_in_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(RateLimitWindow {
        minutes: slot.window_minutes?,
        used_percent: slot.used_percent.filter(|percent| percent.is_finite() && *percent >= 0.0)?,
        resets_at: slot.resets_at.0.or_else(|| Some(at?.plus(left?))),
    })
}

/// Which model `codex-auto-review`, a role rather than a model, stands for, by start date.
const AUTO_REVIEW_MODELS: &[(&str, &str)] = &[
    ("2026-04-23T00:00:00.000Z", "gpt-5.5"),
    ("2026-03-05T00:00:00.000Z", "gpt-5.4"),
    ("2026-02-05T00:00:00.000Z", "gpt-5.3-codex"),
    ("2025-12-11T00:00:00.000Z", "gpt-5.2-codex"),
    ("2025-11-13T00:00:00.000Z", "gpt-5.1-codex"),
    ("2025-09-15T00:00:00.000Z", "gpt-5-codex"),
    ("2025-08-07T00:00:00.000Z", "gpt-5"),
];

/// The model behind a name whose meaning changes over time.
fn resolve(model: &Arc<str>, at: Option<Timestamp>, names: &mut Interner) -> Arc<str> {
    let meant = (&**model == "codex-auto-review")
        .then(|| AUTO_REVIEW_MODELS.iter().find(|(since, _)| at.is_some() && at >= rfc3339(since)))
        .flatten();
    meant.map_or_else(|| Arc::clone(model), |(_, meant)| names.get(meant))
}
