//! The parts of a message that agtop uses: `[{"type": …, "data": {…}}, …]`.

use agtop_model::Untrusted;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::parse::{LooseText, LooseTime};
use crate::tool_arguments::{Argument, ToolArguments};
use crate::{DecodeError, bounded};

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// A part of a message.
pub(super) enum MessagePart<'a> {
    /// Text; Crush's own text is hidden.
    Text(Text<'a>),
    Call(Call<'a>),
    Result(Answer<'a>),
    /// The end of the message.
    Finish(Finish<'a>),
}

#[derive(Deserialize)]
pub(super) struct Text<'a> {
    #[serde(borrow, default)]
    pub(super) text: LooseText<'a>,
    #[serde(default)]
    pub(super) hidden: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    /// JSON within text, incomplete while the model still writes it.
    #[serde(borrow, default)]
    input: LooseText<'a>,
}

#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(rename = "tool_call_id", borrow, default)]
    pub(super) call: LooseText<'a>,
    /// The name of the tool.
    #[serde(borrow, default)]
    pub(super) name: LooseText<'a>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Finish<'a> {
    #[serde(borrow, default)]
    pub(super) reason: LooseText<'a>,
    #[serde(default)]
    pub(super) time: LooseTime,
    /// The error in a few words.
    #[serde(borrow, default)]
    pub(super) message: LooseText<'a>,
}

/// Parses the parts of a message. Parts of other types and of unknown shapes are left out.
pub(super) fn message_parts(json: &[u8]) -> Result<Vec<MessagePart<'_>>, DecodeError> {
    let parts: Vec<Part<'_>> = bounded::from_slice(json)?;
    Ok(parts.iter().filter_map(Part::message_parts).collect())
}

impl<'a> Part<'a> {
    fn message_parts(&self) -> Option<MessagePart<'a>> {
        let json = self.data?.get();
        match self.kind.text()? {
            "text" => serde_json::from_str(json).ok().map(MessagePart::Text),
            "tool_call" => serde_json::from_str(json).ok().map(MessagePart::Call),
            "tool_result" => serde_json::from_str(json).ok().map(MessagePart::Result),
            "finish" => serde_json::from_str(json).ok().map(MessagePart::Finish),
            _ => None,
        }
    }
}

/// The arguments that describe a call, in order of preference.
const TARGET: &[Argument] = &[
    Argument::FilePath,
    Argument::Path,
    Argument::Command,
    Argument::Pattern,
    Argument::Url,
    Argument::Query,
    Argument::Prompt,
];

impl Call<'_> {
    pub(super) fn target(&self) -> Option<Untrusted> {
        ToolArguments::of_text(self.input.text()).target(TARGET)
    }
}
