//! The views of the screen.

use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// A view of the screen.
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
    /// Rate limits of accounts.
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

/// No view has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown view '{0}'; choose from agents, sessions, rates, usage, quota")]
pub struct UnknownView(String);
