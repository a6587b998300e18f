use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, ContextGrowth, ContextWindow, EventKind, GrowthBasis, Session, StopReason, Timestamp,
};

/// The last activities of a session: what a user follows, not what is counted.
///
/// Only sessions that were active within the last day have one.
#[derive(Debug, Default)]
pub(super) struct ActivityLog {
    activities: VecDeque<Activity>,
    /// The tokens in the context after the last responses.
    contexts: VecDeque<(Timestamp, u64)>,
    /// The last call, and how often it was made in a row.
    last_call: Option<(ActivityKind, u32)>,
    /// When requests and tool calls failed.
    failures: BTreeSet<Timestamp>,
}

/// Failures that are kept, at most; further ones replace the oldest.
const MAX_FAILURES: usize = 500;

/// Responses over which the growth of a context is measured, at most.
const MAX_CONTEXTS: usize = 24;
/// A hook and a transcript report a prompt within this time of each other.
const SAME_PROMPT: Duration = Duration::from_secs(2);
/// Agents that compact their context by themselves do so when this part of it is used.
const FULL_SHARE: f64 = 0.95;

impl ActivityLog {
    /// Adds an activity, unless it is known or older than all that are kept.
    pub(super) fn note(&mut self, at: Option<Timestamp>, kind: ActivityKind) {
        if self.is_known(at, &kind) || self.is_past(at) {
            return;
        }
        if matches!(kind, ActivityKind::Called { .. }) {
            self.last_call = match self.last_call.take() {
                Some((last, times)) if last == kind => Some((last, times.saturating_add(1))),
                _ => Some((kind.clone(), 1)),
            };
        } else if matches!(kind, ActivityKind::Asked(_) | ActivityKind::Compacted) {
            self.last_call = None;
        }
        if self.activities.len() == Session::MAX_ACTIVITIES {
            self.activities.pop_front();
        }
        self.activities.push_back(Activity { at, kind });
    }

    /// Whether this happened before all activities that are kept. A document or database that has grown is read again from
    /// its beginning.
    fn is_past(&self, at: Option<Timestamp>) -> bool {
        let oldest = self.activities.front().and_then(|oldest| oldest.at);
        self.activities.len() == Session::MAX_ACTIVITIES && oldest.zip(at).is_some_and(|(oldest, at)| at <= oldest)
    }

    /// Whether this activity is known; text that has become longer is updated. A document or database that has grown is read
    /// again; text is reported repeatedly while the agent writes it; and a hook reports a prompt besides the transcript,
    /// which alone contains its text.
    fn is_known(&mut self, at: Option<Timestamp>, kind: &ActivityKind) -> bool {
        let Some(at) = at else { return false };
        self.activities.iter_mut().rev().any(|known| match (&mut known.kind, kind) {
            (ActivityKind::Said(text), ActivityKind::Said(longer))
                if known.at == Some(at) && longer.raw().starts_with(text.raw()) =>
            {
                text.clone_from(longer);
                true
            }
            (ActivityKind::Asked(text), ActivityKind::Asked(other))
                if known.at.is_some_and(|then| then.since(at).max(at.since(then)) <= SAME_PROMPT)
                    && (text.is_none() || other.is_none() || text == other) =>
            {
                if text.is_none() {
                    text.clone_from(other);
                }
                true
            }
            (known_kind, kind) => known.at == Some(at) && known_kind == kind,
        })
    }

    /// Notes the tokens in the context after a response. If they have halved, the context was compacted, and its growth is
    /// measured again.
    pub(super) fn note_context(&mut self, at: Timestamp, used: u64) {
        match self.contexts.back_mut() {
            Some((last, _)) if *last > at => return,
            Some((last, known)) if *last == at => *known = (*known).max(used),
            Some((_, known)) if used < *known / 2 => {
                self.contexts.clear();
                self.contexts.push_back((at, used));
            }
            _ => self.contexts.push_back((at, used)),
        }
        if self.contexts.len() > MAX_CONTEXTS {
            self.contexts.pop_front();
        }
    }

    /// Notes that a request or a tool call failed. Copies of a transcript report it again.
    pub(super) fn note_failure(&mut self, at: Timestamp) {
        self.failures.insert(at);
        if self.failures.len() > MAX_FAILURES {
            self.failures.pop_first();
        }
    }

    /// When requests and tool calls failed, oldest first.
    pub(super) fn failures(&self) -> Vec<Timestamp> {
        self.failures.iter().copied().collect()
    }

