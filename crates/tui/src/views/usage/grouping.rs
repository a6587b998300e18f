use std::sync::Arc;

use agtop_model::ClientId;

/// By what usage is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UsageGrouping {
    #[default]
    Period,
    Model,
    Client,
    Project,
    /// The sessions of a project that one has looked into.
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

/// What one looks into: only what was used in it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UsageScope {
    Period(String),
    Model(Option<Arc<str>>),
    Client(ClientId),
    Project(String),
}
