use std::time::Duration;

use crate::Timestamp;

/// How much the length of a session weighs on it: four parts that add up to at most 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// How full the context is: 40 for a full one.
    pub fill: f64,
    /// How much more often something fails than before: 20 if one thing more does with each response.
    pub errors: f64,
    /// How much shorter responses have become: 20 if nothing is left of them.
    pub output: f64,
    /// How often the same call was made in a row: 20 from five times on.
    pub repeats: f64,
    /// The moment from which on it is not known any more: what it is made of is kept nowhere but in transcripts, which are
    /// read for the last day alone.
    pub known_until: Timestamp,
}

/// What a session's decay is made of.
#[derive(Clone, Copy, Debug)]
pub struct DecayFacts<'a> {
    /// How full the context is, in percent.
    pub fill_percent: f64,
    /// The last responses.
    pub responses: &'a RecentResponses,
    /// When requests and tool calls failed.
    pub failures: &'a [Timestamp],
    /// How often the same call was made in a row.
    pub repeats: u32,
}

/// The last responses of a session: when each came, and how many tokens it wrote.
#[derive(Clone, Debug, Default)]
pub struct RecentResponses(Vec<(Timestamp, u64)>);

impl RecentResponses {
    /// Notes a response, in whatever order.
    pub fn note(&mut self, at: Timestamp, output: u64) {
        let place = self.0.partition_point(|known| *known <= (at, output));
        if self.0.len() < MAX_RESPONSES {
            self.0.insert(place, (at, output));
        } else if let Some(place) = place.checked_sub(1) {
            self.0[..=place].rotate_left(1);
            self.0[place] = (at, output);
        }
    }
}

impl FromIterator<(Timestamp, u64)> for RecentResponses {
    fn from_iter<I: IntoIterator<Item = (Timestamp, u64)>>(responses: I) -> Self {
        let mut recent = Self::default();
        for (at, output) in responses {
            recent.note(at, output);
        }
        recent
    }
}

/// Parts of the score. agentop weighs the fill with 40 and leaves the others open: they share the rest.
const MAX_FILL_POINTS: f64 = 40.0;
const MAX_ERROR_POINTS: f64 = 20.0;
const MAX_OUTPUT_POINTS: f64 = 20.0;
const MAX_REPEAT_POINTS: f64 = 20.0;
/// This many identical calls are a loop.
const LOOP_CALLS: u32 = 5;
/// No more responses than these are compared, the newer half with the older one, ...
const MAX_RESPONSES: usize = 24;
/// ... and not fewer: of so few nothing can be said.
const MIN_RESPONSES: usize = 8;
/// Nor any that are older, counted from the last one.
const COMPARED_SPAN: Duration = Duration::from_hours(1);
/// Since [`COMPARED_SPAN`] lies within a day, as long as the last response is younger.
const MAX_AGE: Duration = Duration::from_hours(23);

impl Decay {
    /// Of these facts, whatever their order; `None` without a response, and of a session whose last response is so old that
    /// not every run knows the same of it.
    pub fn of(facts: DecayFacts<'_>, now: Timestamp) -> Option<Self> {
        let responses = &facts.responses.0;
        let (last, _) = *responses.last()?;
        let known_until = last.plus(MAX_AGE);
        if now > known_until {
            return None;
        }
        let recent = &responses[responses.partition_point(|(at, _)| last.since(*at) > COMPARED_SPAN)..];
        let (errors, output) = halves(recent).map_or((0.0, 0.0), |(older, newer)| {
            (failing(newer, facts.failures) - failing(older, facts.failures), shortening(older, newer))
        });
        let repeats = f64::from(facts.repeats.saturating_sub(1)) / f64::from(LOOP_CALLS - 1);
        let part = |weight: f64, share: f64| if share.is_finite() { weight * share.clamp(0.0, 1.0) } else { 0.0 };
        Some(Self {
            fill: part(MAX_FILL_POINTS, facts.fill_percent / 100.0),
            errors: part(MAX_ERROR_POINTS, errors),
            output: part(MAX_OUTPUT_POINTS, output),
            repeats: part(MAX_REPEAT_POINTS, repeats),
            known_until,
        })
    }

    /// All parts together, 0 to 100.
    pub fn score(&self) -> u8 {
        let sum = self.fill + self.errors + self.output + self.repeats;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100")]
        let score = sum.round().clamp(0.0, 100.0) as u8;
        score
    }
}

type Responses = [(Timestamp, u64)];

fn halves(responses: &Responses) -> Option<(&Responses, &Responses)> {
    (responses.len() >= MIN_RESPONSES).then(|| responses.split_at(responses.len() / 2))
}