    pub(super) fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter()
    }

    /// How often the last tool was called on the same target in a row.
    pub(super) fn repeats(&self) -> u32 {
        self.last_call.as_ref().map_or(0, |(_, times)| *times)
    }

    /// How fast the context fills, by the first and the last of the kept responses. `None` if it does not grow.
    pub(super) fn growth(&self, context: Option<ContextWindow>) -> Option<ContextGrowth> {
        let (first, last) = (self.contexts.front()?, self.contexts.back()?);
        let minutes = last.0.since(first.0).as_secs_f64() / 60.0;
        let grown = last.1.checked_sub(first.1).filter(|&grown| grown > 0)?;
        let tokens_per_minute = (minutes > 0.0).then(|| grown as f64 / minutes)?;
        let pairs = self.contexts.iter().zip(self.contexts.iter().skip(1));
        let grown_at = pairs.rev().find_map(|(before, after)| (after.1 > before.1).then_some(after.0));
        Some(ContextGrowth {
            tokens_per_minute,
            full_in: full_in(context, tokens_per_minute),
            grown_at,
            basis: GrowthBasis::LastResponses,
        })
    }
}

/// How fast the context of a session has filled on average. `None` if it has not.
pub(super) fn average_growth(context: ContextWindow, lasted: Duration) -> Option<ContextGrowth> {
    let minutes = lasted.as_secs_f64() / 60.0;
    let tokens_per_minute = (minutes > 0.0 && context.used > 0).then(|| context.used as f64 / minutes)?;
    let full_in = full_in(Some(context), tokens_per_minute);
    Some(ContextGrowth { tokens_per_minute, full_in, grown_at: None, basis: GrowthBasis::WholeSession })
}

fn full_in(context: Option<ContextWindow>, tokens_per_minute: f64) -> Option<Duration> {
    let room = context.map(|context| context.limit as f64 * FULL_SHARE - context.used as f64)?;
    Duration::try_from_secs_f64(room.max(0.0) / tokens_per_minute * 60.0).ok()
}

/// The event as an activity, if it is one.
pub(super) fn activity_kind(kind: &EventKind) -> Option<ActivityKind> {
    Some(match kind {
        EventKind::Prompt { words } => ActivityKind::Asked(words.clone()),
        EventKind::Said(prose) => ActivityKind::Said(prose.clone()),
        EventKind::ToolStarted { name, target, .. } => {
            ActivityKind::Called { tool: name.as_ref().into(), target: target.clone() }
        }
        EventKind::SubagentStarted { name, task, .. } => {
            ActivityKind::Delegated { name: name.clone(), task: task.clone() }
        }
        EventKind::Compacted => ActivityKind::Compacted,
        EventKind::NeedsPermission | EventKind::NeedsInput => ActivityKind::Waited,
        EventKind::Error(reason) => ActivityKind::Failed(reason.clone()),
        _ => return None,
    })
}

/// The end of a turn as an activity. A response that calls a tool is reported by the call.
pub(super) fn ending(stop: Option<StopReason>) -> Option<ActivityKind> {
    stop.filter(|stop| *stop != StopReason::ToolUse).map(ActivityKind::Stopped)
}

#[cfg(test)]
mod tests {
    use agtop_model::{ContextSource, Untrusted};

