/// What can be known about the sessions of a client: the content of `agtop clients`.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge {
    /// The usage of its responses.
    pub tokens: Known,
    /// Their cost: the client records it, or names models with known prices.
    pub cost: Known,
    /// How much of the prompts was read from a cache.
    pub cache: Known,
    /// How full the context is.
    pub context: Known,
    /// The tools that were called.
    pub tools: Known,
    /// The sub-agents of a session.
    pub subagents: Known,
    /// Whether it waits for a permission.
    pub permission: Known,
    /// The use of the account's rate limits.
    pub limits: Known,
}

/// Whether a client's files contain something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Yes.
    Yes,
    /// Under a condition, or with a gap: this one.
    Partly(&'static str),
    /// No.
    No,
}

impl Knowledge {
    /// Nothing is known.
    pub const NONE: Self = Self {
        tokens: Known::No,
        cost: Known::No,
        cache: Known::No,
        context: Known::No,
        tools: Known::No,
        subagents: Known::No,
        permission: Known::No,
        limits: Known::No,
    };

    /// Every aspect with its name, in display order.
    pub const fn aspects(&self) -> [(&'static str, Known); 8] {
        [
            ("tokens", self.tokens),
            ("cost", self.cost),
            ("cache", self.cache),
            ("context", self.context),
            ("tools", self.tools),
            ("subagents", self.subagents),
            ("permission", self.permission),
            ("limits", self.limits),
        ]
    }
}

impl Known {
    /// The name in JSON and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly(_) => "partly",
            Self::No => "no",
        }
    }

    /// The condition or the gap.
    pub const fn gap(self) -> Option<&'static str> {
        match self {
            Self::Partly(gap) => Some(gap),
            Self::Yes | Self::No => None,
        }
    }
}
