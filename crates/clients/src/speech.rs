//! What a message says, in the notation of Anthropic's and OpenAI's interfaces, which most agents keep it in: text, or a
//! list of blocks.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::list::List;
use crate::parse::{Loose, Str};

/// A part of what was said.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Loose<'a>,
    #[serde(borrow, default)]
    pub(crate) text: Loose<'a>,
    /// Of a tool's call.
    #[serde(borrow, default)]
    pub(crate) id: Loose<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Loose<'a>,
    /// The call that a tool answers.
    #[serde(borrow, default)]
    pub(crate) tool_use_id: Loose<'a>,
    #[serde(default)]
    pub(crate) is_error: Option<bool>,
}

/// The blocks of a message, those that can be read. Text alone is one block.
pub(crate) fn blocks(content: &RawValue) -> Vec<Block<'_>> {
    if let Ok(text) = serde_json::from_str::<Str<'_>>(content.get()) {
        return vec![Block { text: Loose(Some(text.0)), ..Block::default() }];
    }
    let list: List<'_> = serde_json::from_str(content.get()).unwrap_or_default();
    let mut blocks = Vec::new();
    // What is no block says nothing.
    drop(list.each("blocks", |_, block| blocks.push(block)));
    blocks
}

/// The first words that a person said. What programs put in their place stands in tags of its own
/// (`<system-reminder>`); one around the person's words (`<user_query>`) is taken off.
pub(crate) fn words<'b>(blocks: &'b [Block<'_>]) -> Option<&'b str> {
    blocks.iter().filter_map(|block| block.text.text()).map(unwrapped).find(|text| !text.starts_with('<'))
}

/// The last thing that an agent said in a message.
pub(crate) fn prose<'b>(blocks: &'b [Block<'_>]) -> Option<&'b str> {
    let is_text = |block: &&Block<'_>| block.kind.text().is_none_or(|kind| kind == "text" || kind == "output_text");
    blocks.iter().rev().filter(is_text).find_map(|block| block.text.text())
}

fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix("<user_query>").map(|text| text.strip_suffix("</user_query>").unwrap_or(text));
    inner.unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        words(&blocks(raw)).map(str::to_owned)
    }

    #[test]
    fn a_person_speaks_in_text_or_in_blocks() {
        assert_eq!(said(r#""hi""#).as_deref(), Some("hi"));
        assert_eq!(said(r#"[{"type":"image"},7,{"type":"text","text":"hi"}]"#).as_deref(), Some("hi"));
        assert_eq!(said(r#""<user_query>\nhi\n</user_query>""#).as_deref(), Some("hi"));
    }

    #[test]
    fn what_programs_say_in_a_persons_place_is_not_theirs() {
        assert_eq!(said(r#"[{"text":"<system-reminder>x</system-reminder>"},{"text":"hi"}]"#).as_deref(), Some("hi"));
        assert_eq!(said(r#"[{"type":"tool_result","tool_use_id":"1"}]"#), None);
        assert_eq!(said("7"), None);
    }
}
