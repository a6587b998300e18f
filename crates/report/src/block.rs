use std::time::Duration;

use agtop_model::{PicoUsd, Timestamp};

use crate::Sums;

/// A window of five hours, or the time between two in which nothing was used.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// When it began: the hour (UTC) of the first use in it; of a gap, when the block before it ended by rest.
    pub start: Timestamp,
    /// When it ends or ended: five hours later; of a gap, when there was use again.
    pub end: Timestamp,
    /// How it stands.
    pub state: BlockState,
}

/// How a block stands.
#[derive(Clone, Copy, Debug)]
pub enum BlockState {
    /// It is over.
    Over,
    /// It is not over yet.
    Active(Outlook),
    /// Nothing was used.
    Gap,
}

/// How fast a block is used up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// Every token.
    pub tokens_per_minute: f64,
    /// Tokens that no cache took part in.
    pub fresh_tokens_per_minute: f64,
    /// Money; `None` where no price is known.
    pub cost_per_hour: Option<PicoUsd>,
}

/// What the active block will come to.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// Time until it ends.
    pub left: Duration,
    /// How fast it is used up; `None` where there was only one moment of use.
    pub burn: Option<Burn>,
    /// Tokens at its end, if it goes on like this.
    pub tokens: Option<u64>,
    /// Money at its end, if it goes on like this.
    pub cost: Option<PicoUsd>,
}

impl BlockState {
    /// The name in JSON and CSV.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::Active(_) => "active",
            Self::Gap => "gap",
        }
    }
}

impl Block {
    /// How long a block is.
    pub const LENGTH: Duration = Duration::from_hours(5);

    /// The outlook of a block that is not over.
    pub fn outlook(&self) -> Option<&Outlook> {
        match &self.state {
            BlockState::Active(outlook) => Some(outlook),
            BlockState::Over | BlockState::Gap => None,
        }
    }

    /// Whether nothing was used.
    pub const fn is_gap(&self) -> bool {
        matches!(self.state, BlockState::Gap)
    }
}

impl Burn {
    /// The rate between the first and the last use; `None` where these are one moment.
    pub(super) fn of(sums: &Sums) -> Option<Self> {
        let span = sums.last?.since(sums.first?);
        if span.is_zero() {
            return None;
        }
        let minutes = span.as_secs_f64() / 60.0;
        let per_hour = |amount: PicoUsd| PicoUsd::from_usd(amount.as_usd() / minutes * 60.0);
        Some(Self {
            tokens_per_minute: sums.usage.total() as f64 / minutes,
            fresh_tokens_per_minute: sums.usage.fresh() as f64 / minutes,
            cost_per_hour: sums.spend.known().and_then(per_hour),
        })
    }
}

impl Outlook {
    /// What a block with these sums comes to when `left` more has passed at the pace so far.
    pub(super) fn of(sums: &Sums, left: Duration) -> Self {
        let burn = Burn::of(sums);
        let tokens = burn.map(|burn| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
            let more = (burn.tokens_per_minute * left.as_secs_f64() / 60.0).round() as u64;
            sums.usage.total().saturating_add(more)
        });
        let cost = burn.and_then(|burn| burn.cost_per_hour).zip(sums.spend.known()).and_then(|(per_hour, so_far)| {
            PicoUsd::from_usd(so_far.as_usd() + per_hour.as_usd() * left.as_secs_f64() / 3600.0)
        });
        Self { left, burn, tokens, cost }
    }
}
