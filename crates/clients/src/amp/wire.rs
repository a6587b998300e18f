//! Threads as Amp writes them; fields that agtop does not use are left out.

use std::path::PathBuf;

use agtop_model::{StopReason, Untrusted, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bounded;
use crate::list::LazyList;
use crate::parse::{Count, LooseText, LooseTime};
use crate::tool_arguments::{Argument, ToolArguments};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thread<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) title: LooseText<'a>,
    #[serde(default)]
    pub(super) created: LooseTime,
    #[serde(borrow, default)]
    env: Option<&'a RawValue>,
    /// Each message is parsed on its own, so that a damaged one does not lose the others.
    #[serde(borrow, default)]
    pub(super) messages: LazyList<'a>,
    #[serde(borrow, default)]
    pub(super) usage_ledger: Option<Ledger<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Ledger<'a> {
    #[serde(borrow, default)]
    pub(super) events: LazyList<'a>,
}

#[derive(Default, Deserialize)]
struct Environment<'a> {
    #[serde(borrow, default)]
    initial: Initial<'a>,
}

#[derive(Default, Deserialize)]
struct Initial<'a> {
    #[serde(borrow, default, deserialize_with = "bounded::list")]
    trees: Vec<Tree<'a>>,
}

/// A directory in which the thread started.
#[derive(Default, Deserialize)]
pub(super) struct Tree<'a> {
    #[serde(borrow, default)]
    uri: LooseText<'a>,
    #[serde(borrow, default)]
    repository: Option<Repository<'a>>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    #[serde(rename = "ref", borrow, default)]
    head: LooseText<'a>,
}

impl<'a> Thread<'a> {
    /// The first directory in which the thread started; none if the environment has an unknown shape.
    pub(super) fn tree(&self) -> Tree<'a> {
        let surroundings: Option<Environment<'_>> = self.env.and_then(|raw| serde_json::from_str(raw.get()).ok());
        surroundings.and_then(|around| around.initial.trees.into_iter().next()).unwrap_or_default()
    }
}

impl Tree<'_> {
    pub(super) fn directory(&self) -> Option<PathBuf> {
        self.uri.text()?.strip_prefix("file://").and_then(directory)
    }

    pub(super) fn branch(&self) -> Option<&str> {
        let head = self.repository.as_ref()?.head.text()?;
        Some(head.strip_prefix("refs/heads/").unwrap_or(head))
    }
}

/// The path of a `file:` URL (RFC 8089) with its escapes decoded. A Windows drive follows a third slash.
fn directory(path: &str) -> Option<PathBuf> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten();
        let decoded = escaped.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(hex);
        plain.push(decoded.unwrap_or(byte));
        rest = decoded.map_or(after, |_| after.get(2..).unwrap_or_default());
    }
    let plain = String::from_utf8_lossy(&plain).into_owned();
    let is_drive = matches!(plain.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    let path = if is_drive { plain.get(1..)? } else { &plain };
    (!path.is_empty() && !path.contains(char::is_control)).then(|| PathBuf::from(path))
}

fn hex(digits: &str) -> Option<u8> {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) role: LooseText<'a>,
    /// A number or text: compared as raw JSON.
    #[serde(borrow, default, rename = "messageId")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) state: Option<MessageState<'a>>,
    #[serde(borrow, default)]
    pub(super) usage: Option<MessageUsage<'a>>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageState<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    stop_reason: LooseText<'a>,
}

impl MessageState<'_> {
    /// Whether the response is finished: the model has ended, or the user cancelled it.
    pub(super) fn is_over(&self) -> bool {
        self.kind.text() == Some("cancelled") || self.stop_reason.text() == Some("end_turn")
    }

    pub(super) fn stop(&self) -> Option<StopReason> {
        Some(match self.stop_reason.text()? {
            "end_turn" => StopReason::EndTurn,
            "tool_use" => StopReason::ToolUse,
            "max_tokens" => StopReason::MaxTokens,
            "stop_sequence" => StopReason::StopSequence,
            _ => StopReason::Other,
        })
    }
}

/// The usage of one response, in disjoint counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageUsage<'a> {
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(default)]
    pub(super) input_tokens: Count,
    #[serde(default)]
    pub(super) output_tokens: Count,
    #[serde(default)]
    cache_creation_input_tokens: Count,
    #[serde(default)]
    cache_read_input_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
}

