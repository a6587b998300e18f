use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, ContextGrowth, ContextWindow, EventKind, GrowthBasis, Session, StopReason, Timestamp,
};

/// The last things that happened in a session: what people follow, not what is counted.
///
/// Only sessions that were lately active have one.
#[derive(Debug, Default)]
pub(super) struct Story {
    happenings: VecDeque<Activity>,
    /// Tokens in the context after the last responses.
    contexts: VecDeque<(Timestamp, u64)>,
    /// The last call, and how often it was made in a row.
    call: Option<(ActivityKind, u32)>,
    /// When requests and tool calls failed.
    failures: BTreeSet<Timestamp>,
}

/// A flood of failures loses the oldest.
const MAX_FAILURES: usize = 500;

/// Responses over which the growth of a context is measured (features S0-POP-12).
const CONTEXTS: usize = 24;
/// A hook and a transcript tell of one prompt within this time.
const SAME_PROMPT: Duration = Duration::from_secs(2);
/// A context this full is summarised by the agents that do so by themselves.
const FULL: f64 = 0.95;

impl Story {
    /// Notes what a kind tells.
    pub(super) fn note(&mut self, at: Option<Timestamp>, kind: ActivityKind) {
        if self.retells(at, &kind) || self.is_past(at) {
            return;
        }
        if matches!(kind, ActivityKind::Called { .. }) {
            self.call = match self.call.take() {
                Some((last, times)) if last == kind => Some((last, times.saturating_add(1))),
                _ => Some((kind.clone(), 1)),
            };
        } else if matches!(kind, ActivityKind::Asked(_) | ActivityKind::Compacted) {
            self.call = None;
        }
        if self.happenings.len() == Session::MAX_ACTIVITIES {
            self.happenings.pop_front();
        }
        self.happenings.push_back(Activity { at, kind });
    }

    /// Whether this happened before all that is kept: a document or database that grew is read again from its beginning.
    fn is_past(&self, at: Option<Timestamp>) -> bool {
        let oldest = self.happenings.front().and_then(|oldest| oldest.at);
        self.happenings.len() == Session::MAX_ACTIVITIES && oldest.zip(at).is_some_and(|(oldest, at)| at <= oldest)
    }

    /// Whether this is a kind that is known: a document or database that grew is read again, prose is told again, and
    /// longer, while the agent writes it, and a prompt by a hook besides the transcript, which alone has its words.
    fn retells(&mut self, at: Option<Timestamp>, kind: &ActivityKind) -> bool {
        let Some(at) = at else { return false };
        self.happenings.iter_mut().rev().any(|known| match (&mut known.kind, kind) {
            (ActivityKind::Said(told), ActivityKind::Said(prose))
                if known.at == Some(at) && prose.raw().starts_with(told.raw()) =>
            {
                told.clone_from(prose);
                true
            }
            (ActivityKind::Asked(told), ActivityKind::Asked(words))
                if known.at.is_some_and(|then| then.since(at).max(at.since(then)) <= SAME_PROMPT)
                    && (told.is_none() || words.is_none() || told == words) =>
            {
                if told.is_none() {
                    told.clone_from(words);
                }
                true
            }
            (told, kind) => known.at == Some(at) && told == kind,
        })
    }

    /// Notes how full the context was with a response. A context that shrank was summarised: it grows anew.
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
        if self.contexts.len() > CONTEXTS {
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

    pub(super) fn happenings(&self) -> impl Iterator<Item = &Activity> {
        self.happenings.iter()
    }

    /// How often the last tool was called on the same thing in a row.
    pub(super) fn repeats(&self) -> u32 {
        self.call.as_ref().map_or(0, |(_, times)| *times)
    }

    /// How fast the context fills: the slope from the first to the last of the kept responses.
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

/// How fast the context of a session fills on the whole that holds so much now, after so long.
pub(super) fn average_growth(context: ContextWindow, lasted: Duration) -> Option<ContextGrowth> {
    let minutes = lasted.as_secs_f64() / 60.0;
    let tokens_per_minute = (minutes > 0.0 && context.used > 0).then(|| context.used as f64 / minutes)?;
    let full_in = full_in(Some(context), tokens_per_minute);
    Some(ContextGrowth { tokens_per_minute, full_in, grown_at: None, basis: GrowthBasis::WholeSession })
}

fn full_in(context: Option<ContextWindow>, tokens_per_minute: f64) -> Option<Duration> {
    let room = context.map(|context| context.limit as f64 * FULL - context.used as f64)?;
    Duration::try_from_secs_f64(room.max(0.0) / tokens_per_minute * 60.0).ok()
}

/// What an event is to somebody who follows the session, if anything.
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
        EventKind::Waiting => ActivityKind::Waited,
        EventKind::Error(reason) => ActivityKind::Failed(reason.clone()),
        _ => return None,
    })
}

