//! `~/.config/agtop/config.toml`: defaults for flags, and settings of the screen. Flags win over the environment, and
//! the environment over the file.

use std::path::{Path, PathBuf};

use agtop_alerts::{RuleEntry, Rules};
use agtop_format::sink::is_harmless;
use agtop_hooks::PayloadPolicy;
use agtop_prices::AsOf;
use anyhow::{Result, anyhow};
use serde::Deserialize;
use tracing::debug;

use crate::args::PlanChoice;

/// A larger configuration is not read.
pub(crate) const MAX_CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// The shape of a bare `--json`: agents, sessions or tree.
    pub(crate) json: Option<String>,
    /// Seconds between two snapshots.
    pub(crate) interval: Option<f64>,
    /// Who pays.
    pub(crate) plan: Option<PlanChoice>,
    /// Only these agent programs.
    #[serde(default)]
    pub(crate) clients: Vec<String>,
    /// Patterns for processes that are agents, as `-m` takes them.
    #[serde(default, rename = "match")]
    pub(crate) matchers: Vec<String>,
    /// A file with prices of your own.
    pub(crate) prices: Option<PathBuf>,
    /// Which lists price usage: a day, usage or now.
    pub(crate) prices_as_of: Option<AsOf>,
    /// Where Aider is used.
    #[serde(default)]
    pub(crate) aider: AiderTable,
    /// The hooks.
    #[expect(dead_code, reason = "`agtop hook` reads only this table; here it is checked")]
    #[serde(default)]
    hooks: HooksTable,
    /// The screen.
    #[serde(default)]
    pub(crate) tui: agtop_tui::Config,
    /// The alert rules, as they are written.
    #[serde(default)]
    alerts: Vec<RuleEntry>,
    /// The alert rules: those of agtop with the changes and additions of the file.
    #[serde(skip)]
    pub(crate) rules: Rules,
}

/// The `[hooks]` table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HooksTable {
    /// Whether message text may be spooled.
    #[serde(default)]
    content: bool,
}

/// The part of the file that `agtop hook` reads. Mistakes elsewhere do not matter to it.
#[derive(Default, Deserialize)]
struct HooksTableOnly {
    #[serde(default)]
    hooks: HooksTable,
}

/// Whether message text may be spooled: only if the file is valid and allows it.
pub(crate) fn payload_policy(path: &Path) -> PayloadPolicy {
    let text = agtop_os::read_user_text(path, MAX_CONFIG_BYTES).unwrap_or_default();
    let settings: HooksTableOnly = toml::from_str(&text).unwrap_or_default();
    if settings.hooks.content { PayloadPolicy::Keep } else { PayloadPolicy::Drop }
}

/// The `[aider]` table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AiderTable {
    /// Directories in which Aider is used: it keeps no list of them. The history is there or in the root of the
    /// repository.
    #[serde(default)]
    pub(crate) directories: Vec<PathBuf>,
}

impl ConfigFile {
    /// Reads the file that the user named, or the default one if it exists.
    ///
    /// # Errors
    /// If the file cannot be read or is invalid. The error names file, line and column.
    pub(crate) fn load(named: Option<&Path>, default: &Path) -> Result<Self> {
        let path = named.unwrap_or(default);
        let text = match agtop_os::read_user_text(path, MAX_CONFIG_BYTES) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                debug!(?path, "configuration: not there");
                return Ok(Self::default());
            }
            Err(error) => return Err(anyhow!("{}: {error}", path.display())),
        };
        debug!(?path, bytes = text.len(), "configuration: read");
        let located = |at: usize, what: &str| anyhow!("{}", located(path, &text, at, what));
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| located(error.span().map_or(0, |span| span.start), error.message()))?;
        config.rules =
            config.tui.alerts.rules().with(&config.alerts).map_err(|error| located(error.span.start, &error.what))?;
        Ok(config)
    }
}

/// An error in one line, with file, line and column. A line break in a value that it quotes is escaped.
fn located(path: &Path, text: &str, at: usize, what: &str) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    let what = what.chars().map(|c| if is_harmless(c) { c.to_string() } else { c.escape_default().to_string() });
    format!("{}:{line}:{column}: {}", path.display(), what.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_line_and_column() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, "interval = 2\n\n[aider]\ndirectoris = []\n").unwrap();
        let error = ConfigFile::load(Some(&path), &path).unwrap_err().to_string();
        assert!(error.contains("config.toml:4:1: unknown field `directoris`"), "{error}");
    }

    /// The message ended at the line break within the value: "unknown variant ma".
    #[test]
    fn an_error_quotes_a_value_with_a_line_break_completely() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, r#"plan = "ma\nx\u001b[2J""#).unwrap();
        let error = ConfigFile::load(Some(&path), &path).unwrap_err().to_string();
        let wanted = r"config.toml:1:8: unknown variant `ma\nx\u{1b}[2J`, expected one of `retail`, `max`, `included`";
        assert!(error.ends_with(wanted), "{error}");
    }

    #[test]
    fn message_text_is_spooled_only_if_the_file_allows_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        assert_eq!(payload_policy(&path), PayloadPolicy::Drop);
        for (text, policy) in [
            ("interval = 2\n[hooks]\ncontent = true\n", PayloadPolicy::Keep),
            ("[hooks]\ncontent = false\n", PayloadPolicy::Drop),
            ("[hooks]\ncontent = 1\n", PayloadPolicy::Drop),
            ("[hooks\ncontent = true\n", PayloadPolicy::Drop),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(payload_policy(&path), policy, "{text}");
        }
        std::fs::write(&path, "[hooks]\ncontent = true\n").unwrap();
        assert!(ConfigFile::load(Some(&path), &path).is_ok());
    }

    #[test]
    fn only_the_default_file_may_be_missing() {
        let path = Path::new("/nonexistent/config.toml");
        assert!(ConfigFile::load(None, path).is_ok());
        assert!(ConfigFile::load(Some(path), path).is_err());
    }
}
