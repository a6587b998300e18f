//! The part of a payload that agtop uses: what happened, when, in which session, to which call of which tool, how long
//! it took, and what kind of failure it was. Nothing that anybody said, no tool's input, and no tool's output.
//!
//! It is taken from the bytes without reading them as a whole, so that it can be had of a payload that is cut off, too.

use memchr::memchr2;

/// What a field may hold to be kept.
#[derive(Clone, Copy)]
enum Keep {
    /// A text of at most so many bytes: a name, an id, a directory.
    Text(usize),
    /// A text that is a word, as kinds are. What is longer may quote the conversation.
    Word,
    /// A number, or a text as short as one: a time.
    Number,
    /// Of an object, these fields.
    Fields(Fields),
}

type Fields = &'static [(&'static str, Keep)];

/// The fields that [`super::payload`] reads.
const KEPT: Fields = &[
    ("hook_event_name", Keep::Text(NAME)),
    ("type", Keep::Text(NAME)),
    ("session_id", Keep::Text(NAME)),
    ("sessionId", Keep::Text(NAME)),
    ("thread-id", Keep::Text(NAME)),
    ("agent_id", Keep::Text(NAME)),
    ("agent_type", Keep::Text(NAME)),
    ("cwd", Keep::Text(PATH)),
    ("new_cwd", Keep::Text(PATH)),
    ("model", Keep::Text(NAME)),
    ("tool_name", Keep::Text(NAME)),
    ("tool_use_id", Keep::Text(NAME)),
    ("timestamp", Keep::Number),
    ("duration_ms", Keep::Number),
    ("notification_type", Keep::Word),
    ("error", Keep::Word),
    ("source", Keep::Word),
    ("context_window", Keep::Fields(&[("size", Keep::Number), ("used", Keep::Number)])),
    ("tool_input", Keep::Fields(&[("subagent_type", Keep::Word)])),
    ("tool_response", Keep::Fields(&[("status", Keep::Word)])),
];

const NAME: usize = 600;
const PATH: usize = 8192;
/// The longest word, and the longest time.
const WORD: usize = 64;

/// What agtop uses of a payload, as a JSON object with the same fields. Empty if the payload is no object.
pub fn essence(payload: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    if Scan(payload).object(KEPT, &mut found).is_none() {
        // Cut off, or broken from here on: what came before is told.
        if found.is_empty() {
            return found;
        }
        found.push(b'}');
    }
    found
}

/// JSON that is still to be read.
struct Scan<'a>(&'a [u8]);

impl<'a> Scan<'a> {
    /// Reads an object, and writes those of its fields that are kept. `None` if it does not come to an end.
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

    /// Any value, whole.
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

    /// A text with its quotes.
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

    /// An object or array with all that is in it, however deep.
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

    /// The first byte that is no blank.
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

impl Keep {
    /// What of the value is kept, if anything is.
    fn of(self, value: &[u8]) -> Option<Vec<u8>> {
        let text = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        let is_kept = match self {
            Self::Text(most) => text.is_some_and(|text| text.len() <= most),
            Self::Word => text.is_some_and(|text| text.len() <= WORD && text.iter().copied().all(is_of_word)),
            Self::Number => {
                (1..=WORD).contains(&value.len()) && value.iter().all(|byte| b"0123456789+-.:TZeE\"".contains(byte))
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

/// Whether a text with its quotes is this one. Names of fields need no escapes.
fn quotes(quoted: &[u8], text: &str) -> bool {
    quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) == Some(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(payload: &str) -> String {
        String::from_utf8(essence(payload.as_bytes())).unwrap()
    }

    /// The whole prompt, the command and its output lay in the spool in clear text, as long as nobody listened.
    #[test]
    fn of_a_payload_neither_prompt_nor_tool_input_nor_output_is_kept() {
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
    }

    /// What is cut off keeps its head: all fields that are whole.
    #[test]
    fn of_a_payload_that_is_cut_off_what_came_before_is_kept() {
        let payload = r#"{"session_id":"s","hook_event_name":"PostToolUse","tool_response":"secret, and no en"#;
        assert_eq!(of(payload), r#"{"session_id":"s","hook_event_name":"PostToolUse"}"#);
        for end in 0..payload.len() {
            let found = essence(&payload.as_bytes()[..end]);
            assert!(found.is_empty() || serde_json::from_slice::<serde_json::Value>(&found).is_ok(), "{end}");
        }
        for none in ["", "null", "[]", "\"text\"", "7"] {
            assert_eq!(of(none), "");
        }
    }

    #[test]
    fn any_bytes_are_borne_and_what_is_found_is_json() {
        proptest!(|(text in "[{}\\[\\]\",:\\\\a-c0-9 ]{0,80}")| {
            of(&text);
            of(&format!("{{\"cwd\":\"/w\",{text}"));
        });
        let deep = format!("{{\"tool_input\":{}", "[".repeat(200_000));
        assert_eq!(of(&deep), "{}");
    }
}
