use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Stamp;

/// Tokens in disjoint buckets; `output` includes `reasoning_output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Prompt tokens that no cache took part in.
    pub input: u64,
    /// Prompt tokens from a cache.
    pub cache_read: u64,
    /// Prompt tokens into a cache of five minutes, or of an unknown lifetime.
    pub cache_write_5m: u64,
    /// Prompt tokens into a cache of an hour.
    pub cache_write_1h: u64,
    /// What the model wrote.
    pub output: u64,
    /// The part of it that was reasoning.
    pub reasoning_output: u64,
}

impl Tokens {
    /// The whole prompt.
    pub const fn prompt(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    /// The names of the buckets, as JSON has them, with their values.
    pub const fn buckets(&self) -> [(&'static str, u64); 6] {
        [
            ("input", self.input),
            ("cache_read", self.cache_read),
            ("cache_write_5m", self.cache_write_5m),
            ("cache_write_1h", self.cache_write_1h),
            ("output", self.output),
            ("reasoning_output", self.reasoning_output),
        ]
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write_5m += other.cache_write_5m;
        self.cache_write_1h += other.cache_write_1h;
        self.output += other.output;
        self.reasoning_output += other.reasoning_output;
    }
}

/// The usage of everything that was written, each response once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedUsage {
    responses: BTreeMap<(Date, &'static str, String), (u64, Tokens)>,
    sessions: BTreeMap<&'static str, u64>,
}

impl ExpectedUsage {
    /// Counts a session: a conversation with a user, or a fork of one, but no sub-agent.
    pub fn session(&mut self, client: &'static str) {
        *self.sessions.entry(client).or_default() += 1;
    }

    /// Counts a response.
    pub fn response(&mut self, client: &'static str, model: &str, at: Stamp, tokens: Tokens) {
        self.responses_at_once(client, model, at, (1, tokens));
    }

    /// Counts so many responses that were recorded only as a sum.
    pub fn responses_at_once(
        &mut self,
        client: &'static str,
        model: &str,
        at: Stamp,
        (responses, tokens): (u64, Tokens),
    ) {
        let cell = self.responses.entry((at.day(), client, model.to_owned())).or_default();
        cell.0 += responses;
        cell.1 += tokens;
    }

    /// Adds what another builder wrote.
    pub fn merge(&mut self, other: Self) {
        for (key, (responses, tokens)) in other.responses {
            let cell = self.responses.entry(key).or_default();
            cell.0 += responses;
            cell.1 += tokens;
        }
        for (client, sessions) in other.sessions {
            *self.sessions.entry(client).or_default() += sessions;
        }
    }

    /// The sums of a client.
    pub fn client(&self, client: &str) -> ExpectedOfClient {
        let mut sum =
            ExpectedOfClient { sessions: self.sessions.get(client).copied().unwrap_or(0), ..Default::default() };
        for ((_, _, _), (responses, tokens)) in self.responses.iter().filter(|((_, of, _), _)| *of == client) {
            sum.turns += responses;
            sum.tokens += *tokens;
        }
        sum
    }

    /// The sums of every client.
    pub fn by_client(&self) -> BTreeMap<String, ExpectedOfClient> {
        let of_responses = self.responses.keys().map(|(_, client, _)| *client);
        of_responses
            .chain(self.sessions.keys().copied())
            .map(|client| (client.to_owned(), self.client(client)))
            .collect()
    }

    /// The sums of each day, client and model, in that order.
    pub fn by_day(&self) -> Vec<ExpectedOfDay> {
        let row =
            |((day, client, model), (responses, tokens)): (&(Date, &str, String), &(u64, Tokens))| ExpectedOfDay {
                day: day.to_string(),
                client: (*client).to_owned(),
                model: model.clone(),
                turns: *responses,
                tokens: *tokens,
            };
        self.responses.iter().map(row).collect()
    }
}

/// The sums of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedOfClient {
    /// Sessions, sub-agents not counted.
    pub sessions: u64,
    /// Responses.
    pub turns: u64,
    /// Their tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// The sums of a model on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedOfDay {
    /// The UTC day, as in `2026-04-01`.
    pub day: String,
    /// The client.
    pub client: String,
    /// The model, as the client writes it.
    pub model: String,
    /// Responses.
    pub turns: u64,
    /// Their tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// The `truth.json` beside a home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedUsageFile {
    /// The seed of the home.
    pub seed: u64,
    /// Bytes of the agents' files.
    pub size: u64,
    /// How many files they are.
    pub files: u64,
    /// Sessions of all clients.
    pub sessions: u64,
    /// The sums of each client.
    pub by_client: BTreeMap<String, ExpectedOfClient>,
    /// The sums of each day, client and model, in that order.
    pub by_day: Vec<ExpectedOfDay>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_up_over_days_models_and_builders() {
        let tokens = Tokens { input: 1, cache_read: 2, output: 5, reasoning_output: 3, ..Tokens::default() };
        let mut one = ExpectedUsage::default();
        one.session("claude");
        one.response("claude", "opus", Stamp(0), tokens);
        let mut other = ExpectedUsage::default();
        other.session("claude");
        other.response("claude", "opus", Stamp(1), tokens);
        other.response("claude", "opus", Stamp(crate::DAY), tokens);
        one.merge(other);
        let sum = one.client("claude");
        assert_eq!((sum.sessions, sum.turns, sum.tokens.output, sum.tokens.prompt()), (2, 3, 15, 9));
        let days: Vec<_> = one.by_day().into_iter().map(|row| (row.day, row.turns)).collect();
        assert_eq!(days, [("1970-01-01".to_owned(), 2), ("1970-01-02".to_owned(), 1)]);
    }

    #[test]
    fn the_file_has_flat_rows() {
        let mut expected = ExpectedUsage::default();
        expected.response("codex", "gpt-5.5", Stamp(0), Tokens { input: 7, ..Tokens::default() });
        let row = serde_json::to_string(&expected.by_day()).unwrap();
        assert!(
            row.starts_with(r#"[{"day":"1970-01-01","client":"codex","model":"gpt-5.5","turns":1,"input":7,"#),
            "{row}"
        );
    }
}
