//! The arguments of a tool call, as far as they describe it. Models fill in much the same names for all clients.

use agtop_model::Untrusted;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::parse::{LooseText, short_text};

/// An argument that can describe a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    FilePath,
    AbsolutePath,
    Path,
    DirPath,
    Command,
    Cmd,
    Pattern,
    Url,
    Query,
    Description,
    Prompt,
}

/// The arguments of a call that describe it, or the sub-agent that it starts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToolArguments<'a> {
    #[serde(borrow)]
    file_path: LooseText<'a>,
    #[serde(borrow, rename = "filePath")]
    camel_file_path: LooseText<'a>,
    #[serde(borrow)]
    absolute_path: LooseText<'a>,
    #[serde(borrow)]
    path: LooseText<'a>,
    #[serde(borrow)]
    dir_path: LooseText<'a>,
    #[serde(borrow)]
    command: LooseText<'a>,
    #[serde(borrow)]
    cmd: LooseText<'a>,
    #[serde(borrow)]
    pattern: LooseText<'a>,
    #[serde(borrow)]
    url: LooseText<'a>,
    #[serde(borrow)]
    query: LooseText<'a>,
    #[serde(borrow)]
    prompt: LooseText<'a>,
    /// A description of the call, or of a sub-agent's task.
    #[serde(borrow)]
    pub(crate) description: LooseText<'a>,
    #[serde(borrow)]
    pub(crate) subagent_type: LooseText<'a>,
    #[serde(borrow)]
    pub(crate) subagent_name: LooseText<'a>,
    #[serde(borrow)]
    pub(crate) agent_name: LooseText<'a>,
    #[serde(borrow)]
    pub(crate) agent: LooseText<'a>,
}

impl<'a> ToolArguments<'a> {
    /// The arguments of a call; none if they have an unknown shape.
    pub(crate) fn of(raw: Option<&'a RawValue>) -> Self {
        Self::of_text(raw.map(RawValue::get))
    }

    /// The arguments of a call that are recorded as a text of JSON; none if they have an unknown shape.
    pub(crate) fn of_text(json: Option<&'a str>) -> Self {
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// The beginning of the first of these arguments that the call has.
    pub(crate) fn target(&self, order: &[Argument]) -> Option<Untrusted> {
        order.iter().find_map(|argument| self.text(*argument)).map(short_text)
    }

    fn text(&self, argument: Argument) -> Option<&str> {
        match argument {
            Argument::FilePath => self.file_path.text().or_else(|| self.camel_file_path.text()),
            Argument::AbsolutePath => self.absolute_path.text(),
            Argument::Path => self.path.text(),
            Argument::DirPath => self.dir_path.text(),
            Argument::Command => self.command.text(),
            Argument::Cmd => self.cmd.text(),
            Argument::Pattern => self.pattern.text(),
            Argument::Url => self.url.text(),
            Argument::Query => self.query.text(),
            Argument::Description => self.description.text(),
            Argument::Prompt => self.prompt.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(json: &str, order: &[Argument]) -> Option<String> {
        ToolArguments::of_text(Some(json)).target(order).map(|target| target.raw().to_owned())
    }

    #[test]
    fn the_first_argument_of_the_order_is_the_target() {
        let json = r#"{"path":"src","pattern":"fn main","description":"search"}"#;
        assert_eq!(target(json, &[Argument::Pattern, Argument::Path]).as_deref(), Some("fn main"));
        assert_eq!(target(json, &[Argument::Path, Argument::Pattern]).as_deref(), Some("src"));
        assert_eq!(target(json, &[Argument::Command]), None);
    }

    #[test]
    fn arguments_of_an_unknown_shape_have_no_target() {
        assert_eq!(target(r#"["src"]"#, &[Argument::Path]), None);
        assert_eq!(target(r#"{"path":7,"command":""}"#, &[Argument::Path, Argument::Command]), None);
        assert_eq!(target(r#"{"filePath":"a.rs"}"#, &[Argument::FilePath]).as_deref(), Some("a.rs"));
    }
}
