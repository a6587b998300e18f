//! `~/.config/agtop/config.toml`: what a user does not want to type every time. Flags win over the environment, the
//! environment over the file.

use std::path::{Path, PathBuf};

use agtop_alerts::{RuleEntry, Rules};
use agtop_format::sink::is_harmless;
use agtop_hooks::PayloadPolicy;
use agtop_prices::AsOf;
use anyhow::{Result, anyhow};
use serde::Deserialize;
use tracing::debug;

use crate::args::PlanChoice;

/// Nobody sets more than that.
pub(crate) const LARGEST: u64 = 4 * 1024 * 1024;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
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
    /// Aider keeps no list of its directories.
    #[serde(default)]
    pub(crate) aider: Aider,
    /// What agents push.
    #[expect(dead_code, reason = "`agtop hook` reads this table alone; here it is checked")]
    #[serde(default)]
    hooks: Hooks,
    /// The screen.
    #[serde(default)]
    pub(crate) tui: agtop_tui::Config,
    /// What deserves an alert, as it is written.
    #[serde(default)]
    alerts: Vec<RuleEntry>,
    /// What deserves an alert.
    #[serde(skip)]
    pub(crate) rules: Rules,
}

/// What becomes of what agents push.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hooks {
    /// Whether what was said may be spooled, as it came.
    #[serde(default)]
    content: bool,
}

/// What of the file `agtop hook` needs, whatever else it says.
#[derive(Default, Deserialize)]
struct HooksOnly {
    #[serde(default)]
    hooks: Hooks,
}

/// Whether what was said may be spooled: only if the file says so, and can be understood.
pub(crate) fn spooled_content(path: &Path) -> PayloadPolicy {
    let text = agtop_os::read_user_text(path, LARGEST).unwrap_or_default();
    let settings: HooksOnly = toml::from_str(&text).unwrap_or_default();
    if settings.hooks.content { PayloadPolicy::Keep } else { PayloadPolicy::Drop }
}

/// Where Aider is used.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Aider {
    /// Directories with an `.aider.chat.history.md`, or below whose git root one lies.
    #[serde(default)]
    pub(crate) directories: Vec<PathBuf>,
}

impl Config {
    /// Reads the file that the user named, or the usual one if it is there.
    pub(crate) fn load(named: Option<&Path>, usual: &Path) -> Result<Self> {
        let path = named.unwrap_or(usual);
        let text = match agtop_os::read_user_text(path, LARGEST) {
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

/// An error in one line that names file, line and column. A line break in a value that it quotes is written as one.
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
    fn a_mistake_is_told_with_line_and_column() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, "interval = 2\n\n[aider]\ndirectoris = []\n").unwrap();
        let error = Config::load(Some(&path), &path).unwrap_err().to_string();
        assert!(error.contains("config.toml:4:1: unknown field `directoris`"), "{error}");
    }

    /// The message ended at the line break within the value, as in "unknown variant ma".
    #[test]
    fn a_mistake_with_a_line_break_in_it_is_told_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, r#"plan = "ma\nx\u001b[2J""#).unwrap();
        let error = Config::load(Some(&path), &path).unwrap_err().to_string();
        let wanted = r"config.toml:1:8: unknown variant `ma\nx\u{1b}[2J`, expected one of `retail`, `max`, `included`";
        assert!(error.ends_with(wanted), "{error}");
    }

    #[test]
    fn what_was_said_is_spooled_only_if_the_file_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        assert_eq!(spooled_content(&path), PayloadPolicy::Drop);
        for (text, content) in [
            ("interval = 2\n[hooks]\ncontent = true\n", PayloadPolicy::Keep),
            ("[hooks]\ncontent = false\n", PayloadPolicy::Drop),
            ("[hooks]\ncontent = 1\n", PayloadPolicy::Drop),
            ("[hooks\ncontent = true\n", PayloadPolicy::Drop),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(spooled_content(&path), content, "{text}");
        }
        std::fs::write(&path, "[hooks]\ncontent = true\n").unwrap();
        assert!(Config::load(Some(&path), &path).is_ok());
    }

    #[test]
    fn the_usual_file_may_be_missing_a_named_one_may_not() {
        let path = Path::new("/nonexistent/config.toml");
        assert!(Config::load(None, path).is_ok());
        assert!(Config::load(Some(path), path).is_err());
    }
}
