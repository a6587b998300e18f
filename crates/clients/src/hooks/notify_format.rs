//! The format of Codex's `notify = ["program", "argument", …]` in `config.toml`: at most one program, which gets the
//! payload as its last argument.

use agtop_model::ClientId;
use toml_edit::{Array, DocumentMut, Item, Value};

use super::{HookCommand, SettingsError, SettingsFormat};

const NOTIFY_KEY: &str = "notify";

/// A client with that format.
pub(super) struct NotifyFormat {
    /// The client.
    pub(super) client: ClientId,
}

impl SettingsFormat for NotifyFormat {
    /// Another program in `notify` is kept: there is room for only one.
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        let mut document = parse(text)?;
        if is_taken(&document) || ours(&document).is_some_and(|found| found == *command) {
            return Ok(text.to_owned());
        }
        let mut list = Array::new();
        list.push(command.program());
        list.extend(HookCommand::arguments(self.client));
        document.insert(NOTIFY_KEY, Item::Value(Value::Array(list)));
        Ok(document.to_string())
    }

    fn without(&self, text: &str) -> Result<String, SettingsError> {
        let mut document = parse(text)?;
        if ours(&document).is_some() {
            document.remove(NOTIFY_KEY);
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
    let list = document.get(NOTIFY_KEY)?.as_array()?;
    HookCommand::of_list(list.iter().map(|word| word.as_str().unwrap_or_default()))
}

fn is_taken(document: &DocumentMut) -> bool {
    document.contains_key(NOTIFY_KEY) && ours(document).is_none()
}
