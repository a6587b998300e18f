//! What agents call at their events. It must be quick, silent, and never fail: so it is done before anything else that
//! agtop does when it starts, and needs neither a configuration nor prices.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use agtop_hooks::{Frame, FrameHeader, HookDirs, PayloadPolicy, send, send_now};
use agtop_model::ClientId;

use crate::config::spooled_content;
use crate::plan::config_file;

/// The longest payload of which what agtop uses is looked for to its end. Of a longer one its head is looked at.
const LONGEST: u64 = 16 * 1024 * 1024;
/// How much more is read all the same: an agent may take it ill if nobody reads what it writes.
const PATIENCE: u64 = 64 * 1024 * 1024;
/// Whose hook it is, where the settings do not say: those of the program before this one did not.
const CLIENT: &str = "claude";
/// Shells and wrappers between an agent and its hook are fewer.
const MOST_ANCESTORS: usize = 16;

/// Whether that is what agtop was called for.
pub(crate) fn is_called() -> bool {
    std::env::args_os().nth(1).is_some_and(|word| word == "hook")
}

/// Carries an event, and says nothing of how that went.
pub(crate) fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    // What failed is this event's loss and nobody's concern: the agent goes on.
    let _ = std::panic::catch_unwind(carry);
    ExitCode::SUCCESS
}

fn carry() {
    let Call { client, payload } = Call::parse(std::env::args().skip(2));
    let Some(payload) = payload.map(String::into_bytes).or_else(read) else { return };
    if payload.is_empty() {
        return;
    }
    send(&places(), Frame { header: header(client), payload }, content);
}

/// Tells an agtop that listens, if one does, what is true now.
pub(super) fn tell_now(client: ClientId, payload: &serde_json::Value) {
    send_now(
        &places(),
        Frame { header: header(client.as_str().to_owned()), payload: payload.to_string().into_bytes() },
    );
}

fn header(client: String) -> FrameHeader {
    FrameHeader {
        client,
        at: now(),
        pid: std::process::id(),
        ancestors: agtop_os::ancestors(MOST_ANCESTORS),
        tag: std::env::var("AGTOP_TAG").ok(),
        ..FrameHeader::default()
    }
}

/// Whether what was said may be spooled. Asked only where nobody listens.
fn content() -> PayloadPolicy {
    config_file().map_or(PayloadPolicy::Drop, |path| spooled_content(&path))
}

fn places() -> HookDirs {
    let (runtime, home) = (std::env::var_os("XDG_RUNTIME_DIR"), std::env::home_dir());
    HookDirs::new(runtime.as_deref().map(Path::new), home.as_deref())
}

/// The command line. What is not known is passed over: an older agtop may meet newer settings.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    client: String,
    /// The payload, of clients that give it as an argument.
    payload: Option<String>,
}

impl Call {
    fn parse(mut words: impl Iterator<Item = String>) -> Self {
        let mut call = Self { client: CLIENT.to_owned(), payload: None };
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

fn read() -> Option<Vec<u8>> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return None;
    }
    let mut payload = Vec::new();
    if input.by_ref().take(LONGEST).read_to_end(&mut payload).ok()? >= usize::try_from(LONGEST).unwrap_or(usize::MAX) {
        let _ = std::io::copy(&mut input.take(PATIENCE), &mut std::io::sink());
    }
    Some(payload)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(words: &[&str]) -> (String, Option<String>) {
        let Call { client, payload } = Call::parse(words.iter().map(|word| (*word).to_owned()));
        (client, payload)
    }

    #[test]
    fn the_command_line_is_understood_whatever_is_on_it() {
        assert_eq!(call(&[]), ("claude".into(), None));
        assert_eq!(call(&["--client", "codex", "{}"]), ("codex".into(), Some("{}".into())));
        assert_eq!(call(&["--new", "thing", "--client"]), (String::new(), None));
    }
}
