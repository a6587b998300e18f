/// What can be known about the sessions of one client, aspect by aspect: what `agtop clients` shows.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge {
    /// What its responses used.
    pub tokens: Known,
    /// What they cost: it says so itself, or names models, whose prices are known.
    pub cost: Known,
    /// How much of the prompts came from a cache.
    pub cache: Known,
    /// How full the context is.
    pub context: Known,
    /// Which tools were called.
    pub tools: Known,
    /// Which sub-agents work for a session.
    pub subagents: Known,
    /// That it waits for its person to allow something.
    pub permission: Known,
    /// How much of an account's allowance is used.
    pub limits: Known,
}

/// Whether a client's files tell something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// They do.
    Yes,
    /// They do under a condition, or with a gap: this one.
    Partly(&'static str),
    /// They do not.
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

    /// Every aspect with its name, in the order in which they are shown.
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
