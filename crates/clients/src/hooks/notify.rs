//! The form of Codex' `notify = ["program", "argument", …]` in `config.toml`: there is one program at most, and it gets
//! the payload as its last argument.

use agtop_model::ClientId;
use toml_edit::{Array, DocumentMut, Item, Value};

use super::{Form, HookCommand, SettingsError};

const KEY: &str = "notify";

/// A client with that form.
pub(super) struct Notify {
    /// Whose it is.
    pub(super) client: ClientId,
}

impl Form for Notify {
    /// Another program that is notified stays: there is no room for two.
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        let mut document = parse(text)?;
        if is_taken(&document) || ours(&document).is_some_and(|found| found == *command) {
            return Ok(text.to_owned());
        }
        let mut list = Array::new();
        list.push(command.program());
        list.extend(HookCommand::arguments(self.client));
        document.insert(KEY, Item::Value(Value::Array(list)));
        Ok(document.to_string())
    }

    fn without(&self, text: &str) -> Result<String, SettingsError> {
        let mut document = parse(text)?;
        if ours(&document).is_some() {
            document.remove(KEY);
        }
        Ok(document.to_string())
    }

    fn found(&self, text: &str) -> Result<Option<HookCommand>, SettingsError> {
        parse(text).map(|document| ours(&document))
    }

    fn obstacle(&self, text: &str) -> Result<Option<&'static str>, SettingsError> {
        let document = parse(text)?;
        Ok(is_taken(&document).then_some("another program is notified already, and there is room for one"))
    }
}

fn parse(text: &str) -> Result<DocumentMut, SettingsError> {
    text.parse::<DocumentMut>().map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        SettingsError::at(text, offset, "is not TOML")
    })
}

fn ours(document: &DocumentMut) -> Option<HookCommand> {
    let list = document.get(KEY)?.as_array()?;
    HookCommand::of_list(list.iter().map(|word| word.as_str().unwrap_or_default()))
}

fn is_taken(document: &DocumentMut) -> bool {
    document.contains_key(KEY) && ours(document).is_none()
}
