use std::time::Duration;

use agtop_model::{PicoUsd, Timestamp};

use crate::sums::UsageSums;

/// A window of five hours, or the time between two in which nothing was used.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// When it began: the hour (UTC) of its first use; for a gap, five hours after the last use before it.
    pub start: Timestamp,
    /// When it ends or ended: five hours later; for a gap, the next use.
    pub end: Timestamp,
    /// Whether it is over.
    pub state: BlockState,
}

/// The state of a block.
#[derive(Clone, Copy, Debug)]
pub enum BlockState {
    /// The block is over.
    Over,
    /// The block is not over yet.
    Active(BlockProjection),
    /// Time between two blocks, in which nothing was used.
    Gap,
}

/// How fast usage and cost of a block grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnRate {
    /// All tokens.
    pub tokens_per_minute: f64,
    /// Tokens that no cache took part in.
    pub fresh_tokens_per_minute: f64,
    /// Cost; `None` if no price is known.
    pub cost_per_hour: Option<PicoUsd>,
}

/// What the active block will have used at its end.
#[derive(Clone, Copy, Debug)]
pub struct BlockProjection {
    /// Time until it ends.
    pub left: Duration,
    /// The burn rate so far; `None` if there was only one moment of use.
    pub burn: Option<BurnRate>,
    /// Tokens at its end, at the burn rate so far.
    pub tokens: Option<u64>,
    /// Cost at its end, at the burn rate so far.
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
    /// The length of a block.
    pub const LENGTH: Duration = Duration::from_hours(5);

    /// The projection; `None` if the block is over.
    pub fn projection(&self) -> Option<&BlockProjection> {
        match &self.state {
            BlockState::Active(projection) => Some(projection),
            BlockState::Over | BlockState::Gap => None,
        }
    }

    /// Whether it is a gap.
    pub const fn is_gap(&self) -> bool {
        matches!(self.state, BlockState::Gap)
    }
}

impl BurnRate {
    /// The rate between the first and the last use; `None` if they are the same moment.
    pub(super) fn of(sums: &UsageSums) -> Option<Self> {
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

impl BlockProjection {
    /// The projection of a block with these sums that ends in `left`.
    pub(super) fn of(sums: &UsageSums, left: Duration) -> Self {
        let burn = BurnRate::of(sums);
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
