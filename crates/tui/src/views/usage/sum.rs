use agtop_model::{ModelSpend, Spend};

use super::grouping::UsageScope;

/// A line of the usage view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UsageSum {
    pub(crate) label: String,
    pub(crate) key: Option<UsageScope>,
    pub(crate) tokens: u64,
    pub(crate) output: u64,
    pub(crate) spend: Spend,
    pub(crate) turns: u64,
}

impl UsageSum {
    pub(super) fn new(label: String, key: Option<UsageScope>) -> Self {
        Self { label, key, tokens: 0, output: 0, spend: Spend::default(), turns: 0 }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.output = self.output.saturating_add(other.output);
        self.turns = self.turns.saturating_add(other.turns);
        self.spend += other.spend;
    }

    pub(super) fn add(&mut self, part: &ModelSpend) {
        self.tokens = self.tokens.saturating_add(part.usage.total());
        self.output = self.output.saturating_add(part.usage.output);
        self.turns = self.turns.saturating_add(part.turns);
        self.spend += part.spend;
    }
}
