//! `agtop hook`: agents call it at their events. It must be quick and silent, and must never fail: `main` runs it
//! before anything else, and it needs neither a configuration nor prices.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use agtop_hooks::{Frame, FrameHeader, HookDirs, PayloadPolicy, send, send_now};
use agtop_model::ClientId;

use crate::config::payload_policy;
use crate::paths::default_config_file;

/// Of a longer payload only the first part is used.
const MAX_PAYLOAD_BYTES: u64 = 16 * 1024 * 1024;
/// The rest of a longer payload is read up to this limit and discarded: an agent may fail if nobody reads what it
/// writes.
const MAX_DISCARDED_BYTES: u64 = 64 * 1024 * 1024;
/// The client, if the settings do not name one: agtop 2 wrote hooks without it, for Claude Code only.
const DEFAULT_CLIENT: &str = "claude";
/// The shells and wrappers between an agent and its hook are fewer.
const MAX_ANCESTORS: usize = 16;

/// Whether `hook` is the first word of the command line, as in the settings of agents.
pub(crate) fn is_called() -> bool {
    std::env::args_os().nth(1).is_some_and(|word| word == "hook")
}

/// Delivers an event. The exit code is 0 in any case: the agent must go on.
pub(crate) fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(deliver);
    ExitCode::SUCCESS
}

fn deliver() {
    let HookCall { client, payload } = HookCall::parse(std::env::args().skip(2));
    let Some(payload) = payload.map(String::into_bytes).or_else(read_payload) else { return };
    if payload.is_empty() {
        return;
    }
    send(&hook_dirs(), Frame { header: header(client), payload }, configured_policy);
}

/// Sends an event to an agtop that listens now. Nothing happens if there is none.
pub(super) fn send_to_listener(client: ClientId, payload: &serde_json::Value) {
    let header = header(client.as_str().to_owned());
    send_now(&hook_dirs(), Frame { header, payload: payload.to_string().into_bytes() });
}

fn header(client: String) -> FrameHeader {
    FrameHeader {
        client,
        at: now_millis(),
        pid: std::process::id(),
        ancestors: agtop_os::ancestors(MAX_ANCESTORS),
        tag: std::env::var("AGTOP_TAG").ok(),
        ..FrameHeader::default()
    }
}

/// Whether message text may be spooled. This reads the configuration, and is asked only if nobody listens.
fn configured_policy() -> PayloadPolicy {
    default_config_file().map_or(PayloadPolicy::Drop, |path| payload_policy(&path))
}

fn hook_dirs() -> HookDirs {
    let (runtime, home) = (std::env::var_os("XDG_RUNTIME_DIR"), std::env::home_dir());
    HookDirs::new(runtime.as_deref().map(Path::new), home.as_deref())
}

/// The command line. Unknown words are skipped, since the settings may be newer than this agtop.
#[derive(Debug, PartialEq, Eq)]
struct HookCall {
    client: String,
    /// The payload, if the client passes it as an argument.
    payload: Option<String>,
}

impl HookCall {
    fn parse(mut words: impl Iterator<Item = String>) -> Self {
        let mut call = Self { client: DEFAULT_CLIENT.to_owned(), payload: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--client" => call.client = words.next().unwrap_or_default(),
                _ if word.starts_with('{') => call.payload = Some(word),
                _ => {}
            }
        }
        call
    }
}

/// The payload on standard input; `None` on a terminal.
fn read_payload() -> Option<Vec<u8>> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return None;
    }
    let mut payload = Vec::new();
    let length = input.by_ref().take(MAX_PAYLOAD_BYTES).read_to_end(&mut payload).ok()?;
    if length as u64 >= MAX_PAYLOAD_BYTES {
        let _ = std::io::copy(&mut input.take(MAX_DISCARDED_BYTES), &mut std::io::sink());
    }
    Some(payload)
}

fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> (String, Option<String>) {
        let HookCall { client, payload } = HookCall::parse(words.iter().map(|word| (*word).to_owned()));
        (client, payload)
    }

    #[test]
    fn any_command_line_is_accepted() {
        assert_eq!(parse(&[]), ("claude".into(), None));
        assert_eq!(parse(&["--client", "codex", "{}"]), ("codex".into(), Some("{}".into())));
        assert_eq!(parse(&["--new", "thing", "--client"]), (String::new(), None));
    }
}
