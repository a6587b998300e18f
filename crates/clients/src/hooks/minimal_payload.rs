//! The part of a payload that agtop uses: event, time, session, tool and tool call, duration, and kind of failure. It
//! contains no message text, no tool input and no tool output.
//!
//! It is extracted from the bytes without parsing them as a whole, so that it can be taken from a truncated payload
//! too.

use memchr::memchr2;

/// Which values of a field are kept.
#[derive(Clone, Copy)]
enum KeptValue {
    /// A text of at most this many bytes: a name, an id, a directory.
    Text(usize),
    /// A text that is a single word, such as a kind. Longer text may quote the conversation.
    Word,
    /// A number, or a short text such as a time.
    Number,
    /// An object, with these fields.
    Fields(Fields),
}

type Fields = &'static [(&'static str, KeptValue)];

/// The fields that [`super::payload`] reads.
const KEPT_FIELDS: Fields = &[
    ("hook_event_name", KeptValue::Text(MAX_NAME_BYTES)),
    ("type", KeptValue::Text(MAX_NAME_BYTES)),
    ("session_id", KeptValue::Text(MAX_NAME_BYTES)),
    ("sessionId", KeptValue::Text(MAX_NAME_BYTES)),
    ("thread-id", KeptValue::Text(MAX_NAME_BYTES)),
    ("agent_id", KeptValue::Text(MAX_NAME_BYTES)),
    ("agent_type", KeptValue::Text(MAX_NAME_BYTES)),
    ("cwd", KeptValue::Text(MAX_PATH_BYTES)),
    ("new_cwd", KeptValue::Text(MAX_PATH_BYTES)),
    ("model", KeptValue::Text(MAX_NAME_BYTES)),
    ("tool_name", KeptValue::Text(MAX_NAME_BYTES)),
    ("tool_use_id", KeptValue::Text(MAX_NAME_BYTES)),
    ("timestamp", KeptValue::Number),
    ("duration_ms", KeptValue::Number),
    ("notification_type", KeptValue::Word),
    ("error", KeptValue::Word),
    ("source", KeptValue::Word),
    ("context_window", KeptValue::Fields(&[("size", KeptValue::Number), ("used", KeptValue::Number)])),
    ("details", KeptValue::Fields(&[("type", KeptValue::Word)])),
    ("tool_input", KeptValue::Fields(&[("subagent_type", KeptValue::Word)])),
    ("tool_response", KeptValue::Fields(&[("status", KeptValue::Word)])),
];

const MAX_NAME_BYTES: usize = 600;
const MAX_PATH_BYTES: usize = 8192;
/// Maximum length of a word and of a time, in bytes.
const MAX_WORD_BYTES: usize = 64;

/// The part of a payload that agtop uses, as a JSON object with the same fields. Empty if the payload is not an object.
pub fn minimal_payload(payload: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    if Scan(payload).object(KEPT_FIELDS, &mut found).is_none() {
        // The payload is truncated or damaged from here on: the fields before are kept.
        if found.is_empty() {
            return found;
        }
        found.push(b'}');
    }
    found
}

/// The rest of the JSON.
struct Scan<'a>(&'a [u8]);

impl<'a> Scan<'a> {
    /// Reads an object and writes the fields that are kept. `None` if the object is incomplete.
    fn object(&mut self, fields: Fields, out: &mut Vec<u8>) -> Option<()> {
        self.expect(b'{')?;
        out.push(b'{');
        let begun = out.len();
        loop {
            match self.next()? {
                b'}' => break,
                b',' => self.skip(1),
                _ => self.field(fields, begun, out)?,
            }
        }
        self.skip(1);
        out.push(b'}');
        Some(())
    }

    fn field(&mut self, fields: Fields, begun: usize, out: &mut Vec<u8>) -> Option<()> {
        let name = self.text()?;
        self.expect(b':')?;
        let value = self.value()?;
        let keep = fields.iter().find(|(known, _)| quotes(name, known)).map(|(_, keep)| *keep);
        if let Some(kept) = keep.and_then(|keep| keep.of(value)) {
            if out.len() > begun {
                out.push(b',');
            }
            out.extend_from_slice(name);
            out.push(b':');
            out.extend_from_slice(&kept);
        }
        Some(())
    }

