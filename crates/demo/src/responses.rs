//! The responses of a session of the demo, for its explanation.

use std::time::Duration;

use agtop_model::{PicoUsd, Session, Timestamp, Usage};

use crate::catalog::{CLAUDE_MODEL, MODELS};

/// A response of a session.
#[derive(Clone, Debug)]
pub struct DemoResponse {
    /// When it ended.
    pub at: Timestamp,
    /// What it used.
    pub usage: Usage,
    /// What a token of input, cache read, cache write and output costs.
    pub rates: [PicoUsd; 4],
}

impl DemoResponse {
    /// The tokens of each bucket that has some, with its name and the price of one.
    pub fn buckets(&self) -> impl Iterator<Item = (&'static str, u64, PicoUsd)> {
        let usage = &self.usage;
        let tokens = [usage.input, usage.cache_read, usage.cache_write(), usage.output];
        let names = ["input", "cache_read", "cache_write_5m", "output"];
        let all = names.into_iter().zip(tokens).zip(self.rates);
        all.map(|((name, tokens), rate)| (name, tokens, rate)).filter(|(_, tokens, _)| *tokens > 0)
    }
}

/// The responses of the session, which add up to its usage and its cost, the oldest first.
pub fn responses(session: &Session) -> Vec<DemoResponse> {
    let model = session.model.as_deref().unwrap_or_default();
    let model = MODELS.iter().find(|known| known.model == model).copied().unwrap_or(CLAUDE_MODEL);
    let rates = model.rates.map(|rate| PicoUsd::new(rate * 1_000));
    let (first, last) = (session.started, session.last_active);
    let (first, last) = (first.or(last).unwrap_or(Timestamp::EARLIEST), last.unwrap_or(Timestamp::EARLIEST));
    let count = session.turns.max(1);
    let of = |total: u64, at: u64| if at + 1 == count { total - total / count * (count - 1) } else { total / count };
    let all = session.usage;
    let response = |at: u64| DemoResponse {
        at: first.plus(share(last.since(first), at + 1, count)),
        usage: Usage {
            input: of(all.input, at),
            cache_read: of(all.cache_read, at),
            cache_write_5m: of(all.cache_write(), at),
            output: of(all.output, at),
            reasoning: of(all.reasoning, at),
            ..Usage::default()
        },
        rates,
    };
    (0..count).map(response).collect()
}

fn share(span: Duration, part: u64, whole: u64) -> Duration {
    Duration::from_secs_f64(span.as_secs_f64() * part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_responses_of_a_session_add_up_to_its_figures() {
        for session in crate::crowd(14, 60).sessions.iter() {
            let all = responses(session);
            let usage: Usage = all.iter().map(|response| response.usage).sum();
            assert_eq!(usage, session.usage);
            let mut cost = PicoUsd::ZERO;
            for (_, tokens, rate) in all.iter().flat_map(DemoResponse::buckets) {
                cost += rate.times(tokens);
            }
            assert_eq!((cost, all.len() as u64), (session.spend.amount, session.turns));
            assert!(all.is_sorted_by_key(|response| response.at));
        }
    }
}
