use std::io;

use crate::codex::{Edition, Inherits, Opening, Rollout};
use crate::{ExpectedUsage, Filler, Home, MINUTE, Rng, SECOND, Stamp};

use super::plan::{PROJECTS, Plan, Profile, some_tokens_without_writes};
use super::sizes::Sizes;

/// Threads that the user started in a home of a gigabyte, and their bytes; forks and agents come on top.
const THREADS: (u64, u64) = (220, 262_000_000);

const MODELS: [&str; 5] = ["gpt-5.5", "gpt-5.5", "gpt-5.4", "gpt-5.3-codex", "gpt-5.4-mini"];

/// Threads above this many bytes are neither forked nor do they spawn agents with their history.
const LARGE: u64 = 400_000;

pub(super) fn write(home: &Home, plan: &Plan, mut rng: Rng) -> io::Result<ExpectedUsage> {
    let mut expected = ExpectedUsage::default();
    let sizes = Sizes::spread(plan.count(THREADS.0), plan.scaled(THREADS.1), &mut rng);
    let (is_mixed, largest) = (plan.profile == Profile::Mixed, sizes.of_largest_hundredth());
    for size in sizes {
        let plan = &plan.for_session(&mut rng);
        let clock = Plan::some_time(&mut rng, Plan::room(size));
        let age = Plan::age_per_mille(clock.now());
        let is_classic = plan.profile == Profile::Heavy && age < 500;
        let edition = if is_classic { Edition::Classic } else { Edition::Current };
        let opening = Opening { cwd: rng.pick(&PROJECTS), edition, clock, rng: rng.split() };
        let mut rollout = Rollout::start(home, opening)?;
        let mut conversation = Conversation { plan, context: 9_000, began: rollout.clock.now() };
        rollout.count_nothing()?;
        conversation.until(&mut rollout, size / 2)?;
        if is_mixed && size >= largest {
            // A newline inside a string breaks the line in two, of which neither is JSON.
            let sealed = Filler::blob(&mut rollout.rng, 600);
            rollout.reasoning(&format!("{sealed}\n{sealed}"))?;
        }
        if size < LARGE && rng.per_mille(250) {
            let mut other = match rng.below(3) {
                0 => rollout.fork()?,
                1 => rollout.spawn(Inherits::Nothing)?,
                _ => rollout.spawn(Inherits::History)?,
            };
            let more = other.written() + size / 2;
            Conversation { plan, ..conversation }.until(&mut other, more)?;
            expected.merge(other.finish()?);
        }
        conversation.until(&mut rollout, size)?;
        expected.merge(match rng.below(25) {
            0 => rollout.tear()?,
            1..=3 if age < 700 => rollout.archive()?,
            _ => rollout.finish()?,
        });
    }
    Ok(expected)
}

/// A conversation under way.
struct Conversation<'p> {
    plan: &'p Plan,
    /// How much of the prompt comes from the cache.
    context: u64,
    began: Stamp,
}

impl Conversation<'_> {
    /// Continues until the rollout has so many bytes.
    fn until(&mut self, rollout: &mut Rollout<'_>, size: u64) -> io::Result<()> {
        loop {
            self.exchange(rollout, size)?;
            if rollout.written() >= size {
                return Ok(());
            }
        }
    }

    /// A turn: a prompt and everything up to the final words. The model may be another one each time.
    fn exchange(&mut self, rollout: &mut Rollout<'_>, size: u64) -> io::Result<()> {
        self.wait(rollout, 4 * MINUTE);
        let (model, prompt) = (rollout.rng.pick(&MODELS), Filler::prose(&mut rollout.rng, 120));
        rollout.begin_turn(model, prompt)?;
        for _ in 0..rollout.rng.between(2, 12) {
            if rollout.written() >= size {
                break;
            }
            self.step(rollout, size)?;
        }
        self.wait(rollout, 10 * SECOND);
        let text = Filler::prose(&mut rollout.rng, 500);
        rollout.message(text)?;
        self.usage(rollout)?;
        if self.context > 230_000 {
            self.context = 12_000;
            rollout.overflow()?;
        }
        rollout.end_turn(text)
    }

    fn step(&mut self, rollout: &mut Rollout<'_>, size: u64) -> io::Result<()> {
        self.wait(rollout, 12 * SECOND);
        let sealed = rollout.rng.log_normal(1_200.0, 0.6);
        let sealed = Filler::blob(&mut rollout.rng, sealed);
        rollout.reasoning(sealed)?;
        let word = rollout.rng.letters(6);
        let call = rollout.call(&format!(r#"{{\"cmd\":\"rg -n {word} src\"}}"#))?;
        let bytes = self.plan.result_size(&mut rollout.rng, 500 + size / 3) * 2;
        let text = Filler::output(&mut rollout.rng, bytes);
        rollout.output(&call, text)?;
        self.usage(rollout)
    }

    /// The usage of a response, and the events that repeat it.
    fn usage(&mut self, rollout: &mut Rollout<'_>) -> io::Result<()> {
        let tokens = some_tokens_without_writes(&mut rollout.rng, self.context);
        self.context = tokens.prompt();
        rollout.used(tokens)?;
        rollout.count()?;
        match rollout.rng.below(40) {
            0 => rollout.count_nothing(),
            1..=3 => {
                self.wait(rollout, 2 * SECOND);
                rollout.count()
            }
            _ => Ok(()),
        }
    }

    fn wait(&self, rollout: &mut Rollout<'_>, most: i64) {
        Plan::pause(&mut rollout.clock, &mut rollout.rng, self.began, most);
    }
}
