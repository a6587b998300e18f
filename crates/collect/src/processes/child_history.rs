use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use agtop_model::{Agent, ProcId, Timestamp};

use crate::limits::MAX_CLOCK_DIFFERENCE;

/// The last observations of what runs below the agents, to decide whether an agent has run no command for some time.
#[derive(Debug, Default)]
pub(crate) struct ChildHistory(HashMap<ProcId, VecDeque<Observation>>);

/// One observation of an agent's process.
#[derive(Clone, Copy, Debug)]
struct Observation {
    at: Timestamp,
    /// When the youngest of its children started that are no helpers.
    youngest_child: Option<Timestamp>,
}

/// Whether an agent has run no command for so long that a conclusion may be drawn from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandAbsence {
    /// It has run none for that long.
    Confirmed,
    /// A command runs, or ended so recently that its result may not be on disk, or there are too few observations.
    Unconfirmed,
}

/// No command must run for this long: a command that was allowed may just have ended, with its result not yet on disk.
const MIN_ABSENCE: Duration = Duration::from_millis(1500);
/// Observations in quicker succession count as one.
const MIN_OBSERVATION_GAP: Duration = Duration::from_millis(100);
/// For a process that was not observed for that long, the call or record must be this old, with no command in any
/// observation.
const MIN_AGE_IF_NEW: Duration = Duration::from_millis(4500);

impl ChildHistory {
    /// Observes these agents, and forgets all others.
    pub(crate) fn note<'a>(&mut self, agents: impl Iterator<Item = &'a Agent>, at: Timestamp) {
        let mut before = std::mem::take(&mut self.0);
        for agent in agents {
            let mut observations = before.remove(&agent.process.id).unwrap_or_default();
            push(&mut observations, Observation { at, youngest_child: agent.youngest_child });
            self.0.insert(agent.process.id, observations);
        }
    }

    /// Whether no command that started after `since` has run below the process for [`MIN_ABSENCE`], by at least two
    /// observations after `since`. For a process that was not observed for that long (in a one-shot command, or when agtop
    /// has just started), the age of `since` decides.
    pub(crate) fn command_absence(&self, id: ProcId, since: Timestamp, now: Timestamp) -> CommandAbsence {
        let Some(observations) = self.0.get(&id) else { return CommandAbsence::Unconfirmed };
        let (Some(first), Some(last)) = (observations.front(), observations.back()) else {
            return CommandAbsence::Unconfirmed;
        };
        let is_idle = |observation: &&Observation| {
            let runs = observation.youngest_child.is_some_and(|began| began >= since.minus(MAX_CLOCK_DIFFERENCE));
            observation.at >= since && !runs
        };
        let idle = observations.iter().rev().take_while(is_idle);
        let absent_for = idle.clone().last().map_or(Duration::ZERO, |oldest| last.at.since(oldest.at));
        let is_new = last.at.since(first.at) < MIN_ABSENCE;
        let is_old_enough = is_new && idle.count() == observations.len() && now.since(since) >= MIN_AGE_IF_NEW;
        if absent_for >= MIN_ABSENCE || is_old_enough { CommandAbsence::Confirmed } else { CommandAbsence::Unconfirmed }
    }
}

/// Keeps as many observations as cover [`MIN_ABSENCE`].
fn push(observations: &mut VecDeque<Observation>, observation: Observation) {
    match observations.back_mut() {
        // The system clock was set back.
        Some(last) if observation.at < last.at => observations.clear(),
        Some(last) if observation.at.since(last.at) < MIN_OBSERVATION_GAP => {
            last.youngest_child = last.youngest_child.max(observation.youngest_child);
            return;
        }
        _ => {}
    }
    observations.push_back(observation);
    while observations.get(1).is_some_and(|second| observation.at.since(second.at) >= MIN_ABSENCE) {
        observations.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ProcId = ProcId { pid: 7, started: 1 };
    const CALLED: Timestamp = Timestamp::from_millis(1_795_264_200_000);

    fn after(millis: u64) -> Timestamp {
        CALLED.plus(Duration::from_millis(millis))
    }

    /// Observations at these times after a call at [`CALLED`], each with the start of a command that ran then, if any.
    fn history(seen: &[(u64, Option<u64>)]) -> ChildHistory {
        let mut history = VecDeque::new();
        for &(at, child) in seen {
            push(&mut history, Observation { at: after(at), youngest_child: child.map(after) });
        }
        ChildHistory(HashMap::from([(ID, history)]))
    }

    fn is_absent(seen: &[(u64, Option<u64>)]) -> bool {
        let now = after(seen.last().unwrap().0);
        history(seen).command_absence(ID, CALLED, now) == CommandAbsence::Confirmed
    }

    /// A command that was allowed ran for ten seconds and ended; its result was on disk a moment later. The sample in
    /// between once reported `needs_permission`.
    #[test]
    fn a_command_that_has_just_ended_does_not_confirm_a_wait() {
        let ran = Some(1000);
        assert!(!is_absent(&[(2000, ran), (4000, ran), (10_000, ran), (12_000, None)]));
        assert!(is_absent(&[(2000, ran), (4000, ran), (10_000, ran), (12_000, None), (14_000, None)]));
        assert!(!is_absent(&[(10_000, ran), (10_500, None), (11_000, None)]), "observations must cover 1.5 s");
        assert!(is_absent(&[(10_000, ran), (10_500, None), (11_000, None), (11_500, None), (12_000, None)]));
        assert!(!is_absent(&[(12_000, None), (14_000, None), (16_000, ran)]), "the call was allowed");
    }

    /// With ten seconds between observations, a command may run and end unseen between two of them.
    #[test]
    fn an_observation_before_the_call_does_not_count() {
        let seen = history(&[(0, None), (10_000, None)]);
        assert_eq!(seen.command_absence(ID, after(500), after(10_000)), CommandAbsence::Unconfirmed);
        assert_eq!(seen.command_absence(ID, CALLED, after(10_000)), CommandAbsence::Confirmed);
    }

    /// A one-shot command observes twice, a tenth of a second apart: the age of the call decides.
    #[test]
    fn a_one_shot_command_decides_by_the_age_of_the_call() {
        assert!(!is_absent(&[(4300, None), (4400, None)]));
        assert!(is_absent(&[(4400, None), (4500, None)]));
        assert!(!is_absent(&[(10_000, Some(1000)), (10_100, None)]), "ended between the two observations");
        let unknown = ProcId { pid: 9, started: 1 };
        assert_eq!(
            history(&[]).command_absence(unknown, CALLED, after(10_000)),
            CommandAbsence::Unconfirmed,
            "never observed"
        );
    }

    #[test]
    fn few_observations_are_kept_and_a_clock_set_back_clears_them() {
        let mut history = VecDeque::new();
        for n in 0..10_000 {
            push(&mut history, Observation { at: after(n * 10), youngest_child: None });
        }
        assert!(history.len() <= 17, "{}", history.len());
        push(&mut history, Observation { at: CALLED, youngest_child: None });
        assert_eq!(history.len(), 1);
    }
}
