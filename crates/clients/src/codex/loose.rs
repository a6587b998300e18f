//! Fields with several shapes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::parse::Str;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

/// The text of an optional field, unless it is missing or empty.
pub(super) fn filled<'t>(text: Option<&'t Str<'_>>) -> Option<&'t str> {
    text.and_then(Str::filled)
}

/// A value that keeps only strings and the nesting of objects. It ignores any other type without an error.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LooseValue<'a> {
    Word(#[serde(borrow)] Str<'a>),
    Object(#[serde(borrow)] BTreeMap<Cow<'a, str>, LooseValue<'a>>),
    Other(IgnoredAny),
}

impl<'a> LooseValue<'a> {
    fn word(self) -> Option<Cow<'a, str>> {
        if let Self::Word(word) = self { Some(word.0) } else { None }
    }

    fn field(&mut self, name: &str) -> Option<Self> {
        if let Self::Object(fields) = self { fields.remove(name) } else { None }
    }

    /// The variant of a Rust enum as serde writes it: a string, or the single key of an object.
    fn variant(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Word(word) => Some(word.0),
            Self::Object(fields) => fields.into_keys().next(),
            Self::Other(_) => None,
        }
    }
}

/// The source of a thread: `"cli"`, or `{"subagent": KIND}` with a kind that is a string, `{"thread_spawn": {…}}` or
/// `{"other": word}`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// The innermost word: `cli`, `review`, `thread_spawn`, `guardian`.
    pub(super) word: Option<Cow<'a, str>>,
    /// Whether it is a sub-agent.
    pub(super) is_subagent: bool,
    /// The thread that spawned it.
    pub(super) parent: Option<Cow<'a, str>>,
    /// The role it was spawned in.
    pub(super) role: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Origin<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut source = LooseValue::deserialize(deserializer)?;
        let (is_subagent, mut kind) = match source.field("subagent").or_else(|| source.field("subAgent")) {
            Some(kind) => (true, kind),
            None => (false, source),
        };
        if let Some(mut spawn) = kind.field("thread_spawn") {
            return Ok(Self {
                word: Some(Cow::Borrowed("thread_spawn")),
                is_subagent: true,
                parent: spawn.field("parent_thread_id").and_then(LooseValue::word),
                role: spawn.field("agent_role").or_else(|| spawn.field("agent_type")).and_then(LooseValue::word),
            });
        }
        let inner = kind.field("other").or_else(|| kind.field("custom"));
        Ok(Self { word: inner.unwrap_or(kind).variant(), is_subagent, ..Self::default() })
    }
}

/// The kind of a failure.
#[derive(Debug, Default)]
pub(super) struct FailureKind<'a>(pub(super) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for FailureKind<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(LooseValue::deserialize(deserializer)?.variant()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(json: &str) -> Origin<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn sources_come_in_many_shapes() {
        assert_eq!(origin(r#""cli""#), Origin { word: Some("cli".into()), ..Origin::default() });
        let review = origin(r#"{"subagent":"review"}"#);
        assert_eq!((review.word.as_deref(), review.is_subagent), (Some("review"), true));
        let guardian = origin(r#"{"subagent":{"other":"guardian"}}"#);
        assert_eq!((guardian.word.as_deref(), guardian.is_subagent), (Some("guardian"), true));
        for odd in ["null", "1", "[1]", "{}", r#"{"subagent":7}"#] {
            assert_eq!(origin(odd).word, None, "{odd}");
        }
    }

    #[test]
    fn a_spawned_agent_names_its_parent_and_role() {
        let spawn = r#"{"subagent":{"thread_spawn":{"parent_thread_id":"p","depth":1,"agent_type":"explorer"}}}"#;
        let spawn = origin(spawn);
        assert_eq!((spawn.parent.as_deref(), spawn.role.as_deref()), (Some("p"), Some("explorer")));
        assert!(spawn.is_subagent);
    }
}