impl MessageUsage<'_> {
    pub(super) fn usage(&self) -> Usage {
        let tokens = Tokens { input: self.input_tokens, output: self.output_tokens, total: self.total_tokens };
        let cached = self.cached();
        if cached.is_zero() {
            tokens.usage()
        } else {
            Usage { input: tokens.input.0, output: tokens.output.0, ..cached }
        }
    }

    /// The part that the ledger leaves out.
    pub(super) fn cached(&self) -> Usage {
        Usage {
            cache_read: self.cache_read_input_tokens.0,
            cache_write_5m: self.cache_creation_input_tokens.0,
            ..Usage::default()
        }
    }
}

/// An entry of the ledger: one request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LedgerEntry<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(default)]
    pub(super) timestamp: LooseTime,
    #[serde(borrow, default)]
    pub(super) model: LooseText<'a>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    /// The message that the request produced.
    #[serde(borrow, default, rename = "toMessageId")]
    message: Option<&'a RawValue>,
}

impl<'a> LedgerEntry<'a> {
    pub(super) fn message(&self) -> Option<&'a str> {
        id(self.message)
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Tokens {
    #[serde(default)]
    pub(super) input: Count,
    #[serde(default)]
    pub(super) output: Count,
    #[serde(default)]
    total: Count,
}

impl Tokens {
    /// If only the total is known, it counts as input.
    pub(super) fn usage(self) -> Usage {
        let is_total_alone = self.input.0 == 0 && self.output.0 == 0;
        let input = if is_total_alone { self.total.0 } else { self.input.0 };
        Usage { input, output: self.output.0, ..Usage::default() }
    }
}

fn id(raw: Option<&RawValue>) -> Option<&str> {
    raw.map(RawValue::get).filter(|text| !matches!(*text, "null" | "\"\""))
}

impl<'a> Message<'a> {
    pub(super) fn id(&self) -> Option<&'a str> {
        id(self.id)
    }

    /// When the user sent the message (unconfirmed).
    pub(super) fn sent(&self) -> LooseTime {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Meta {
            sent_at: LooseTime,
        }
        let meta: Option<Meta> = self.meta.and_then(|raw| serde_json::from_str(raw.get()).ok());
        meta.map(|meta| meta.sent_at).unwrap_or_default()
    }

    /// The blocks of the message; plain text is one block, an unknown shape none.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        let Some(raw) = self.content.map(RawValue::get) else { return Vec::new() };
        if raw.starts_with('[') {
            return bounded::from_slice(raw.as_bytes()).unwrap_or_default();
        }
        vec![Block { text: serde_json::from_str(raw).unwrap_or_default(), ..Block::default() }]
    }
}

/// A block of a message: text, a tool call, or its result (whose field names are unconfirmed).
#[derive(Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) text: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(rename = "toolUseID", alias = "tool_use_id", borrow, default)]
    pub(super) call: LooseText<'a>,
    #[serde(borrow, default)]
    run: Option<Run<'a>>,
}

#[derive(Deserialize)]
struct Run<'a> {
    #[serde(borrow, default)]
    status: LooseText<'a>,
}

/// State of a tool call.
pub(super) enum ToolProgress {
    /// It runs.
    Running,
    /// It waits for the user's permission.
    Blocked,
    /// It has ended.
    Ended(Result<(), ()>),
}

impl Block<'_> {
    pub(super) fn progress(&self) -> ToolProgress {
        match self.run.as_ref().and_then(|run| run.status.text()) {
            Some("in-progress" | "queued") => ToolProgress::Running,
            Some("blocked-on-user") => ToolProgress::Blocked,
            Some("error" | "cancelled" | "rejected-by-user") => ToolProgress::Ended(Err(())),
            _ => ToolProgress::Ended(Ok(())),
        }
    }

    /// What the tool is used on.
    pub(super) fn target(&self) -> Option<Untrusted> {
        ToolArguments::of(self.input).target(TARGET)
    }
}

/// The arguments that describe a call, in order of preference.
const TARGET: &[Argument] = &[
    Argument::Path,
    Argument::Cmd,
    Argument::Command,
    Argument::Pattern,
    Argument::Query,
    Argument::Url,
    Argument::Description,
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_file_url_is_a_path_with_decoded_escapes() {
        assert_eq!(directory("/srv/a%20b/gr%C3%B6%C3%9Fe").as_deref(), Some(Path::new("/srv/a b/größe")));
        assert_eq!(directory("/c%3A/Users/u").as_deref(), Some(Path::new("c:/Users/u")));
        assert_eq!(directory("/100%/%+1%").as_deref(), Some(Path::new("/100%/%+1%")));
        assert_eq!(directory("/a%0Ab"), None);
        assert_eq!(directory(""), None);
    }
}
