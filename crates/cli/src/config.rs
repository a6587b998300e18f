//! `~/.config/agtop/config.toml`: defaults for flags, and settings of the screen. Flags win over the environment, and
//! the environment over the file.

use std::path::{Path, PathBuf};

use agtop_alerts::{RuleEntry, Rules};
use agtop_format::sink::is_harmless;
use agtop_hooks::PayloadPolicy;
use agtop_prices::AsOf;
use agtop_query::{nearest, suggestion};
use anyhow::{Result, anyhow};
use serde::Deserialize;
use toml::Spanned;
use tracing::debug;

use crate::args::{PlanChoice, SnapshotChoice};

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
            .map_err(|error| located(error.span().map_or(0, |span| span.start), &with_guess(error.message())))?;
        config.rules =
            config.tui.alerts.rules().with(&config.alerts).map_err(|error| located(error.span.start, &error.what))?;
        Ok(config)
    }
}

/// The names in the file that do not exist: a theme, a preset, a client, a shape of JSON. Each is an error in one line, with file,
/// line and column. Other commands notice such a name only if they use it.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn unknown_names(path: &Path) -> Result<Vec<String>> {
    let text = agtop_os::read_user_text(path, MAX_CONFIG_BYTES)?;
    let names: ConfigNames = toml::from_str(&text)?;
    let mut themes: Vec<&str> = agtop_tui::THEMES.iter().map(|theme| &*theme.name).collect();
    themes.extend(names.tui.themes.iter().map(|theme| &*theme.name));
    let clients: Vec<&str> = agtop_clients::clients().map(|client| client.info().id.as_str()).collect();
    let is_client = |name: &str| agtop_clients::client(name).is_some();
    let shapes: Vec<&str> = SnapshotChoice::json_shapes().collect();
    let mut unknown: Vec<(usize, String)> = Vec::new();
    let mut check = |what: &str, name: &Spanned<String>, is_known: bool, known: &[&str]| {
        if !is_known {
            let name_text = name.get_ref();
            let guess = suggestion(name_text, known.iter().copied());
            let message = format!("unknown {what} '{name_text}'{guess}; choose from {}", known.join(", "));
            unknown.push((name.span().start, message));
        }
    };
    if let Some(name) = &names.tui.theme {
        check("theme", name, themes.contains(&name.get_ref().as_str()), &themes);
    }
    let mut presets: Vec<&str> = agtop_tui::DASHBOARD_PRESETS.iter().map(|preset| &*preset.name).collect();
    presets.extend(names.tui.presets.iter().map(|preset| &*preset.name));
    if let Some(name) = &names.tui.preset {
        check("preset", name, presets.contains(&name.get_ref().as_str()), &presets);
    }
    for name in &names.clients {
        check("client", name, is_client(name.get_ref()), &clients);
    }
    if let Some(name) = &names.json {
        check("JSON shape", name, shapes.contains(&name.get_ref().as_str()), &shapes);
    }
    Ok(unknown.into_iter().map(|(at, message)| located(path, &text, at, &message)).collect())
}

/// The names in the file that must exist elsewhere, with their places. A file that [`ConfigFile::load`] has accepted can
/// be read so.
#[derive(Default, Deserialize)]
struct ConfigNames {
    #[serde(default)]
    tui: ScreenNames,
    #[serde(default)]
    clients: Vec<Spanned<String>>,
    json: Option<Spanned<String>>,
}

/// The names in the table of the screen.
#[derive(Default, Deserialize)]
struct ScreenNames {
    theme: Option<Spanned<String>>,
    #[serde(default)]
    themes: Vec<OwnName>,
    preset: Option<Spanned<String>>,
    #[serde(default)]
    presets: Vec<OwnName>,
}

/// The name of a theme or preset that the user defines.
#[derive(Deserialize)]
struct OwnName {
    name: String,
}

/// A message of the TOML reader with the name that the user may have meant: such a message quotes the unknown name
/// first, then those that exist.
fn with_guess(message: &str) -> String {
    let is_about_name = ["unknown field", "unknown variant"].iter().any(|start| message.starts_with(start));
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| is_about_name);
    let column = message.strip_prefix("no column is called '").and_then(|rest| rest.split('\'').next());
    let meant = match (unknown, column) {
        (Some(name), _) => nearest(name, quoted),
        (None, Some(name)) => nearest(name, agtop_model::FIELDS.iter().map(|field| field.id)),
        (None, None) => None,
    };
    meant.map_or_else(|| message.to_owned(), |meant| format!("{message} (did you mean `{meant}`?)"))
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
        assert!(error.contains(wanted), "{error}");
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

    fn names_in(text: &str) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        ConfigFile::load(Some(&path), &path).unwrap();
        let place = format!("{}:", path.display());
        unknown_names(&path).unwrap().iter().map(|line| line.strip_prefix(&place).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_name_that_does_not_exist_is_reported_with_its_line_and_a_suggestion() {
        let found = names_in("json = \"session\"\nclients = [\"claude\", \"codx\"]\n[tui]\ntheme = \"dracul\"\n");
        let starts = [
            "4:9: unknown theme 'dracul' (did you mean 'dracula'?); choose from dark, light, ",
            "2:22: unknown client 'codx' (did you mean 'codex'?); choose from claude, codex, ",
            "1:8: unknown JSON shape 'session' (did you mean 'sessions'?); choose from agents, sessions, tree",
        ];
        assert_eq!(found.len(), starts.len(), "{found:?}");
        assert!(found.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{found:#?}");
    }

    #[test]
    fn a_preset_is_one_of_agtop_or_of_the_file() {
        let nothing: [String; 0] = [];
        for name in ["all", "usage", "machine", "events"] {
            assert_eq!(names_in(&format!("[tui]\npreset = \"{name}\"\n")), nothing);
        }
        let own = "[tui]\npreset = \"mine\"\n[[tui.presets]]\nname = \"mine\"\npanels = [\"cost\"]\n";
        assert_eq!(names_in(own), nothing);
        let found = names_in("[tui]\npreset = \"usgae\"\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("2:10: unknown preset 'usgae' (did you mean 'usage'?); choose from all, usage, "));
        let built_in: Vec<&str> = agtop_tui::DASHBOARD_PRESETS.iter().map(|preset| &*preset.name).collect();
        assert_eq!(built_in, ["all", "usage", "machine", "events"]);
    }

    #[test]
    fn names_that_exist_are_not_reported() {
        let own = "[[tui.themes]]\nname = \"mine\"\n";
        let path = agtop_tui::THEMES.iter().map(|theme| &*theme.name).chain(["mine"]);
        for theme in path {
            let nothing: [String; 0] = [];
            assert_eq!(names_in(&format!("clients = [\"claude-code\"]\n[tui]\ntheme = \"{theme}\"\n{own}")), nothing);
        }
    }

    #[test]
    fn an_unknown_key_or_column_comes_with_a_suggestion() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        for (text, meant) in [
            ("intervall = 2\n", "(did you mean `interval`?)"),
            ("[tui]\nkeys = \"vi\"\n", "(did you mean `vim`?)"),
            ("[tui]\ncolumns = [\"projct\"]\n", "(did you mean `project`?)"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = ConfigFile::load(Some(&path), &path).unwrap_err().to_string();
            assert!(error.contains(meant), "{error}");
        }
    }

    #[test]
    fn only_the_default_file_may_be_missing() {
        let path = Path::new("/nonexistent/config.toml");
        assert!(ConfigFile::load(None, path).is_ok());
        assert!(ConfigFile::load(Some(path), path).is_err());
    }
}
