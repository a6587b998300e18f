//! Choices made on the screen, kept in the configuration file.

use std::io::ErrorKind;
use std::path::Path;

use agtop_tui::SavedChoices;
use anyhow::{Context, Result};

use crate::config::MAX_CONFIG_BYTES;

/// Sets the choices in the `[tui]` table. Everything else in the file stays as the user wrote it.
///
/// # Errors
/// If the file cannot be read, parsed or written.
pub(super) fn save_choices(path: &Path, choices: &SavedChoices) -> Result<()> {
    let text = match agtop_os::read_user_text(path, MAX_CONFIG_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut document: toml_edit::DocumentMut = text.parse().with_context(|| path.display().to_string())?;
    let array =
        |columns: &[agtop_tui::ColumnChoice]| -> toml_edit::Array { columns.iter().map(ToString::to_string).collect() };
    let table = document.entry("tui").or_insert_with(toml_edit::table);
    if let Some(theme) = &choices.theme {
        table["theme"] = toml_edit::value(theme.as_str());
    }
    if let Some(columns) = &choices.columns {
        table["columns"] = toml_edit::value(array(columns));
    }
    if let Some(columns) = &choices.session_columns {
        table["session_columns"] = toml_edit::value(array(columns));
    }
    agtop_os::replace_user_file(path, document.to_string().as_bytes()).with_context(|| path.display().to_string())
}
