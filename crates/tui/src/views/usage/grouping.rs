use std::sync::Arc;

use agtop_model::ClientId;

/// How usage is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UsageGrouping {
    #[default]
    Period,
    Model,
    Client,
    Project,
    /// The sessions of the project that the user has opened.
    Session,
}

impl UsageGrouping {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Period => "time",
            Self::Model => "model",
            Self::Client => "client",
            Self::Project => "project",
            Self::Session => "session",
        }
    }
}

/// A group that the user has opened; only its usage is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UsageScope {
    Period(String),
    Model(Option<Arc<str>>),
    Client(ClientId),
    Project(String),
}
