//! A file that only agtop writes, in a directory from which the client reads every file.

use super::{HookCommand, SettingsError, SettingsFormat};

/// Such a file.
pub(super) struct DedicatedFile {
    /// Its text.
    pub(super) text: fn(&HookCommand) -> String,
    /// The text before the program's path, which is written as JSON.
    pub(super) before: &'static str,
    /// Parses the command from that JSON text.
    pub(super) read: fn(&str) -> Option<HookCommand>,
}

impl SettingsFormat for DedicatedFile {
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        if !text.trim().is_empty() && self.found(text)?.is_none() {
            return Err(SettingsError::at(text, 0, "the file is somebody else's"));
        }
        Ok((self.text)(command))
    }

    /// Empty if the file is unchanged since agtop wrote it, else an error.
    fn without(&self, text: &str) -> Result<String, SettingsError> {
        let is_unchanged = self.found(text)?.is_some_and(|command| (self.text)(&command) == text);
        if is_unchanged { Ok(String::new()) } else { Err(SettingsError::at(text, 0, "the file was changed by hand")) }
    }

    fn found(&self, text: &str) -> Result<Option<HookCommand>, SettingsError> {
        let value = text.split_once(self.before).map(|(_, rest)| rest);
        let mut values = value.map(|rest| serde_json::Deserializer::from_str(rest).into_iter::<String>());
        let first = values.as_mut().and_then(Iterator::next).and_then(Result::ok);
        Ok(first.as_deref().and_then(self.read))
    }
}

/// A text as a JSON string, which is also a JavaScript string.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
