use std::str::FromStr;
use std::time::Duration;

use agtop_alerts::Rules;
use agtop_format::Content;
use agtop_output::alert::NotificationTerminal;
use agtop_query::SortKey;
use jiff::tz::TimeZone;
use serde::Deserialize;
use thiserror::Error;

use crate::alerts::Thresholds;
use crate::columns::{self, ColumnChoice};
use crate::keys::Preset;
use crate::look::{Charset, Depth, THEMES, Theme};

/// How the screen starts. What the command line, the configuration and the terminal say, together.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first view.
    pub view: ViewId,
    /// Whether the dashboard is above it.
    pub dashboard: bool,
    /// The theme.
    pub theme: Theme,
    /// The themes a key goes through.
    pub themes: Vec<Theme>,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// Which characters it has.
    pub charset: Charset,
    /// Which keys mean what.
    pub keys: Preset,
    /// Which rows are shown, in the language of filters.
    pub filter: Option<String>,
    /// Only the agent with this pid.
    pub pid: Option<u32>,
    /// In which order.
    pub sort: SortKey,
    /// What deserves an alert.
    pub rules: Rules,
    /// What the terminal understands of alerts.
    pub terminal: NotificationTerminal,
    /// From which values on something has another colour.
    pub thresholds: Thresholds,
    /// Whether message text may be shown.
    pub content: Content,
    /// The columns of the agents view.
    pub columns: Vec<ColumnChoice>,
    /// The columns of the sessions view.
    pub session_columns: Vec<ColumnChoice>,
    /// The zone of the clock and of today.
    pub zone: TimeZone,
    /// Time between two snapshots.
    pub interval: Duration,
    /// agtop's version.
    pub version: &'static str,
    /// The platform as `std::env::consts::OS` names it.
    pub platform: &'static str,
}

impl Options {
    /// As it is where nobody asked for anything.
    pub fn usual(version: &'static str, platform: &'static str) -> Self {
        let themes = THEMES.to_vec();
        Self {
            view: ViewId::Agents,
            dashboard: false,
            theme: crate::look::theme("dark").unwrap_or_else(|_| colourless()),
            themes,
            depth: Depth::True,
            charset: Charset::Unicode,
            keys: Preset::Agtop,
            filter: None,
            pid: None,
            sort: SortKey::Smart,
            rules: Rules::default(),
            terminal: NotificationTerminal::default(),
            thresholds: Thresholds::default(),
            content: Content::Included,
            columns: columns::usual_of_agents(),
            session_columns: columns::usual_of_sessions(),
            zone: TimeZone::UTC,
            interval: Duration::from_millis(1500),
            version,
            platform,
        }
    }
}

fn colourless() -> Theme {
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
#[expect(clippy::struct_excessive_bools, reason = "that is what switches in a file are; options have fewer")]
pub struct Config {
    /// The theme: a built-in one, or one of `themes`.
    pub theme: Option<String>,
    /// Themes of the user's own.
    pub themes: Vec<Theme>,
    /// Whose keys: agtop, htop or vim.
    pub keys: Preset,
    /// The first view.
    pub view: Option<ViewId>,
    /// Whether the dashboard is above it.
    pub dashboard: bool,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Whether the mouse is left to the terminal.
    pub no_mouse: bool,
    /// Whether message text is hidden.
    pub private: bool,
    /// The columns of the agents view.
    pub columns: Vec<ColumnChoice>,
    /// The columns of the sessions view.
    pub session_columns: Vec<ColumnChoice>,
    /// From which values on something has another colour, and thresholds of the rules that agtop comes with.
    pub alerts: Thresholds,
}

/// A view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewId {
    /// Live agents.
    #[default]
    Agents,
    /// All sessions.
    Sessions,
    /// Rates of the last minutes.
    Rates,
    /// Usage by day, model, client and project.
    Usage,
    /// Allowances of accounts.
    Quota,
}

impl ViewId {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 5] = [Self::Agents, Self::Sessions, Self::Rates, Self::Usage, Self::Quota];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Sessions => "sessions",
            Self::Rates => "rates",
            Self::Usage => "usage",
            Self::Quota => "quota",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Agents => "Agents",
            Self::Sessions => "Sessions",
            Self::Rates => "Rates",
            Self::Usage => "Usage",
            Self::Quota => "Quota",
        }
    }
}

impl FromStr for ViewId {
    type Err = UnknownView;

    fn from_str(name: &str) -> Result<Self, UnknownView> {
        Self::ALL.into_iter().find(|view| view.as_str() == name).ok_or_else(|| UnknownView(name.to_owned()))
    }
}

/// No view is called that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown view '{0}'; choose from agents, sessions, rates, usage, quota")]
pub struct UnknownView(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        tui: Config,
    }

    #[test]
    fn the_configuration_in_the_documentation_can_be_read() {
        let document = include_str!("../../../../docs/tui.md");
        let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let File { tui } = toml::from_str(example).unwrap();
        assert_eq!(tui.alerts, Thresholds::default(), "it shows the usual values");
        assert_eq!((tui.keys, tui.themes.len(), tui.columns[3].width), (Preset::Vim, 1, Some(40)));
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
