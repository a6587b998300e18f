use serde::Deserialize;
use toml::Spanned;

/// A rule as the configuration has it: a new one, or changes to an existing one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<String>,
    pub(super) of: Option<RuleScope>,
    pub(super) when: Option<Spanned<String>>,
    pub(super) bad_when: Option<Spanned<String>>,
    pub(super) threshold: Option<Spanned<f64>>,
    pub(super) severity: Option<Severity>,
    pub(super) cool_down: Option<Spanned<String>>,
    pub(super) enabled: Option<bool>,
    pub(super) actions: Option<Vec<AlertAction>>,
    pub(super) command: Option<Spanned<Vec<String>>>,
    pub(super) webhook: Option<Spanned<String>>,
    pub(super) content: Option<bool>,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleScope {
    /// Each live agent.
    #[default]
    Agent,
    /// All agents together.
    Fleet,
    /// Each window of each rate limit.
    Quota,
}

impl RuleScope {
    /// The name in the configuration and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Fleet => "fleet",
            Self::Quota => "quota",
        }
    }
}

/// How severe an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Note,
    /// Needs attention.
    #[default]
    Warn,
    /// Something is wrong.
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

/// What an alert does, besides commands and webhooks, which have keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertAction {
    /// The screen shows it in the alert strip above the list.
    Strip,
    /// The terminal sounds its bell.
    Bell,
    /// The terminal shows a notification; without a terminal, the desktop does.
    Notify,
    /// The desktop shows a notification.
    Desktop,
}
