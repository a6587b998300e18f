//! What tool results say about sub-agents: `spawn_agent` returns the new thread, and `wait_agent` the state of the
//! threads that were waited for. (Seen with 0.169.)

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::bounded;

/// What a tool result says about sub-agents.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct SubagentReport {
    /// The thread of a started sub-agent.
    #[serde(rename = "agent_id")]
    pub(super) started_thread: Option<String>,
    /// The threads of sub-agents that do not run any more: done, failed or ended.
    #[serde(rename = "status", deserialize_with = "finished_threads")]
    pub(super) finished_threads: Vec<String>,
}

/// The state of a sub-agent: a word, or an object with its last message.
#[derive(Deserialize)]
#[serde(untagged)]
enum State {
    Word(String),
    Other(IgnoredAny),
}

impl SubagentReport {
    /// Reads a line that holds a tool result. Few results are about sub-agents: the others are not parsed.
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

fn finished_threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let states: BTreeMap<String, State> = bounded::map(deserializer)?;
    let is_at_work = |state: &State| matches!(state, State::Word(word) if word == "running" || word == "pending_init");
    Ok(states.into_iter().filter(|(_, state)| !is_at_work(state)).map(|(thread, _)| thread).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subagents(output: &str) -> SubagentReport {
        let output = serde_json::to_string(output).unwrap();
        SubagentReport::of(format!(r#"{{"payload":{{"call_id":"c","output":{output},"x":1}}}}"#).as_bytes())
    }

    #[test]
    fn running_sub_agents_are_not_finished() {
        let decoded = subagents(
            r#"{"status":{"a":{"completed":"\"b\": done"},"b":"running","c":{"errored":"no"},"d":"shutdown","e":"pending_init"},"timed_out":false}"#,
        );
        assert_eq!(decoded.finished_threads, ["a", "c", "d"]);
    }

    #[test]
    fn a_new_sub_agent_is_identified_by_its_thread() {
        assert_eq!(subagents(r#"{"agent_id":"t-1","nickname":"Ada"}"#).started_thread.as_deref(), Some("t-1"));
    }

    #[test]
    fn other_results_are_ignored() {
        for output in ["", "agent_id", r#"{"agent_id":7}"#, r#"{"status":{"#, r#"{"status":"ok"}"#, "{\"agent_id\":"] {
            assert_eq!(subagents(output), SubagentReport::default(), "{output}");
        }
        assert_eq!(SubagentReport::of(br#"{"output":["#), SubagentReport::default());
    }
}