    use super::*;

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_millis(n * 60_000)
    }

    fn called(target: &str) -> ActivityKind {
        ActivityKind::Called { tool: "Bash".into(), target: Some(Untrusted::new(target)) }
    }

    #[test]
    fn the_growth_of_a_context_estimates_when_it_is_full() {
        let mut log = ActivityLog::default();
        log.note_context(minute(0), 100_000);
        log.note_context(minute(10), 140_000);
        let context = ContextWindow { used: 140_000, limit: 200_000, source: ContextSource::Table };
        let growth = log.growth(Some(context)).unwrap();
        assert!((growth.tokens_per_minute - 4000.0).abs() < 1e-9);
        assert_eq!(growth.full_in.unwrap().as_secs(), 750);
    }

    /// A context that has not grown for five minutes once had no estimate, although it had grown on average.
    #[test]
    fn a_session_has_an_average_growth() {
        let context = ContextWindow { used: 140_000, limit: 200_000, source: ContextSource::Table };
        let growth = average_growth(context, Duration::from_mins(70)).unwrap();
        assert!((growth.tokens_per_minute - 2000.0).abs() < 1e-9);
        assert_eq!((growth.full_in.unwrap().as_secs(), growth.basis), (1500, GrowthBasis::WholeSession));
        assert_eq!(average_growth(context, Duration::ZERO), None);
    }

    #[test]
    fn the_last_growth_of_a_context_is_known() {
        let mut log = ActivityLog::default();
        for (at, used) in [(0, 100), (1, 200), (2, 200), (3, 180)] {
            log.note_context(minute(at), used);
        }
        assert_eq!(log.growth(None).unwrap().grown_at, Some(minute(1)));
    }

    #[test]
    fn a_context_that_does_not_grow_has_no_growth() {
        let mut log = ActivityLog::default();
        log.note_context(minute(0), 100_000);
        assert_eq!(log.growth(None), None);
        log.note_context(minute(5), 100_000);
        assert_eq!(log.growth(None), None);
    }

    #[test]
    fn after_a_compaction_the_growth_is_measured_again() {
        let mut log = ActivityLog::default();
        for (at, used) in [(0, 100_000), (5, 180_000), (6, 20_000), (8, 24_000)] {
            log.note_context(minute(at), used);
        }
        assert!((log.growth(None).unwrap().tokens_per_minute - 2000.0).abs() < 1e-9);
    }

    #[test]
    fn the_same_call_in_a_row_is_a_repeat_whatever_its_results() {
        let mut log = ActivityLog::default();
        for kind in [called("ls"), called("make"), ActivityKind::Failed("x".into()), called("make"), called("make")] {
            log.note(None, kind);
        }
        assert_eq!(log.repeats(), 3);
        log.note(None, ActivityKind::Asked(None));
        assert_eq!(log.repeats(), 0);
    }

    /// OpenCode's database is read again whenever it changes. After five changes, one long call once counted as five
    /// repeats, and its agent as stalled.
    #[test]
    fn a_call_that_is_read_again_is_not_a_repeat() {
        let mut log = ActivityLog::default();
        let kinds_read = [
            (0, ActivityKind::Asked(None)),
            (1, called("ls")),
            (2, ActivityKind::Failed("x".into())),
            (3, called("make")),
        ];
        for _ in 0..5 {
            for (at, kind) in &kinds_read {
                log.note(Some(minute(*at)), kind.clone());
            }
        }
        assert_eq!((log.repeats(), kinds(&log).len()), (1, kinds_read.len()));
        log.note(Some(minute(4)), called("make"));
        assert_eq!(log.repeats(), 2);
    }

    #[test]
    fn an_activity_older_than_all_that_are_kept_is_not_added() {
        let mut log = ActivityLog::default();
        let kept = i64::try_from(Session::MAX_ACTIVITIES).unwrap();
        for _ in 0..2 {
            for at in 0..2 * kept {
                log.note(Some(minute(at)), called(&at.to_string()));
            }
        }
        let times: Vec<_> = log.activities().map(|activity| activity.at).collect();
        assert_eq!(times, (kept..2 * kept).map(|at| Some(minute(at))).collect::<Vec<_>>());
        assert_eq!(log.repeats(), 1);
    }

    fn kinds(log: &ActivityLog) -> Vec<ActivityKind> {
        log.activities().map(|activity| activity.kind.clone()).collect()
    }

    #[test]
    fn text_that_is_still_being_written_is_one_activity() {
        let mut log = ActivityLog::default();
        for (at, text) in [(1, "I look"), (1, "I look into it."), (2, "Done."), (1, "I look into it.")] {
            log.note(Some(minute(at)), ActivityKind::Said(text.into()));
        }
        assert_eq!(kinds(&log), [ActivityKind::Said("I look into it.".into()), ActivityKind::Said("Done.".into())]);
    }

    #[test]
    fn a_prompt_that_a_hook_and_a_transcript_report_is_one_with_its_text() {
        let second = |n: i64| Some(Timestamp::from_millis(n * 1000));
        let mut log = ActivityLog::default();
        for (at, words) in [(10, None), (11, Some("mend it")), (12, None), (13, Some("and that")), (20, None)] {
            log.note(second(at), ActivityKind::Asked(words.map(Untrusted::new)));
        }
        let asked = |words: &str| ActivityKind::Asked(Some(words.into()));
        assert_eq!(kinds(&log), [asked("mend it"), asked("and that"), ActivityKind::Asked(None)]);
    }

    #[test]
    fn only_the_last_activities_are_kept() {
        let mut log = ActivityLog::default();
        for n in 0..50 {
            log.note(Some(minute(n)), ActivityKind::Asked(None));
        }
        assert_eq!(log.activities().count(), Session::MAX_ACTIVITIES);
        assert_eq!(log.activities().last().unwrap().at, Some(minute(49)));
    }
}
