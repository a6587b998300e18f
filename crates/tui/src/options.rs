//! How the screen starts.

use std::time::Duration;

use agtop_format::Content;
use agtop_output::alert::NotificationTerminal;
use agtop_query::SortKey;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::clock::ClockPrecision;
use crate::columns::{self, ColumnChoice};
use crate::dashboard::DashboardPreset;
use crate::keys::KeyPreset;
use crate::look::{Charset, ColorDepth, THEMES, Theme};
use crate::thresholds::Thresholds;
use crate::view_id::ViewId;

/// How the screen starts: the settings of the command line, the configuration and the terminal.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first view.
    pub view: ViewId,
    /// Whether the dashboard is shown.
    pub dashboard: bool,
    /// The name of the first preset of the dashboard.
    pub preset: Option<String>,
    /// Presets that the user defines.
    pub presets: Vec<DashboardPreset>,
    /// The theme.
    pub theme: Theme,
    /// The themes that a key cycles through.
    pub themes: Vec<Theme>,
    /// The colours of the terminal.
    pub depth: ColorDepth,
    /// The characters of the terminal.
    pub charset: Charset,
    /// The preset of keys.
    pub keys: KeyPreset,
    /// The filter of rows.
    pub filter: Option<String>,
    /// Only the agent with this pid.
    pub pid: Option<u32>,
    /// The order of rows.
    pub sort: SortKey,
    /// How the terminal shows notifications.
    pub terminal: NotificationTerminal,
    /// The thresholds of colours.
    pub thresholds: Thresholds,
    /// Whether message text may be shown.
    pub content: Content,
    /// The columns of the agents view.
    pub columns: Vec<ColumnChoice>,
    /// The columns of the sessions view.
    pub session_columns: Vec<ColumnChoice>,
    /// The zone of the clock and of today.
    pub zone: TimeZone,
    /// What the clock shows.
    pub clock: ClockPrecision,
    /// Time between two snapshots.
    pub interval: Duration,
    /// agtop's version.
    pub version: &'static str,
    /// The platform as `std::env::consts::OS` names it.
    pub platform: &'static str,
}

impl Options {
    /// The defaults, with agtop's version and platform.
    pub fn with_defaults(version: &'static str, platform: &'static str) -> Self {
        let themes = THEMES.to_vec();
        Self {
            view: ViewId::Agents,
            dashboard: false,
            preset: None,
            presets: Vec::new(),
            theme: crate::look::theme("dark").unwrap_or_else(|_| plain_theme()),
            themes,
            depth: ColorDepth::True,
            charset: Charset::Unicode,
            keys: KeyPreset::Agtop,
            filter: None,
            pid: None,
            sort: SortKey::Smart,
            terminal: NotificationTerminal::default(),
            thresholds: Thresholds::default(),
            content: Content::Included,
            columns: columns::default_agent_columns(),
            session_columns: columns::default_session_columns(),
            zone: TimeZone::UTC,
            clock: ClockPrecision::default(),
            interval: Duration::from_millis(1500),
            version,
            platform,
        }
    }
}

fn plain_theme() -> Theme {
    Theme {
        name: "plain".into(),
        ground: None,
        text: None,
        dim: None,
        faint: None,
        accent: None,
        good: None,
        warn: None,
        bad: None,
        selected: None,
    }
}

/// The `[tui]` table of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a file has a switch for each; options have fewer")]
pub struct Config {
    /// The theme: a built-in one, or one of `themes`.
    pub theme: Option<String>,
    /// Themes that the user defines.
    pub themes: Vec<Theme>,
    /// The preset of keys: agtop, htop or vim.
    pub keys: KeyPreset,
    /// The first view.
    pub view: Option<ViewId>,
    /// Whether the dashboard is shown.
    pub dashboard: bool,
    /// The name of the first preset of the dashboard: `all`, `usage`, `machine`, `events`, or one of `presets`.
    pub preset: Option<String>,
    /// Presets of the dashboard that the user defines.
    pub presets: Vec<DashboardPreset>,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Whether the terminal handles the mouse.
    pub no_mouse: bool,
    /// What the clock shows.
    pub clock: ClockPrecision,
    /// Whether message text is hidden.
    pub private: bool,
    /// The columns of the agents view.
    pub columns: Vec<ColumnChoice>,
    /// The columns of the sessions view.
    pub session_columns: Vec<ColumnChoice>,
    /// The thresholds of colours and of built-in rules.
    pub alerts: Thresholds,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        tui: Config,
    }

    #[test]
    fn the_configuration_in_the_documentation_can_be_read() {
        let document = include_str!("../../../docs/tui.md");
        let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let File { tui } = toml::from_str(example).unwrap();
        assert_eq!(tui.alerts, Thresholds::default(), "it shows the usual values");
        assert_eq!((tui.keys, tui.themes.len(), tui.columns[3].width), (KeyPreset::Vim, 1, Some(40)));
    }

    #[test]
    fn a_mistake_in_the_configuration_is_named() {
        for (text, part) in [
            ("tui.colour = 1", "unknown field `colour`"),
            ("tui.columns = [\"speed\"]", "no column is called 'speed'"),
            ("tui.keys = \"emacs\"", "unknown variant `emacs`"),
            ("tui.alerts.burn = \"much\"", "invalid type"),
        ] {
            let error = toml::from_str::<File>(text).err().unwrap().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
