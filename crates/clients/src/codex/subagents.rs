//! What answers say about sub-agents: `spawn_agent` tells the new one's thread, and `wait_agent` how those do that were
//! waited for. (Seen with 0.169.)

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::bounded;

/// What an answer says about sub-agents.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct News {
    /// The thread of one that was sent off.
    #[serde(rename = "agent_id")]
    pub(super) sent_off: Option<String>,
    /// The threads of those that rest: they are done, have failed, or were ended.
    #[serde(rename = "status", deserialize_with = "resting")]
    pub(super) resting: Vec<String>,
}

/// How a sub-agent does: a word, or an object that holds its last words.
#[derive(Deserialize)]
#[serde(untagged)]
enum State {
    Word(String),
    Other(IgnoredAny),
}

impl News {
    /// What a line says that holds an answer. Few answers do: the others are not looked at.
    pub(super) fn of(line: &[u8]) -> Self {
        const KEY: &[u8] = b"\"output\":";
        const STARTS: [&[u8]; 2] = [br#""{\"agent_id\":"#, br#""{\"status\":{"#];
        let start = memmem::find(line, KEY).map(|at| at + KEY.len());
        let answer = start.and_then(|start| line.get(start..)).unwrap_or_default();
        if !STARTS.iter().any(|start| answer.starts_with(start)) {
            return Self::default();
        }
        let text = Cow::<str>::deserialize(&mut serde_json::Deserializer::from_slice(answer));
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

fn resting<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let states: BTreeMap<String, State> = bounded::map(deserializer)?;
    let is_at_work = |state: &State| matches!(state, State::Word(word) if word == "running" || word == "pending_init");
    Ok(states.into_iter().filter(|(_, state)| !is_at_work(state)).map(|(thread, _)| thread).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(output: &str) -> News {
        let output = serde_json::to_string(output).unwrap();
        News::of(format!(r#"{{"payload":{{"call_id":"c","output":{output},"x":1}}}}"#).as_bytes())
    }

    #[test]
    fn those_that_work_on_do_not_rest() {
        let told = news(
            r#"{"status":{"a":{"completed":"\"b\": done"},"b":"running","c":{"errored":"no"},"d":"shutdown","e":"pending_init"},"timed_out":false}"#,
        );
        assert_eq!(told.resting, ["a", "c", "d"]);
    }

    #[test]
    fn a_new_one_is_known_by_its_thread() {
        assert_eq!(news(r#"{"agent_id":"t-1","nickname":"Ada"}"#).sent_off.as_deref(), Some("t-1"));
    }

    #[test]
    fn other_answers_say_nothing() {
        for output in ["", "agent_id", r#"{"agent_id":7}"#, r#"{"status":{"#, r#"{"status":"ok"}"#, "{\"agent_id\":"] {
            assert_eq!(news(output), News::default(), "{output}");
        }
        assert_eq!(News::of(br#"{"output":["#), News::default());
    }
}
