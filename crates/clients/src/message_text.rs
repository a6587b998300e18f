//! The text of a message in the formats of the Anthropic and OpenAI APIs, which most agents use: text, or a list of
//! blocks.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::list::LazyList;
use crate::parse::{LooseText, Str};

/// A block of a message.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: LooseText<'a>,
    #[serde(borrow, default)]
    pub(crate) text: LooseText<'a>,
    /// Of a tool call.
    #[serde(borrow, default)]
    pub(crate) id: LooseText<'a>,
    #[serde(borrow, default)]
    pub(crate) name: LooseText<'a>,
    /// The call of a tool result.
    #[serde(borrow, default)]
    pub(crate) tool_use_id: LooseText<'a>,
    #[serde(default)]
    pub(crate) is_error: Option<bool>,
}

/// The valid blocks of a message. Plain text is one block.
pub(crate) fn blocks(content: &RawValue) -> Vec<Block<'_>> {
    if let Ok(text) = serde_json::from_str::<Str<'_>>(content.get()) {
        return vec![Block { text: LooseText(Some(text.0)), ..Block::default() }];
    }
    let list: LazyList<'_> = serde_json::from_str(content.get()).unwrap_or_default();
    let mut blocks = Vec::new();
    // Entries that are not blocks are skipped.
    drop(list.each("blocks", |_, block| blocks.push(block)));
    blocks
}

/// The first text that the user typed. Text that programs add stands in tags (`<system-reminder>`); a tag around the
/// user's own text (`<user_query>`) is removed.
pub(crate) fn words<'b>(blocks: &'b [Block<'_>]) -> Option<&'b str> {
    blocks.iter().filter_map(|block| block.text.text()).map(unwrapped).find(|text| !text.starts_with('<'))
}

/// The last text of the agent in a message.
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
    fn a_prompt_is_text_or_blocks() {
        assert_eq!(said(r#""hi""#).as_deref(), Some("hi"));
        assert_eq!(said(r#"[{"type":"image"},7,{"type":"text","text":"hi"}]"#).as_deref(), Some("hi"));
        assert_eq!(said(r#""<user_query>\nhi\n</user_query>""#).as_deref(), Some("hi"));
    }

    #[test]
    fn text_that_programs_add_is_not_the_users() {
        assert_eq!(said(r#"[{"text":"<system-reminder>x</system-reminder>"},{"text":"hi"}]"#).as_deref(), Some("hi"));
        assert_eq!(said(r#"[{"type":"tool_result","tool_use_id":"1"}]"#), None);
        assert_eq!(said("7"), None);
    }
}
