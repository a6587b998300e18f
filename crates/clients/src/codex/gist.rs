//! What a tool's answer says about its command.

use memchr::memmem;

/// What an answer says about its command.
///
/// Answers are the bulk of many rollouts, and what matters of them are a few lines that Codex itself puts above a
/// command's output (older versions: a few fields below it). So the JSON is looked at as it stands, without
/// unescaping megabytes of output. Keys cannot be mistaken for output, in which quotes are escaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gist {
    /// The command goes on, and can be written to under this number.
    pub(super) running: Option<u64>,
    /// The command ended with this code.
    pub(super) exit_code: Option<i64>,
    /// The tool itself says that it failed.
    pub(super) failed: bool,
}

/// Codex's own lines are within so many bytes of an answer's beginning, or end.
const EDGE: usize = 512;

impl Gist {
    /// The gist of a line that holds an answer.
    pub(super) fn of(line: &[u8]) -> Self {
        let Some(start) = memmem::find(line, b"\"output\":") else { return Self::default() };
        let answer = line.get(start..).unwrap_or_default();
        let head = answer.get(..EDGE).unwrap_or(answer);
        let tail = answer.get(answer.len().saturating_sub(EDGE)..).unwrap_or(answer);
        let header = memmem::find(head, b"Output:\\n").and_then(|end| head.get(..end)).unwrap_or_default();
        let below = if answer.starts_with(br#""output":"{\"output\":"#) { tail } else { &[] };
        let exit_code = number_after(header, b"Process exited with code ")
            .or_else(|| number_after(header, b"Exit code: "))
            .or_else(|| number_after(below, br#"\"exit_code\":"#));
        Self {
            running: number_after(header, b"Process running with session ID ").and_then(|n| u64::try_from(n).ok()),
            exit_code,
            failed: memmem::find(tail, b"\"success\":false").is_some(),
        }
    }

    /// How the call ended.
    pub(super) fn outcome(self) -> Result<(), ()> {
        if self.failed || self.exit_code.is_some_and(|code| code != 0) { Err(()) } else { Ok(()) }
    }
}

/// The number that follows the last occurrence of a label.
fn number_after(text: &[u8], label: &[u8]) -> Option<i64> {
    let rest = text.get(memmem::rfind(text, label)? + label.len()..)?;
    let end = rest.iter().position(|b| !b.is_ascii_digit() && *b != b'-').unwrap_or(rest.len());
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(output: &str) -> Gist {
        Gist::of(
            format!(r#"{{"payload":{{"type":"function_call_output","call_id":"c","output":{output}}}}}"#).as_bytes(),
        )
    }

    #[test]
    fn the_exit_code_is_read_from_the_header_only() {
        let text = r#""Chunk ID: 1\nProcess exited with code 3\nOutput:\nProcess running with session ID 7\n""#;
        assert_eq!(gist(text), Gist { exit_code: Some(3), ..Gist::default() });
        assert_eq!(gist(r#""Exit code: 0\nOutput:\nExit code: 1""#).exit_code, Some(0));
        assert_eq!(gist(r#""Process exited with code 3""#), Gist::default());
    }

    #[test]
    fn old_shells_put_the_exit_code_below_the_output() {
        let text = |output: &str| {
            format!(r#""{{\"output\":\"{output}\",\"metadata\":{{\"exit_code\":2,\"duration\":0.1}}}}""#)
        };
        assert_eq!(gist(&text("x")).exit_code, Some(2));
        assert_eq!(gist(&text(&"long ".repeat(1000))).exit_code, Some(2));
        assert_eq!(gist(r#""found \"exit_code\":2""#).exit_code, None);
    }

    #[test]
    fn answers_come_as_text_lists_and_objects() {
        assert_eq!(gist(r#"{"content":"no","success":false}"#).outcome(), Err(()));
        assert_eq!(gist(r#"{"content":"\"success\":false","success":true}"#).outcome(), Ok(()));
        let list = r#"[{"type":"input_text","text":"Process running with session ID 9\nOutput:\n"}]"#;
        assert_eq!(gist(list).running, Some(9));
        for odd in ["null", "1", "true", "[]", "{}"] {
            assert_eq!(gist(odd), Gist::default(), "{odd}");
        }
    }
}
