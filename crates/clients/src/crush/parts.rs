//! The parts of a message, as far as they matter: `[{"type": …, "data": {…}}, …]`.

use agtop_model::Untrusted;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::database::MOST_CHARS;
use crate::parse::{Loose, Moment, shortened};
use crate::{DecodeError, bounded};

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Loose<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// A part that tells something.
pub(super) enum Said<'a> {
    /// Words; hidden ones are Crush's own.
    Text(Text<'a>),
    Call(Call<'a>),
    Result(Answer<'a>),
    /// The message is over.
    Finish(Finish<'a>),
}

#[derive(Deserialize)]
pub(super) struct Text<'a> {
    #[serde(borrow, default)]
    pub(super) text: Loose<'a>,
    #[serde(default)]
    pub(super) hidden: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) id: Loose<'a>,
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    /// JSON within text, cut off while the model still writes it.
    #[serde(borrow, default)]
    input: Loose<'a>,
}

#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(rename = "tool_call_id", borrow, default)]
    pub(super) call: Loose<'a>,
    /// The tool's.
    #[serde(borrow, default)]
    pub(super) name: Loose<'a>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Finish<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Loose<'a>,
    #[serde(default)]
    pub(super) time: Moment,
    /// What went wrong, in a few words.
    #[serde(borrow, default)]
    pub(super) message: Loose<'a>,
}

/// What the message says. Parts of other kinds and of unknown shapes are left out.
pub(super) fn said(json: &[u8]) -> Result<Vec<Said<'_>>, DecodeError> {
    let parts: Vec<Part<'_>> = bounded::from_slice(json)?;
    Ok(parts.iter().filter_map(Part::said).collect())
}

impl<'a> Part<'a> {
    fn said(&self) -> Option<Said<'a>> {
        let json = self.data?.get();
        match self.kind.text()? {
            "text" => serde_json::from_str(json).ok().map(Said::Text),
            "tool_call" => serde_json::from_str(json).ok().map(Said::Call),
            "tool_result" => serde_json::from_str(json).ok().map(Said::Result),
            "finish" => serde_json::from_str(json).ok().map(Said::Finish),
            _ => None,
        }
    }
}

/// The arguments that say what a tool is used on, in the order in which they are asked.
#[derive(Default, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, default)]
    file_path: Loose<'a>,
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    command: Loose<'a>,
    #[serde(borrow, default)]
    pattern: Loose<'a>,
    #[serde(borrow, default)]
    url: Loose<'a>,
    #[serde(borrow, default)]
    query: Loose<'a>,
    #[serde(borrow, default)]
    prompt: Loose<'a>,
}

impl Call<'_> {
    pub(super) fn target(&self) -> Option<Untrusted> {
        let input: Arguments<'_> = serde_json::from_str(self.input.text()?).ok()?;
        let all =
            [&input.file_path, &input.path, &input.command, &input.pattern, &input.url, &input.query, &input.prompt];
        all.into_iter().find_map(Loose::text).map(|target| shortened(target, MOST_CHARS).into())
    }
}
