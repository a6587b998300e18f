//! The form of a file that is agtop's alone, in a directory where a client takes in every file.

use super::{Form, HookCommand, SettingsError};

/// Such a file.
pub(super) struct Own {
    /// What it says.
    pub(super) text: fn(&HookCommand) -> String,
    /// What stands before the program's path, which is written as JSON.
    pub(super) before: &'static str,
    /// Reads the program back from the JSON text there.
    pub(super) read: fn(&str) -> Option<HookCommand>,
}

impl Form for Own {
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        if !text.trim().is_empty() && self.found(text)?.is_none() {
            return Err(SettingsError::at(text, 0, "the file is somebody else's"));
        }
        Ok((self.text)(command))
    }

    /// The whole file, if it is as agtop wrote it.
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

/// A text as JSON writes it, which JavaScript reads alike.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
