//! The parts of a message that agtop uses: its author and the tools that were called.

use std::borrow::Cow;

use agtop_model::{EventKind, SessionKey, ToolKey, Untrusted};
use memchr::memmem;
use serde::Deserialize;

use super::id::ID;
use crate::decode::Record;
use crate::interner::Interner;
use crate::parse::LooseText;
use crate::tool_arguments::{Argument, ToolArguments};
use crate::{DecodeError, bounded};

/// A part of a message.
#[derive(Debug, Deserialize)]
pub(super) struct MessageItem<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    id: LooseText<'a>,
    #[serde(borrow, default)]
    text: LooseText<'a>,
    #[serde(borrow, default, rename = "toolCall")]
    call: Option<Wrapped<'a>>,
    #[serde(borrow, default, rename = "toolResult")]
    result: Option<Outcome<'a>>,
}

/// A call has a value if it is valid.
#[derive(Debug, Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    value: Option<Call<'a>>,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(borrow, default)]
    arguments: Option<ToolArguments<'a>>,
}

/// How a tool ended, as far as Goose itself could call it.
#[derive(Debug, Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    status: LooseText<'a>,
}

/// A message and its author.
pub(super) struct GooseMessage<'a> {
    /// `user` or `assistant`.
    pub(super) role: Cow<'a, str>,
    /// Whether the user sees it; what Goose writes for itself during a compaction is hidden.
    pub(super) is_shown: bool,
    pub(super) items: Vec<MessageItem<'a>>,
}

/// The types of parts that are read in an old message.
pub(super) const TOOL_PARTS: &[&str] = &["\"toolRequest\"", "\"toolResponse\""];
/// The types of parts that are read in a recent message.
pub(super) const TOOL_AND_TEXT_PARTS: &[&str] = &["\"toolRequest\"", "\"toolResponse\"", "\"text\""];

/// The parts of a message in the database, if it has one of these types.
pub(super) fn items<'a>(json: &'a [u8], kinds: &[&str]) -> Result<Vec<MessageItem<'a>>, DecodeError> {
    let matters = kinds.iter().any(|kind| memmem::find(json, kind.as_bytes()).is_some());
    if matters { Ok(bounded::from_slice(json)?) } else { Ok(Vec::new()) }
}

/// Whether a message's metadata makes it visible to the user.
pub(super) fn is_shown(metadata: &[u8]) -> bool {
    !["\"userVisible\":false", "\"userVisible\": false"]
        .iter()
        .any(|flag| memmem::find(metadata, flag.as_bytes()).is_some())
}

impl GooseMessage<'_> {
    /// Emits the message. A message of the assistant without tool calls ends the turn; a message of the user without
    /// tool results starts one.
    pub(super) fn emit(&self, session: &SessionKey, names: &mut Interner, record: &mut Record<'_>) {
        let mut has_tools = false;
        let text =
            || self.items.iter().rev().filter(|item| item.kind.text() == Some("text")).find_map(MessageItem::text);
        if self.is_shown && self.role == "assistant" {
            record.agent_text(session, text);
        }
        for item in &self.items {
            let (Some(kind), Some(id)) = (item.kind.text(), item.id.text()) else { continue };
            let tool = ToolKey::new(ID, &format!("{} {id}", session.id)); // some models restart the numbering of their calls
            match kind {
                "toolRequest" => {
                    has_tools = true;
                    let call = item.call.as_ref().and_then(|call| call.value.as_ref());
                    let name = names.get(call.and_then(|call| call.name.text()).unwrap_or("unknown"));
                    let target = call.and_then(Call::target);
                    record.emit(session, EventKind::ToolStarted { tool, name, target });
                }
                "toolResponse" => {
                    has_tools = true;
                    let status = item.result.as_ref().and_then(|result| result.status.text());
                    let outcome = if status == Some("error") { Err(()) } else { Ok(()) };
                    record.emit(session, EventKind::ToolEnded { tool, outcome });
                }
                _ => {}
            }
        }
        match &*self.role {
            "user" if self.is_shown && !has_tools => record.prompt(session, text()),
            "assistant" if self.is_shown && !has_tools => record.emit(session, EventKind::TurnEnded),
            _ => {}
        }
    }
}

impl MessageItem<'_> {
    fn text(&self) -> Option<&str> {
        self.text.text()
    }
}

/// The arguments that describe a call, in order of preference.
const TARGET: &[Argument] = &[Argument::Path, Argument::Command, Argument::Url];

impl Call<'_> {
    fn target(&self) -> Option<Untrusted> {
        self.arguments.as_ref()?.target(TARGET)
    }
}
