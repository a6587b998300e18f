use serde::Deserialize;
use toml::Spanned;

/// A rule as the configuration has it: a new one, or what is to be different about one that there is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<String>,
    pub(super) of: Option<Of>,
    pub(super) when: Option<Spanned<String>>,
    pub(super) bad_when: Option<Spanned<String>>,
    pub(super) threshold: Option<Spanned<f64>>,
    pub(super) severity: Option<Severity>,
    pub(super) cool_down: Option<Spanned<String>>,
    pub(super) enabled: Option<bool>,
    pub(super) actions: Option<Vec<Action>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) webhook: Option<Spanned<String>>,
    pub(super) content: Option<bool>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// Each live agent.
    #[default]
    Agent,
    /// All agents together.
    Fleet,
    /// Each window of each account's allowance.
    Quota,
}

impl Of {
    /// The name in the configuration and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Fleet => "fleet",
            Self::Quota => "quota",
        }
    }
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Worth a look.
    #[default]
    Warn,
    /// Something goes wrong.
    Bad,
}

impl Severity {
    /// The name in the configuration and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// What is done about an alert, besides commands and webhooks, which have keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The screen shows it above the list.
    Strip,
    /// The terminal rings.
    Bell,
    /// The terminal shows a notification; where there is no terminal, the desktop does.
    Notify,
    /// The desktop shows a notification.
    Desktop,
}