/// Failures for each response, in the time that these took.
fn failing(responses: &Responses, failures: &[Timestamp]) -> f64 {
    let (Some((first, _)), Some((last, _))) = (responses.first(), responses.last()) else { return 0.0 };
    let failed = failures.iter().filter(|at| (first..=last).contains(at)).count();
    failed as f64 / responses.len() as f64
}

/// By what share the newer responses are shorter.
fn shortening(older: &Responses, newer: &Responses) -> f64 {
    let mean = |responses: &Responses| {
        responses.iter().map(|(_, output)| *output as f64).sum::<f64>() / responses.len() as f64
    };
    if mean(older) > 0.0 { 1.0 - mean(newer) / mean(older) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_264_200_000);

    fn ago(minutes: u64) -> Timestamp {
        NOW.minus(Duration::from_mins(minutes))
    }

    /// Ten responses, a minute apart, that wrote so much, the last one a minute ago.
    fn responses(outputs: [u64; 10]) -> RecentResponses {
        outputs.into_iter().zip((1..=10).rev()).map(|(output, minutes)| (ago(minutes), output)).collect()
    }

    fn decay(outputs: [u64; 10], failures: &[u64], repeats: u32) -> Decay {
        let failures: Vec<Timestamp> = failures.iter().map(|minutes| ago(*minutes)).collect();
        let facts = DecayFacts { fill_percent: 50.0, responses: &responses(outputs), failures: &failures, repeats };
        Decay::of(facts, NOW).unwrap()
    }

    fn parts(decay: Decay) -> String {
        format!("{:.1} {:.1} {:.1} {:.1}", decay.fill, decay.errors, decay.output, decay.repeats)
    }

    /// The score was the fill alone, so that a session that fails, says less and less and goes round in circles was as well
    /// as one that does not.
    #[test]
    fn each_of_the_four_parts_counts() {
        assert_eq!(parts(decay([100; 10], &[], 0)), "20.0 0.0 0.0 0.0");
        assert_eq!(parts(decay([100; 10], &[1, 2, 3, 4, 5], 1)), "20.0 20.0 0.0 0.0");
        assert_eq!(parts(decay([100; 10], &[6, 7, 8, 9, 10], 1)), "20.0 0.0 0.0 0.0", "fewer than before");
        let shorter = [100, 100, 100, 100, 100, 25, 25, 25, 25, 25];
        assert_eq!(parts(decay(shorter, &[], 3)), "20.0 0.0 15.0 10.0");
        assert_eq!(decay(shorter, &[1, 2, 3, 4, 5], 9).score(), 20 + 20 + 15 + 20);
    }

    #[test]
    fn of_few_responses_only_fill_and_repeats_are_known_and_of_none_nothing() {
        let few = RecentResponses::from_iter([(ago(2), 900), (ago(1), 1)]);
        let facts = DecayFacts { fill_percent: 100.0, responses: &few, failures: &[ago(1)], repeats: 5 };
        assert_eq!(Decay::of(facts, NOW).map(parts), Some("40.0 0.0 0.0 20.0".to_owned()));
        assert_eq!(Decay::of(DecayFacts { responses: &RecentResponses::default(), ..facts }, NOW), None);
        assert_eq!(Decay::of(DecayFacts { fill_percent: f64::NAN, ..facts }, NOW).map(|decay| decay.score()), Some(20));
    }

    /// What was read a day ago is gone in the next run: figures that need it are not given by any run.
    #[test]
    fn it_is_known_for_23_hours() {
        let one = RecentResponses::from_iter([(ago(0), 1)]);
        let facts = DecayFacts { fill_percent: 50.0, responses: &one, failures: &[], repeats: 0 };
        let decay = |hours: u64| Decay::of(facts, NOW.plus(Duration::from_hours(hours)));
        assert!(decay(23).is_some() && decay(24).is_none());
        let old: RecentResponses = [(ago(90), 900); 10].into_iter().chain([(ago(0), 1); 10]).collect();
        let facts = DecayFacts { responses: &old, ..facts };
        assert_eq!(Decay::of(facts, NOW).unwrap().output.to_bits(), 0.0_f64.to_bits(), "the last hour alone");
    }

    #[test]
    fn the_order_of_facts_does_not_matter() {
        let straight = responses([100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
        let turned: RecentResponses = straight.0.iter().rev().copied().collect();
        let facts = DecayFacts { fill_percent: 50.0, responses: &straight, failures: &[], repeats: 0 };
        assert_eq!(Decay::of(facts, NOW), Decay::of(DecayFacts { responses: &turned, ..facts }, NOW));
    }

    #[test]
    fn the_last_responses_are_kept_in_order_whatever_the_order_they_come_in() {
        let all: Vec<(Timestamp, u64)> = (0..60).map(|n| (ago(n * 37 % 60), n)).collect();
        let RecentResponses(kept) = all.iter().copied().collect();
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(kept, sorted[sorted.len() - MAX_RESPONSES..]);
    }
}