    /// Any complete value.
    fn value(&mut self) -> Option<&'a [u8]> {
        match self.next()? {
            b'"' => self.text(),
            b'{' | b'[' => self.nested(),
            _ => {
                let end = self.0.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                Some(self.take(end).trim_ascii_end())
            }
        }
    }

    /// A string with its quotes.
    fn text(&mut self) -> Option<&'a [u8]> {
        if self.next()? != b'"' {
            return None;
        }
        let mut end = 1;
        loop {
            let found = end + memchr2(b'"', b'\\', self.0.get(end..)?)?;
            match self.0.get(found) {
                Some(b'"') => return Some(self.take(found + 1)),
                _ => end = found + 2,
            }
        }
    }

    /// An object or array with everything in it, at any depth.
    fn nested(&mut self) -> Option<&'a [u8]> {
        let whole = self.0;
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                b'"' => drop(self.text()?),
                b'{' | b'[' => {
                    depth += 1;
                    self.skip(1);
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.skip(1);
                    if depth == 0 {
                        return whole.get(..whole.len() - self.0.len());
                    }
                }
                _ => self.skip(1),
            }
        }
    }

    /// The first byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        self.0 = self.0.trim_ascii_start();
        self.0.first().copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.skip(1))
    }

    fn skip(&mut self, length: usize) {
        self.0 = self.0.get(length..).unwrap_or_default();
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}

impl KeptValue {
    /// The value, if it is kept.
    fn of(self, value: &[u8]) -> Option<Vec<u8>> {
        let text = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        let is_kept = match self {
            Self::Text(most) => text.is_some_and(|text| text.len() <= most),
            Self::Word => text.is_some_and(|text| text.len() <= MAX_WORD_BYTES && text.iter().copied().all(is_of_word)),
            Self::Number => {
                (1..=MAX_WORD_BYTES).contains(&value.len())
                    && value.iter().all(|byte| b"0123456789+-.:TZeE\"".contains(byte))
            }
            Self::Fields(fields) => {
                let mut found = Vec::new();
                return Scan(value).object(fields, &mut found).filter(|()| found.len() > 2).map(|()| found);
            }
        };
        is_kept.then(|| value.to_vec())
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-:".contains(&byte)
}

/// Whether a quoted string is this text. Field names need no escapes.
fn quotes(quoted: &[u8], text: &str) -> bool {
    quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) == Some(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(payload: &str) -> String {
        String::from_utf8(minimal_payload(payload.as_bytes())).unwrap()
    }

    /// The whole prompt, the command and its output were in the spool in clear text while no listener ran.
    #[test]
    fn prompt_tool_input_and_tool_output_of_a_payload_are_not_kept() {
        let payload = r#"{"session_id":"s","transcript_path":"/t/secret","cwd":"/w","hook_event_name":"PostToolUse",
            "prompt":"secret","tool_name":"Bash","tool_input":{"command":"secret","session_id":"secret"},
            "tool_response":{"stdout":"secret \" } ]","deep":[[{"tool_name":"secret"}]]},"tool_use_id":"t1",
            "duration_ms":12.5,"message":"secret","last_assistant_message":"secret","error":"a secret sentence",
            "source":"secret words","notification_type":{"error":"secret"},"timestamp":"2026-01-01T00:00:00.5+01:00"}"#;
        assert_eq!(
            of(payload),
            r#"{"session_id":"s","cwd":"/w","hook_event_name":"PostToolUse","tool_name":"Bash","tool_use_id":"t1","duration_ms":12.5,"timestamp":"2026-01-01T00:00:00.5+01:00"}"#
        );
        let sent = r#"{"tool_input":{"prompt":"secret","subagent_type":"Explore"},"error":"rate_limit"}"#;
        assert_eq!(of(sent), r#"{"tool_input":{"subagent_type":"Explore"},"error":"rate_limit"}"#);
        let window = r#"{"context_window":{"size":200000,"used":1,"text":"secret"}}"#;
        assert_eq!(of(window), r#"{"context_window":{"size":200000,"used":1}}"#);
        let asked = r#"{"details":{"type":"ask_user","title":"secret","prompt":"secret"}}"#;
        assert_eq!(of(asked), r#"{"details":{"type":"ask_user"}}"#);
    }

    /// All complete fields before the cut are kept.
    #[test]
    fn complete_fields_of_a_truncated_payload_are_kept() {
        let payload = r#"{"session_id":"s","hook_event_name":"PostToolUse","tool_response":"secret, and no en"#;
        assert_eq!(of(payload), r#"{"session_id":"s","hook_event_name":"PostToolUse"}"#);
        for end in 0..payload.len() {
            let found = minimal_payload(&payload.as_bytes()[..end]);
            assert!(found.is_empty() || serde_json::from_slice::<serde_json::Value>(&found).is_ok(), "{end}");
        }
        for none in ["", "null", "[]", "\"text\"", "7"] {
            assert_eq!(of(none), "");
        }
    }

    #[test]
    fn any_bytes_are_accepted_and_the_result_is_json() {
        proptest!(|(text in "[{}\\[\\]\",:\\\\a-c0-9 ]{0,80}")| {
            of(&text);
            of(&format!("{{\"cwd\":\"/w\",{text}"));
        });
        let deep = format!("{{\"tool_input\":{}", "[".repeat(200_000));
        assert_eq!(of(&deep), "{}");
    }
}
