//! What a message says, as far as it matters: who spoke, and which tools were called.

use std::borrow::Cow;

use agtop_model::{EventKind, SessionKey, ToolKey};
use memchr::memmem;
use serde::Deserialize;

use super::{ID, MOST_CHARS};
use crate::decode::Record;
use crate::names::Names;
use crate::parse::{Loose, shortened};
use crate::{DecodeError, bounded};

/// A piece of a message.
#[derive(Debug, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow, default)]
    id: Loose<'a>,
    #[serde(borrow, default)]
    text: Loose<'a>,
    #[serde(borrow, default, rename = "toolCall")]
    call: Option<Wrapped<'a>>,
    #[serde(borrow, default, rename = "toolResult")]
    result: Option<Outcome<'a>>,
}

/// A call that the model got right has a value.
#[derive(Debug, Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    value: Option<Call<'a>>,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    name: Loose<'a>,
    #[serde(borrow, default)]
    arguments: Option<Arguments<'a>>,
}

/// What a tool is used on: the arguments that Goose's own tools take.
#[derive(Debug, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    command: Loose<'a>,
    #[serde(borrow, default)]
    url: Loose<'a>,
}

/// How a tool ended, as far as Goose itself could call it.
#[derive(Debug, Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    status: Loose<'a>,
}

/// Who said what.
pub(super) struct Said<'a> {
    /// `user` or `assistant`.
    pub(super) role: Cow<'a, str>,
    /// Whether the person sees it; what Goose says to itself when it compacts is hidden.
    pub(super) is_shown: bool,
    pub(super) items: Vec<Item<'a>>,
}

/// The kinds of pieces that matter in a message of long ago.
pub(super) const TOOLS: &[&str] = &["\"toolRequest\"", "\"toolResponse\""];
/// The kinds of pieces that matter in a message that somebody may still follow.
pub(super) const TOOLS_AND_TEXT: &[&str] = &["\"toolRequest\"", "\"toolResponse\"", "\"text\""];

/// The pieces of a message in the database, if one is of these kinds.
pub(super) fn items<'a>(json: &'a [u8], kinds: &[&str]) -> Result<Vec<Item<'a>>, DecodeError> {
    let matters = kinds.iter().any(|kind| memmem::find(json, kind.as_bytes()).is_some());
    if matters { Ok(bounded::from_slice(json)?) } else { Ok(Vec::new()) }
}

/// Whether a message's metadata lets the person see it.
pub(super) fn is_shown(metadata: &[u8]) -> bool {
    !["\"userVisible\":false", "\"userVisible\": false"]
        .iter()
        .any(|flag| memmem::find(metadata, flag.as_bytes()).is_some())
}

impl Said<'_> {
    /// Tells of the message. One of the assistant that calls no tool ends the turn; one of the user that answers no
    /// tool begins one.
    pub(super) fn tell(&self, session: &SessionKey, names: &mut Names, record: &mut Record<'_>) {
        let mut has_tools = false;
        let text = || self.items.iter().rev().filter(|item| item.kind.text() == Some("text")).find_map(Item::text);
        if self.is_shown && self.role == "assistant" {
            record.said(session, text);
        }
        for item in &self.items {
            let (Some(kind), Some(id)) = (item.kind.text(), item.id.text()) else { continue };
            let tool = ToolKey::new(ID, &format!("{} {id}", session.id)); // some models number their calls anew
            match kind {
                "toolRequest" => {
                    has_tools = true;
                    let call = item.call.as_ref().and_then(|call| call.value.as_ref());
                    let name = names.get(call.and_then(|call| call.name.text()).unwrap_or("unknown"));
                    let target = call.and_then(Call::target).map(|text| shortened(text, MOST_CHARS).into());
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

impl Item<'_> {
    fn text(&self) -> Option<&str> {
        self.text.text()
    }
}

impl Call<'_> {
    fn target(&self) -> Option<&str> {
        let arguments = self.arguments.as_ref()?;
        [&arguments.path, &arguments.command, &arguments.url].into_iter().find_map(Loose::text)
    }
}
