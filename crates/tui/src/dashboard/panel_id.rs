use serde::Deserialize;

/// A panel of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DashboardPanel {
    /// How many agents have which status.
    Agents,
    /// Processor use and memory.
    Machine,
    /// Tokens per minute, by kind.
    Tokens,
    /// Cost of today, per hour, and of the last days.
    Cost,
    /// Rate limits of accounts.
    Quota,
    /// Agents, tokens and cost by project.
    Projects,
    /// Ports that agents listen on, and their MCP servers and other helpers.
    Ports,
    /// What agents did last.
    Activity,
    /// What failed last.
    Errors,
}

impl DashboardPanel {
    /// All panels, in the order of their digits.
    pub(crate) const ALL: [Self; 9] = [
        Self::Agents,
        Self::Machine,
        Self::Tokens,
        Self::Cost,
        Self::Quota,
        Self::Projects,
        Self::Ports,
        Self::Activity,
        Self::Errors,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Machine => "machine",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Quota => "quota",
            Self::Projects => "projects",
            Self::Ports => "ports and servers",
            Self::Activity => "activity",
            Self::Errors => "errors",
        }
    }

    /// The panel of a digit.
    pub(crate) fn of_digit(digit: char) -> Option<Self> {
        let at = digit.to_digit(10)?.checked_sub(1)?;
        Self::ALL.get(usize::try_from(at).ok()?).copied()
    }

    pub(crate) fn digit(self) -> usize {
        1 + Self::ALL.iter().position(|panel| *panel == self).unwrap_or_default()
    }
}
