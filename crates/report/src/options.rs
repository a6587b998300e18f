use agtop_model::BillingPlan;
use agtop_model::{ClientId, Session, Timestamp};
use jiff::tz::TimeZone;

/// What to report, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What lines are.
    pub kind: Kind,
    /// What lines are besides: a line for each combination.
    pub group_by: Vec<Dimension>,
    /// Whether each line is taken apart.
    pub detail: Detail,
    /// Only usage from this moment on.
    pub since: Option<Timestamp>,
    /// Only usage before this moment.
    pub until: Option<Timestamp>,
    /// Only these agent programs; all if empty.
    pub clients: Vec<ClientId>,
    /// Only sessions in directories of these names or paths; all if empty.
    pub projects: Vec<String>,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Whom subscriptions cover.
    pub plan: BillingPlan,
    /// The order of lines.
    pub order: Order,
    /// How many lines; those left out are summed up.
    pub limit: Option<usize>,
    /// Which blocks.
    pub blocks: Which,
    /// Tokens that a block may have.
    pub token_limit: Option<TokenLimit>,
    /// The present moment.
    pub now: Timestamp,
}

impl Options {
    /// Everything, in the kind's own order.
    pub fn new(kind: Kind, now: Timestamp) -> Self {
        Self {
            kind,
            group_by: Vec::new(),
            detail: Detail::Whole,
            since: None,
            until: None,
            clients: Vec::new(),
            projects: Vec::new(),
            zone: TimeZone::UTC,
            plan: BillingPlan::Retail,
            order: Order::Usual,
            limit: None,
            blocks: Which::All,
            token_limit: None,
            now,
        }
    }

    /// What each of a line's keys is: the kind's own dimensions, then those asked for.
    pub(super) fn dimensions(&self) -> Vec<Dimension> {
        let mut dimensions = self.kind.dimensions().to_vec();
        for dimension in &self.group_by {
            if !dimensions.contains(dimension) {
                dimensions.push(*dimension);
            }
        }
        dimensions
    }

    /// Whether lines are taken apart: what is of one model is not.
    pub(super) fn detail(&self) -> Detail {
        if self.dimensions().contains(&Dimension::Model) { Detail::Whole } else { self.detail }
    }

    /// Whether lines tell what sessions are called.
    pub fn asks_for_tags(&self) -> bool {
        self.dimensions().contains(&Dimension::Tag)
    }

    /// Whether usage by that session is asked for.
    pub(super) fn wants(&self, session: &Session) -> bool {
        let is_named = |name: &String| {
            session.project.as_ref().is_some_and(|project| project.raw() == name)
                || session.cwd.as_ref().is_some_and(|cwd| cwd.as_os_str() == name.as_str())
        };
        (self.clients.is_empty() || self.clients.contains(&session.client()))
            && (self.projects.is_empty() || self.projects.iter().any(is_named))
    }

    /// Whether usage at that moment is asked for. What has no time may be from any, and counts only where all does.
    pub(super) fn holds(&self, at: Option<Timestamp>) -> bool {
        match at {
            Some(at) => self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until),
            None => self.since.is_none() && self.until.is_none(),
        }
    }
}

/// What a report's lines are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Days.
    #[default]
    Daily,
    /// Weeks, Monday to Sunday (ISO 8601).
    Weekly,
    /// Months.
    Monthly,
    /// Conversations.
    Session,
    /// Directories that were worked in.
    Project,
    /// Models.
    Model,
    /// Agent programs.
    Client,
    /// Git branches of projects.
    Branch,
    /// What the person calls sessions.
    Tag,
    /// Tools that were called.
    Tool,
    /// Windows of five hours, as Claude's allowances have them.
    Blocks,
}

impl Kind {
    /// Every kind, in the order of help texts.
    pub const ALL: [Self; 11] = [
        Self::Daily,
        Self::Weekly,
        Self::Monthly,
        Self::Session,
        Self::Project,
        Self::Model,
        Self::Client,
        Self::Branch,
        Self::Tag,
        Self::Tool,
        Self::Blocks,
    ];

    /// The name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Session => "session",
            Self::Project => "project",
            Self::Model => "model",
            Self::Client => "client",
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Tool => "tool",
            Self::Blocks => "blocks",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether one of its lines is the present one.
    pub const fn has_current(self) -> bool {
        matches!(self, Self::Daily | Self::Weekly | Self::Monthly | Self::Blocks)
    }

    /// Whether lines can be taken apart by further dimensions and by model: calls and blocks cannot.
    pub const fn is_grouped(self) -> bool {
        !matches!(self, Self::Tool | Self::Blocks)
    }

    /// What its lines' keys are.
    pub(super) const fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Daily => &[Dimension::Day],
            Self::Weekly => &[Dimension::Week],
            Self::Monthly => &[Dimension::Month],
            Self::Session => &[Dimension::Session],
            Self::Project => &[Dimension::Project],
            Self::Model => &[Dimension::Model],
            Self::Client => &[Dimension::Client],
            Self::Branch => &[Dimension::Project, Dimension::Branch],
            Self::Tag => &[Dimension::Tag],
            Self::Tool => &[Dimension::Client, Dimension::Tool],
            Self::Blocks => &[Dimension::Block],
        }
    }
}

/// What a key of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// A day.
    Day,
    /// A week, Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// A conversation.
    Session,
    /// A directory.
    Project,
    /// A model.
    Model,
    /// An agent program.
    Client,
    /// A git branch.
    Branch,
    /// What the person calls sessions.
    Tag,
    /// A tool.
    Tool,
    /// A window of five hours.
    Block,
}

impl Dimension {
    /// Those by which usage can be grouped.
    pub const GROUPS: [Self; 9] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Session,
        Self::Project,
        Self::Model,
        Self::Client,
        Self::Branch,
        Self::Tag,
    ];

    /// The name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Session => "session",
            Self::Project => "project",
            Self::Model => "model",
            Self::Client => "client",
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Tool => "tool",
            Self::Block => "block",
        }
    }

    /// The dimension of that name by which usage can be grouped.
    pub fn named(name: &str) -> Option<Self> {
        Self::GROUPS.into_iter().find(|dimension| dimension.as_str() == name)
    }
}

/// Whether lines are taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Each line alone.
    #[default]
    Whole,
    /// Each line with a line for each of its models.
    ByModel,
}

/// The order of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Lines of a time oldest first, others dearest first.
    #[default]
    Usual,
    /// Oldest or cheapest first.
    Ascending,
    /// Newest or dearest first.
    Descending,
}

/// Which blocks are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    #[default]
    All,
    /// Those of the last three days.
    Recent,
    /// The one that is not over yet.
    Active,
}

/// How many tokens a block may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLimit {
    /// So many.
    Tokens(u64),
    /// As many as the largest block that is over had.
    Largest,
}
