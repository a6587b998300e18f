use agtop_model::BillingPlan;
use agtop_model::{ClientId, Session, Timestamp};
use jiff::tz::TimeZone;

/// What a report adds up, and how.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// What a line stands for.
    pub kind: ReportKind,
    /// Further dimensions: one line for each combination.
    pub group_by: Vec<Dimension>,
    /// Whether each line is broken down by model.
    pub detail: LineDetail,
    /// Only usage from this moment on.
    pub since: Option<Timestamp>,
    /// Only usage before this moment.
    pub until: Option<Timestamp>,
    /// Only these clients; all if empty.
    pub clients: Vec<ClientId>,
    /// Only sessions in directories of these names or paths; all if empty.
    pub projects: Vec<String>,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Which clients a subscription covers.
    pub plan: BillingPlan,
    /// The order of lines.
    pub order: LineOrder,
    /// The largest number of lines; omitted lines are added up.
    pub limit: Option<usize>,
    /// Which blocks are shown.
    pub blocks: BlockSelection,
    /// Tokens that a block may have.
    pub token_limit: Option<TokenLimit>,
    /// The present moment.
    pub now: Timestamp,
}

impl ReportOptions {
    /// Everything, in the kind's own order.
    pub fn new(kind: ReportKind, now: Timestamp) -> Self {
        Self {
            kind,
            group_by: Vec::new(),
            detail: LineDetail::Whole,
            since: None,
            until: None,
            clients: Vec::new(),
            projects: Vec::new(),
            zone: TimeZone::UTC,
            plan: BillingPlan::Retail,
            order: LineOrder::Usual,
            limit: None,
            blocks: BlockSelection::All,
            token_limit: None,
            now,
        }
    }

    /// What each key of a line is: the dimensions of the kind, then those of `group_by`.
    pub(super) fn dimensions(&self) -> Vec<Dimension> {
        let mut dimensions = self.kind.dimensions().to_vec();
        for dimension in &self.group_by {
            if !dimensions.contains(dimension) {
                dimensions.push(*dimension);
            }
        }
        dimensions
    }

    /// Whether lines are broken down by model; not if each line has one model anyway.
    pub(super) fn detail(&self) -> LineDetail {
        if self.dimensions().contains(&Dimension::Model) { LineDetail::Whole } else { self.detail }
    }

    /// Whether lines have tags.
    pub fn asks_for_tags(&self) -> bool {
        self.dimensions().contains(&Dimension::Tag)
    }

    /// Whether the usage of that session counts.
    pub(super) fn includes_session(&self, session: &Session) -> bool {
        let is_named = |name: &String| {
            session.project.as_ref().is_some_and(|project| project.raw() == name)
                || session.cwd.as_ref().is_some_and(|cwd| cwd.as_os_str() == name.as_str())
        };
        (self.clients.is_empty() || self.clients.contains(&session.client()))
            && (self.projects.is_empty() || self.projects.iter().any(is_named))
    }

    /// Whether usage at that moment counts. Usage without a time counts only if neither `since` nor `until` is set.
    pub(super) fn includes_time(&self, at: Option<Timestamp>) -> bool {
        match at {
            Some(at) => self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until),
            None => self.since.is_none() && self.until.is_none(),
        }
    }
}

/// What a line of a report stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// Days.
    #[default]
    Daily,
    /// Weeks, Monday to Sunday (ISO 8601).
    Weekly,
    /// Months.
    Monthly,
    /// Sessions.
    Session,
    /// Directories of sessions.
    Project,
    /// Models.
    Model,
    /// Clients.
    Client,
    /// Git branches of projects.
    Branch,
    /// Tags of the user.
    Tag,
    /// Tools that were called.
    Tool,
    /// Windows of five hours, in which Claude's allowance is counted.
    Blocks,
}

impl ReportKind {
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

    /// Whether one of its lines is the present period.
    pub const fn has_current(self) -> bool {
        matches!(self, Self::Daily | Self::Weekly | Self::Monthly | Self::Blocks)
    }

    /// Whether lines can be broken down by further dimensions and by model: tool calls and blocks cannot.
    pub const fn is_grouped(self) -> bool {
        !matches!(self, Self::Tool | Self::Blocks)
    }

    /// What the keys of its lines are.
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
    /// A session.
    Session,
    /// A directory.
    Project,
    /// A model.
    Model,
    /// A client.
    Client,
    /// A git branch.
    Branch,
    /// Tags of the user.
    Tag,
    /// A tool.
    Tool,
    /// A window of five hours.
    Block,
}

impl Dimension {
    /// The dimensions by which usage can be grouped.
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

/// Whether lines are broken down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineDetail {
    /// Lines without parts.
    #[default]
    Whole,
    /// Each line with a line for each of its models.
    ByModel,
}

/// The order of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineOrder {
    /// Days, blocks and sessions oldest first, others most expensive first.
    #[default]
    Usual,
    /// Oldest or cheapest first.
    Ascending,
    /// Newest or most expensive first.
    Descending,
}

/// Which blocks are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockSelection {
    /// All of them.
    #[default]
    All,
    /// Those of the last three days.
    Recent,
    /// The active one.
    Active,
}

/// How many tokens a block may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLimit {
    /// This number.
    Tokens(u64),
    /// The tokens of the largest block that is over.
    Largest,
}