/// A response that ended a turn is worth telling; one that wants a tool is told by the call.
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
    fn a_context_is_full_when_its_growth_says() {
        let mut story = Story::default();
        story.note_context(minute(0), 100_000);
        story.note_context(minute(10), 140_000);
        let context = ContextWindow { used: 140_000, limit: 200_000, source: ContextSource::Table };
        let growth = story.growth(Some(context)).unwrap();
        assert!((growth.tokens_per_minute - 4000.0).abs() < 1e-9);
        assert_eq!(growth.full_in.unwrap().as_secs(), 750);
    }

    /// For five minutes the context has not grown: when it will be full was not told. On the whole it has grown.
    #[test]
    fn a_session_as_a_whole_has_grown() {
        let context = ContextWindow { used: 140_000, limit: 200_000, source: ContextSource::Table };
        let growth = average_growth(context, Duration::from_mins(70)).unwrap();
        assert!((growth.tokens_per_minute - 2000.0).abs() < 1e-9);
        assert_eq!((growth.full_in.unwrap().as_secs(), growth.basis), (1500, GrowthBasis::WholeSession));
        assert_eq!(average_growth(context, Duration::ZERO), None);
    }

    #[test]
    fn when_a_context_grew_last_is_known() {
        let mut story = Story::default();
        for (at, used) in [(0, 100), (1, 200), (2, 200), (3, 180)] {
            story.note_context(minute(at), used);
        }
        assert_eq!(story.growth(None).unwrap().grown_at, Some(minute(1)));
    }

    #[test]
    fn a_context_that_does_not_grow_has_no_growth() {
        let mut story = Story::default();
        story.note_context(minute(0), 100_000);
        assert_eq!(story.growth(None), None);
        story.note_context(minute(5), 100_000);
        assert_eq!(story.growth(None), None);
    }

    #[test]
    fn a_summarised_context_grows_anew() {
        let mut story = Story::default();
        for (at, used) in [(0, 100_000), (5, 180_000), (6, 20_000), (8, 24_000)] {
            story.note_context(minute(at), used);
        }
        assert!((story.growth(None).unwrap().tokens_per_minute - 2000.0).abs() < 1e-9);
    }

    #[test]
    fn the_same_call_in_a_row_is_a_repeat_whatever_it_answers() {
        let mut story = Story::default();
        for kind in [called("ls"), called("make"), ActivityKind::Failed("x".into()), called("make"), called("make")] {
            story.note(None, kind);
        }
        assert_eq!(story.repeats(), 3);
        story.note(None, ActivityKind::Asked(None));
        assert_eq!(story.repeats(), 0);
    }

    /// OpenCode's database is read again whenever it changes: one long call was a loop of five after five changes, and
    /// its agent stalled.
    #[test]
    fn a_call_that_is_read_again_is_no_repeat() {
        let mut story = Story::default();
        let told = [
            (0, ActivityKind::Asked(None)),
            (1, called("ls")),
            (2, ActivityKind::Failed("x".into())),
            (3, called("make")),
        ];
        for _ in 0..5 {
            for (at, kind) in &told {
                story.note(Some(minute(*at)), kind.clone());
            }
        }
        assert_eq!((story.repeats(), deeds(&story).len()), (1, told.len()));
        story.note(Some(minute(4)), called("make"));
        assert_eq!(story.repeats(), 2);
    }

    #[test]
    fn what_is_older_than_all_that_is_kept_stays_forgotten() {
        let mut story = Story::default();
        let kept = i64::try_from(Session::MAX_ACTIVITIES).unwrap();
        for _ in 0..2 {
            for at in 0..2 * kept {
                story.note(Some(minute(at)), called(&at.to_string()));
            }
        }
        let times: Vec<_> = story.happenings().map(|happening| happening.at).collect();
        assert_eq!(times, (kept..2 * kept).map(|at| Some(minute(at))).collect::<Vec<_>>());
        assert_eq!(story.repeats(), 1);
    }

    fn deeds(story: &Story) -> Vec<ActivityKind> {
        story.happenings().map(|happening| happening.kind.clone()).collect()
    }

    #[test]
    fn prose_that_is_still_being_written_is_told_once() {
        let mut story = Story::default();
        for (at, text) in [(1, "I look"), (1, "I look into it."), (2, "Done."), (1, "I look into it.")] {
            story.note(Some(minute(at)), ActivityKind::Said(text.into()));
        }
        assert_eq!(deeds(&story), [ActivityKind::Said("I look into it.".into()), ActivityKind::Said("Done.".into())]);
    }

    #[test]
    fn a_prompt_that_a_hook_and_a_transcript_tell_of_is_one_with_its_words() {
        let second = |n: i64| Some(Timestamp::from_millis(n * 1000));
        let mut story = Story::default();
        for (at, words) in [(10, None), (11, Some("mend it")), (12, None), (13, Some("and that")), (20, None)] {
            story.note(second(at), ActivityKind::Asked(words.map(Untrusted::new)));
        }
        let asked = |words: &str| ActivityKind::Asked(Some(words.into()));
        assert_eq!(deeds(&story), [asked("mend it"), asked("and that"), ActivityKind::Asked(None)]);
    }

    #[test]
    fn only_the_last_things_are_kept() {
        let mut story = Story::default();
        for n in 0..50 {
            story.note(Some(minute(n)), ActivityKind::Asked(None));
        }
        assert_eq!(story.happenings().count(), Session::MAX_ACTIVITIES);
        assert_eq!(story.happenings().last().unwrap().at, Some(minute(49)));
    }
}
