//! What a tool result says about its command.

use memchr::memmem;

/// What a tool result says about its command.
///
/// Tool results are the bulk of many rollouts, and only a few lines matter that Codex puts above a command's output
/// (older versions: a few fields below it). The JSON is scanned as it is, without unescaping megabytes of output. Keys
/// cannot be mistaken for output, because quotes in output are escaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ToolResultSummary {
    /// The command continues under this session number.
    pub(super) running: Option<u64>,
    /// The command ended with this code.
    pub(super) exit_code: Option<i64>,
    /// The tool itself reports a failure.
    pub(super) failed: bool,
}

/// Codex's own lines are within this many bytes of the beginning or the end of a result.
const EDGE_BYTES: usize = 512;

impl ToolResultSummary {
    /// Scans a line that holds a result.
    pub(super) fn of(line: &[u8]) -> Self {
        let Some(start) = memmem::find(line, b"\"output\":") else { return Self::default() };
        let answer = line.get(start..).unwrap_or_default();
        let head = answer.get(..EDGE_BYTES).unwrap_or(answer);
        let tail = answer.get(answer.len().saturating_sub(EDGE_BYTES)..).unwrap_or(answer);
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

    /// The outcome of the call.
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

    fn summary(output: &str) -> ToolResultSummary {
        ToolResultSummary::of(
            format!(r#"{{"payload":{{"type":"function_call_output","call_id":"c","output":{output}}}}}"#).as_bytes(),
        )
    }

    #[test]
    fn the_exit_code_is_read_from_the_header_only() {
        let text = r#""Chunk ID: 1\nProcess exited with code 3\nOutput:\nProcess running with session ID 7\n""#;
        assert_eq!(summary(text), ToolResultSummary { exit_code: Some(3), ..ToolResultSummary::default() });
        assert_eq!(summary(r#""Exit code: 0\nOutput:\nExit code: 1""#).exit_code, Some(0));
        assert_eq!(summary(r#""Process exited with code 3""#), ToolResultSummary::default());
    }

    #[test]
    fn old_shells_put_the_exit_code_below_the_output() {
        let text = |output: &str| {
            format!(r#""{{\"output\":\"{output}\",\"metadata\":{{\"exit_code\":2,\"duration\":0.1}}}}""#)
        };
        assert_eq!(summary(&text("x")).exit_code, Some(2));
        assert_eq!(summary(&text(&"long ".repeat(1000))).exit_code, Some(2));
        assert_eq!(summary(r#""found \"exit_code\":2""#).exit_code, None);
    }

    #[test]
    fn results_are_text_lists_or_objects() {
        assert_eq!(summary(r#"{"content":"no","success":false}"#).outcome(), Err(()));
        assert_eq!(summary(r#"{"content":"\"success\":false","success":true}"#).outcome(), Ok(()));
        let list = r#"[{"type":"input_text","text":"Process running with session ID 9\nOutput:\n"}]"#;
        assert_eq!(summary(list).running, Some(9));
        for odd in ["null", "1", "true", "[]", "{}"] {
            assert_eq!(summary(odd), ToolResultSummary::default(), "{odd}");
        }
    }
}
