use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use agtop_model::{Agent, ProcId, Timestamp};

/// When agents' processes were looked at, and what ran below them then: whether something has lasted.
#[derive(Debug, Default)]
pub(crate) struct RecentLooks(HashMap<ProcId, VecDeque<Look>>);

/// One look at a process.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Timestamp,
    /// When the youngest of its children began that are no helpers.
    youngest_child: Option<Timestamp>,
}

/// Whether no command ran for long enough that something may be inferred from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stillness {
    /// For long enough.
    Lasting,
    /// One runs, or ended so lately that its result may not be on disk, or nobody has looked.
    Fresh,
}

/// What is inferred from the absence of a command lasts this long before it is reported: a command that was allowed may
/// have ended, and its result be on its way to the disk.
const MIN_STILL: Duration = Duration::from_millis(1500);
/// Looks that follow each other faster count as one.
const MIN_LOOK_GAP: Duration = Duration::from_millis(100);
/// A call or record this old, and no command at any look so far: what a process that was never looked at before may be
/// judged by.
const MIN_AGE_AT_FIRST_LOOK: Duration = Duration::from_millis(4500);

/// The clock of transcripts and that of process starts differ by this much at most.
pub(crate) const CLOCKS: Duration = Duration::from_secs(2);

impl RecentLooks {
    /// Notes a look at these agents, and forgets all others.
    pub(crate) fn note<'a>(&mut self, agents: impl Iterator<Item = &'a Agent>, at: Timestamp) {
        let mut before = std::mem::take(&mut self.0);
        for agent in agents {
            let mut looks = before.remove(&agent.process.id).unwrap_or_default();
            push(&mut looks, Look { at, youngest_child: agent.youngest_child });
            self.0.insert(agent.process.id, looks);
        }
    }

    /// Whether for [`MIN_STILL`] no command that began after `since` has run below the process, by at least two looks after
    /// `since`. Of a process that was not looked at for so long (in a one-shot, or when agtop has just started), the age of
    /// `since` decides.
    pub(crate) fn stillness(&self, id: ProcId, since: Timestamp, now: Timestamp) -> Stillness {
        let Some(looks) = self.0.get(&id) else { return Stillness::Fresh };
        let (Some(first), Some(last)) = (looks.front(), looks.back()) else { return Stillness::Fresh };
        let is_still = |look: &&Look| {
            let runs = look.youngest_child.is_some_and(|began| began >= since.minus(CLOCKS));
            look.at >= since && !runs
        };
        let still = looks.iter().rev().take_while(is_still);
        let lasted = still.clone().last().map_or(Duration::ZERO, |oldest| last.at.since(oldest.at));
        let is_new = last.at.since(first.at) < MIN_STILL;
        let shows_by_age = is_new && still.count() == looks.len() && now.since(since) >= MIN_AGE_AT_FIRST_LOOK;
        if lasted >= MIN_STILL || shows_by_age { Stillness::Lasting } else { Stillness::Fresh }
    }
}

/// Keeps as many looks as it takes to cover [`MIN_STILL`].
fn push(looks: &mut VecDeque<Look>, look: Look) {
    match looks.back_mut() {
        // The clock was set back.
        Some(last) if look.at < last.at => looks.clear(),
        Some(last) if look.at.since(last.at) < MIN_LOOK_GAP => {
            last.youngest_child = last.youngest_child.max(look.youngest_child);
            return;
        }
        _ => {}
    }
    looks.push_back(look);
    while looks.get(1).is_some_and(|second| look.at.since(second.at) >= MIN_STILL) {
        looks.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ProcId = ProcId { pid: 7, started: 1 };
    const BEGAN: Timestamp = Timestamp::from_millis(1_795_264_200_000);

    fn after(millis: u64) -> Timestamp {
        BEGAN.plus(Duration::from_millis(millis))
    }

    /// Looks at these moments after a call at [`BEGAN`], each with the start of a command that ran then, if one did.
    fn looks(seen: &[(u64, Option<u64>)]) -> RecentLooks {
        let mut kept = VecDeque::new();
        for &(at, child) in seen {
            push(&mut kept, Look { at: after(at), youngest_child: child.map(after) });
        }
        RecentLooks(HashMap::from([(ID, kept)]))
    }

    fn are_still(seen: &[(u64, Option<u64>)]) -> bool {
        let now = after(seen.last().unwrap().0);
        looks(seen).stillness(ID, BEGAN, now) == Stillness::Lasting
    }

    /// A command that was allowed ran for ten seconds and ended; its result was on disk a moment later. The look between
    /// reported `needs_permission` for one sample.
    #[test]
    fn a_command_that_has_just_ended_is_no_wait() {
        let ran = Some(1000);
        assert!(!are_still(&[(2000, ran), (4000, ran), (10_000, ran), (12_000, None)]));
        assert!(are_still(&[(2000, ran), (4000, ran), (10_000, ran), (12_000, None), (14_000, None)]));
        assert!(!are_still(&[(10_000, ran), (10_500, None), (11_000, None)]), "quick looks must cover 1.5 s");
        assert!(are_still(&[(10_000, ran), (10_500, None), (11_000, None), (11_500, None), (12_000, None)]));
        assert!(!are_still(&[(12_000, None), (14_000, None), (16_000, ran)]), "allowed at last");
    }

    /// With ten seconds between looks, a command may run and end unseen between two of them.
    #[test]
    fn a_look_before_the_call_proves_nothing() {
        let seen = looks(&[(0, None), (10_000, None)]);
        assert_eq!(seen.stillness(ID, after(500), after(10_000)), Stillness::Fresh);
        assert_eq!(seen.stillness(ID, BEGAN, after(10_000)), Stillness::Lasting);
    }

    /// A one-shot looks twice, a tenth of a second apart: what it may infer depends on the age of the call.
    #[test]
    fn a_one_shot_judges_by_age() {
        assert!(!are_still(&[(4300, None), (4400, None)]));
        assert!(are_still(&[(4400, None), (4500, None)]));
        assert!(!are_still(&[(10_000, Some(1000)), (10_100, None)]), "ended between the two looks");
        let stranger = ProcId { pid: 9, started: 1 };
        assert_eq!(looks(&[]).stillness(stranger, BEGAN, after(10_000)), Stillness::Fresh, "never looked at");
    }

    #[test]
    fn few_looks_are_kept_and_a_clock_that_is_set_back_starts_again() {
        let mut kept = VecDeque::new();
        for n in 0..10_000 {
            push(&mut kept, Look { at: after(n * 10), youngest_child: None });
        }
        assert!(kept.len() <= 17, "{}", kept.len());
        push(&mut kept, Look { at: BEGAN, youngest_child: None });
        assert_eq!(kept.len(), 1);
    }
}
