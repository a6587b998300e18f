//! What a tool's answer says about its command.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::Text;

/// What an answer says about its command; its text is looked at and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gist {
    /// The command goes on, and can be written to under this number.
    pub(super) running: Option<u64>,
    /// The command ended with this code.
    pub(super) exit_code: Option<i64>,
    /// The tool itself says whether it worked.
    pub(super) success: Option<bool>,
}

impl Gist {
    /// How the call ended.
    pub(super) fn outcome(self) -> Result<(), ()> {
        let failed = self.exit_code.is_some_and(|code| code != 0) || self.success == Some(false);
        if failed { Err(()) } else { Ok(()) }
    }

    /// Reads the lines that Codex puts above a command's own output, or the metadata that it puts below.
    fn of(text: &str) -> Self {
        let header = text.split_once("Output:\n").map_or("", |(header, _)| header);
        let number = |label: &str| header.split_once(label).map(|(_, rest)| leading_number(rest));
        let below = text.rsplit_once("\"exit_code\":").map(|(_, rest)| leading_number(rest));
        Self {
            running: number("Process running with session ID ").flatten().and_then(|n| u64::try_from(n).ok()),
            exit_code: number("Process exited with code ")
                .or_else(|| number("Exit code: "))
                .or_else(|| below.filter(|_| text.starts_with("{\"output\":")))
                .flatten(),
            success: None,
        }
    }

    /// What both say together.
    fn or(self, other: Self) -> Self {
        Self {
            running: self.running.or(other.running),
            exit_code: self.exit_code.or(other.exit_code),
            success: self.success.or(other.success),
        }
    }
}

fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let end = text.bytes().position(|b| !b.is_ascii_digit() && b != b'-').unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

impl<'de> Deserialize<'de> for Gist {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GistVisitor;

        impl<'de> Visitor<'de> for GistVisitor {
            type Value = Gist;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tool's answer")
            }

            fn visit_str<E>(self, text: &str) -> Result<Gist, E> {
                Ok(Gist::of(text))
            }

            fn visit_unit<E>(self) -> Result<Gist, E> {
                Ok(Gist::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Gist, E> {
                Ok(Gist::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Gist, E> {
                Ok(Gist::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Gist, E> {
                Ok(Gist::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Gist, E> {
                Ok(Gist::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Gist, A::Error> {
                let mut gist = Gist::default();
                while let Some(part) = parts.next_element::<Gist>()? {
                    gist = gist.or(part);
                }
                Ok(gist)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Gist, A::Error> {
                let mut gist = Gist::default();
                while let Some(field) = fields.next_key::<Text<'de>>()? {
                    match &*field.0 {
                        "text" | "content" | "output" => gist = gist.or(fields.next_value()?),
                        "success" => gist.success = fields.next_value()?,
                        _ => {
                            fields.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(gist)
            }
        }

        deserializer.deserialize_any(GistVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(json: &str) -> Gist {
        serde_json::from_str(json).unwrap()
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
        let text = r#""{\"output\":\"x\",\"metadata\":{\"exit_code\":2,\"duration_seconds\":0.1}}""#;
        assert_eq!(gist(text).exit_code, Some(2));
    }

    #[test]
    fn answers_come_as_text_lists_and_objects() {
        assert_eq!(gist(r#"{"content":"no","success":false}"#).outcome(), Err(()));
        let list = r#"[{"type":"input_text","text":"Process running with session ID 9\nOutput:\n"},{"x":[1,2.5,-1]}]"#;
        assert_eq!(gist(list).running, Some(9));
        for odd in ["null", "1", "true", "-1", "0.5", "[]", "{}"] {
            assert_eq!(gist(odd), Gist::default(), "{odd}");
        }
    }
}
