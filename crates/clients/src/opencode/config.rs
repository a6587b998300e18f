//! `opencode.json`, the user's configuration: only the context windows of models are read, which no session contains.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use agtop_model::{ClientId, Event, EventKind, SessionKey, SourcePosition};
use serde::Deserialize;

use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::parse::{Count, model_name};
use crate::{DecodeError, Decoder, Input, Source};

/// The files of a configuration directory that are merged, of OpenCode and of Kilo.
pub(super) fn is_config(path: &Path) -> bool {
    ["opencode.json", "opencode.jsonc", "config.json", "kilo.json", "kilo.jsonc"]
        .iter()
        .any(|name| path == Path::new(name))
}

/// Maximum number of models of one provider.
const MAX_MODELS: usize = 1000;
/// Maximum size of a configuration, in bytes; it is copied and parsed as a whole. Users write it by hand, so a larger
/// one is damaged or hostile.
pub(crate) const MAX_CONFIG_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
struct Config<'a> {
    #[serde(borrow, default, deserialize_with = "bounded::map_or_null")]
    provider: BTreeMap<Cow<'a, str>, Option<Provider<'a>>>,
}

#[derive(Deserialize)]
struct Provider<'a> {
    #[serde(borrow, default, deserialize_with = "bounded::map_or_null")]
    models: BTreeMap<Cow<'a, str>, Option<Model>>,
}

#[derive(Deserialize)]
struct Model {
    limit: Option<Limit>,
}

#[derive(Deserialize)]
struct Limit {
    #[serde(default)]
    context: Count,
}

impl Provider<'_> {
    /// The models with a configured context window, and the window in tokens.
    fn windows(&self) -> impl Iterator<Item = (&str, u64)> {
        let window = |model: &Model| Some(model.limit.as_ref()?.context.0).filter(|tokens| *tokens > 0);
        let named = self.models.iter().take(MAX_MODELS);
        named.filter_map(move |(name, model)| Some((&**name, window(model.as_ref()?)?)))
    }
}

/// Reads one configuration.
pub(super) struct Reader {
    client: ClientId,
    file: SourceFile,
}

impl Reader {
    pub(super) fn new(client: ClientId, source: &Source<'_>) -> Self {
        Self { client, file: source.file() }
    }
}

impl Decoder for Reader {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        if bytes.len() > MAX_CONFIG_BYTES {
            return Err(DecodeError::too_large(format!("is a configuration of more than {MAX_CONFIG_BYTES} bytes")));
        }
        let json = without_comments(bytes);
        let config: Config<'_> = serde_json::from_slice(&json)?;
        // Context windows belong to no session.
        let session = SessionKey::new(self.client, "");
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        let providers = config.provider.iter().filter_map(|(name, known)| Some((name, known.as_ref()?)));
        for (provider, known) in providers {
            for (model, tokens) in known.windows() {
                let model = model_name(provider, model).into();
                record.emit(&session, EventKind::ModelWindow { model, tokens });
            }
        }
        Ok(())
    }
}

/// The JSON of a file that may have comments and trailing commas, which are replaced by spaces.
fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut json = text.to_vec();
    let (mut at, mut comma) = (0, None);
    while let Some(&byte) = text.get(at) {
        let end = match (byte, text.get(at + 1)) {
            (b'"', _) => end_of_string(text, at),
            (b'/', Some(b'/')) => find(text, at, b"\n"),
            (b'/', Some(b'*')) => find(text, at + 2, b"*/").saturating_add(2),
            _ => at + 1,
        };
        match byte {
            b'/' if end > at + 1 => blank(&mut json, at..end),
            b',' => comma = Some(at),
            b']' | b'}' => comma.take().into_iter().for_each(|comma| blank(&mut json, comma..comma + 1)),
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at = end;
    }
    json
}

/// The position after the string that starts at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The next position of `wanted`; the end of the text if there is none.
fn find(text: &[u8], from: usize, wanted: &[u8]) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr::memmem::find(rest, wanted).map_or(text.len(), |at| from + at)
}

fn blank(json: &mut [u8], range: std::ops::Range<usize>) {
    let end = range.end.min(json.len());
    if let Some(part) = json.get_mut(range.start..end) {
        part.fill(b' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::OpenCode;
    use super::*;
    use crate::testing::decode_document;

    const PATH: &str = "/home/u/.config/opencode/opencode.json";
    const CONFIG_LAYOUT: &[u8] = include_bytes!("../../../../fixtures/opencode/1.18.33/opencode.json");

    fn windows(text: &[u8]) -> Vec<(String, u64)> {
        let events = decode_document(&OpenCode, PATH, text).unwrap();
        let window = |event: &Event| match &event.kind {
            EventKind::ModelWindow { model, tokens } => (model.to_string(), *tokens),
            kind => panic!("{kind:?}"),
        };
        events.iter().map(window).collect()
    }

    #[test]
    fn models_have_the_windows_that_the_user_gave_them() {
        assert_eq!(windows(CONFIG_LAYOUT), [("big-one".to_owned(), 64_000), ("ollama/qwen3:8b".to_owned(), 40_960)]);
        assert_eq!(windows(b"{}"), []);
        assert_eq!(windows(b"{\"provider\":{\"a\":{},\"b\":{\"models\":{\"c\":{},\"d\":{\"limit\":{}}}}}}"), []);
    }

    /// Bug: `"provider": null` was reported as malformed and hid the windows of all others.
    #[test]
    fn null_counts_as_missing_at_every_level() {
        assert_eq!(windows(br#"{"provider":null}"#), []);
        let text = br#"{"provider":{"a":null,"b":{"models":null},"c":{"models":{"d":null,"e":{"limit":null},
            "f":{"limit":{"context":null}},"g":{"limit":{"context":7}}}}}}"#;
        assert_eq!(windows(text), [("g".to_owned(), 7)]);
    }

    #[test]
    fn comments_and_trailing_commas_are_accepted_and_strings_keep_theirs() {
        let text = br#"{ // it's "mine"
            "provider": { "p": { "models": { "a//b,}": { "limit": { "context": 5, /* , } */ }, }, }, }, }, } /* open"#;
        let json = String::from_utf8(without_comments(text)).unwrap();
        let config: Config<'_> = serde_json::from_str(&json).unwrap();
        let provider = config.provider["p"].as_ref().unwrap();
        assert_eq!(provider.windows().collect::<Vec<_>>(), [("a//b,}", 5)]);
    }

    #[test]
    fn no_key_of_a_provider_is_quoted_by_an_error() {
        let error =
            decode_document(&OpenCode, PATH, br#"{"provider":{"p":{"options":{"apiKey":"sk-secret"},"models":7}}}"#);
        assert!(!error.unwrap_err().detail.contains("sk-secret"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_keep_their_length(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(without_comments(&bytes).len(), bytes.len());
            let _ = decode_document(&OpenCode, PATH, &bytes);
        }

        #[test]
        fn valid_json_is_unchanged(text in "[\\[\\]{}\",:/* a0\\\\\n]{0,40}") {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert_eq!(without_comments(text.as_bytes()), text.as_bytes());
            }
        }
    }
}
