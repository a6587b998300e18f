use std::str::FromStr;

use thiserror::Error;

/// A preset of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPreset {
    /// The keys of agtop 2, and new ones.
    #[default]
    Agtop,
    /// The keys of htop where they differ.
    Htop,
    /// The keys of vim where they differ.
    Vim,
}

impl KeyPreset {
    pub(crate) const ALL: [Self; 3] = [Self::Agtop, Self::Htop, Self::Vim];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Agtop => "agtop",
            Self::Htop => "htop",
            Self::Vim => "vim",
        }
    }
}

impl FromStr for KeyPreset {
    type Err = UnknownKeyPreset;

    fn from_str(name: &str) -> Result<Self, UnknownKeyPreset> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name).ok_or_else(|| UnknownKeyPreset(name.to_owned()))
    }
}

/// No preset has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown keys '{0}'; choose from agtop, htop, vim")]
pub struct UnknownKeyPreset(String);
