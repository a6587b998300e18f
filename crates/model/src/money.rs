use std::fmt;
use std::ops::AddAssign;

use crate::ClientId;

/// Money as an exact integer: one pico-dollar is 1e-12 US dollars.
///
/// Token prices are multiples of it (3 USD per million tokens is 3,000,000 pico-dollars a token), so sums are exact
/// and do not depend on the order of addition. Saturates at about 9.2 million dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PicoUsd(i64);

/// Pico-dollars in a dollar.
const PICO_PER_USD: f64 = 1e12;

impl PicoUsd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// From pico-dollars.
    pub const fn new(pico: i64) -> Self {
        Self(pico)
    }

    /// From dollars as vendors write them, rounded to the nearest pico-dollar; `None` for NaN, infinities and amounts
    /// that do not fit.
    pub fn from_usd(usd: f64) -> Option<Self> {
        let pico = (usd * PICO_PER_USD).round();
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
        (pico.is_finite() && pico.abs() < 9.2e18).then_some(Self(pico as i64))
    }

    /// Pico-dollars.
    pub const fn as_pico(self) -> i64 {
        self.0
    }

    /// Dollars, for JSON and arithmetic where the last digits do not matter.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / PICO_PER_USD
    }

    /// This price for that many pieces.
    #[must_use]
    pub fn times(self, pieces: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(pieces).unwrap_or(i64::MAX)))
    }
}

impl AddAssign for PicoUsd {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl std::iter::Sum for PicoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |mut sum, amount| {
            sum += amount;
            sum
        })
    }
}

impl fmt::Display for PicoUsd {
    /// Dollars with all twelve decimals, exact: `0.000003000000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let pico = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000)
    }
}

/// Where an amount comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CostBasis {
    /// Computed from tokens and the vendor's price list.
    Api,
    /// The agent wrote the amount down itself.
    Embedded,
    /// The model runs on this machine or network and bills nothing.
    Local,
    /// The model has no known price: the amount is missing, not zero.
    Unknown,
}

impl CostBasis {
    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Embedded => "embedded",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the user pays by use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Billing {
    /// Each token is paid for.
    #[default]
    Metered,
    /// A subscription covers it; amounts are what the API would have charged.
    Included,
}

impl Billing {
    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Included => "included",
        }
    }
}

/// Whom subscriptions cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BillingPlan {
    /// Nobody: everything at API prices.
    #[default]
    Retail,
    /// Claude, as with Claude Pro and Max.
    Max,
    /// Everybody.
    Included,
}

impl BillingPlan {
    /// The name in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retail => "retail",
            Self::Max => "max",
            Self::Included => "included",
        }
    }

    /// Whether a subscription covers what `client` uses.
    pub fn covers(self, client: ClientId) -> bool {
        match self {
            Self::Retail => false,
            Self::Max => client.as_str() == "claude",
            Self::Included => true,
        }
    }
}

/// What one response cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The amount; `None` where it is unknown.
    pub amount: Option<PicoUsd>,
    /// Where the amount comes from.
    pub basis: CostBasis,
}

impl Cost {
    /// The model has no known price.
    pub const UNKNOWN: Self = Self { amount: None, basis: CostBasis::Unknown };
    /// The model bills nothing.
    pub const LOCAL: Self = Self { amount: Some(PicoUsd::ZERO), basis: CostBasis::Local };
}

/// What a number of responses cost together, with what the sum leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// The sum of all known amounts.
    pub amount: PicoUsd,
    /// The part of `amount` that the agent itself wrote down.
    pub embedded: PicoUsd,
    /// The part of `amount` that a subscription covers.
    pub covered: PicoUsd,
    /// Responses priced from the list.
    pub api_turns: u64,
    /// Responses whose cost the agent wrote down.
    pub embedded_turns: u64,
    /// Responses of local models.
    pub local_turns: u64,
    /// Responses whose cost is unknown and missing from `amount`.
    pub unknown_turns: u64,
    /// Tokens of those.
    pub unknown_tokens: u64,
    /// Whether a subscription covers all of it.
    pub billing: Billing,
}

impl Spend {
    /// Adds what one response of `tokens` tokens cost.
    pub fn add(&mut self, cost: Cost, tokens: u64) {
        self.add_sum(cost, tokens, 1);
    }

    /// Adds what so many responses of `tokens` tokens together cost, whose costs came about alike.
    pub fn add_sum(&mut self, cost: Cost, tokens: u64, turns: u64) {
        self.amount += cost.amount.unwrap_or_default();
        match cost.basis {
            CostBasis::Api => self.api_turns += turns,
            CostBasis::Local => self.local_turns += turns,
            CostBasis::Embedded => {
                self.embedded_turns += turns;
                self.embedded += cost.amount.unwrap_or_default();
            }
            CostBasis::Unknown => {
                self.unknown_turns += turns;
                self.unknown_tokens = self.unknown_tokens.saturating_add(tokens);
            }
        }
    }

    /// The basis that describes the sum: how its amounts came about, `Unknown` if nothing in it has a price.
    pub fn basis(&self) -> CostBasis {
        if self.api_turns > 0 {
            CostBasis::Api
        } else if self.embedded_turns > 0 {
            CostBasis::Embedded
        } else if self.local_turns > 0 && self.unknown_turns == 0 {
            CostBasis::Local
        } else {
            CostBasis::Unknown
        }
    }

    /// Whether no response is in the sum.
    pub fn is_empty(&self) -> bool {
        [self.api_turns, self.embedded_turns, self.local_turns, self.unknown_turns].iter().all(|turns| *turns == 0)
    }

    /// Takes all of it for covered by a subscription.
    pub fn cover(&mut self) {
        if !self.is_empty() {
            self.covered = self.amount;
            self.billing = Billing::Included;
        }
    }

    /// What is paid for by use: the sum without what a subscription covers, and never less than nothing.
    #[must_use]
    pub fn metered(self) -> Self {
        let amount = PicoUsd::new(self.amount.as_pico().saturating_sub(self.covered.as_pico()).max(0));
        match self.billing {
            Billing::Metered => Self { amount, covered: PicoUsd::ZERO, ..self },
            Billing::Included => Self::default(),
        }
    }

    /// The amount, or `None` if nothing in the sum has a known one.
    pub fn known(&self) -> Option<PicoUsd> {
        (self.basis() != CostBasis::Unknown).then_some(self.amount)
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        let is_covered = |sum: &Self| sum.is_empty() || sum.billing == Billing::Included;
        let has_any = !(self.is_empty() && other.is_empty());
        self.billing =
            if has_any && is_covered(self) && is_covered(&other) { Billing::Included } else { Billing::Metered };
        self.amount += other.amount;
        self.covered += other.covered;
        self.embedded += other.embedded;
        self.api_turns += other.api_turns;
        self.embedded_turns += other.embedded_turns;
        self.local_turns += other.local_turns;
        self.unknown_turns += other.unknown_turns;
        self.unknown_tokens = self.unknown_tokens.saturating_add(other.unknown_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_shown_to_the_last_pico() {
        assert_eq!(PicoUsd::new(3_000_001).to_string(), "0.000003000001");
        assert_eq!(PicoUsd::new(-1_500_000_000_000).to_string(), "-1.500000000000");
    }

    #[test]
    fn dollars_that_are_no_number_are_refused() {
        assert_eq!(PicoUsd::from_usd(f64::NAN), None);
        assert_eq!(PicoUsd::from_usd(1e12), None);
        assert_eq!(PicoUsd::from_usd(0.04), Some(PicoUsd::new(40_000_000_000)));
    }

    #[test]
    fn a_sum_is_covered_if_all_of_it_is() {
        let of = |amount| {
            let mut spend = Spend::default();
            spend.add(Cost { amount: Some(PicoUsd::new(amount)), basis: CostBasis::Api }, 1);
            spend
        };
        let mut covered = of(5);
        covered.cover();
        let mut sum = Spend::default();
        sum += covered;
        sum += covered;
        assert_eq!((sum.billing, sum.covered, sum.metered()), (Billing::Included, PicoUsd::new(10), Spend::default()));
        sum += Spend::default();
        assert_eq!(sum.billing, Billing::Included, "nothing needs no cover");
        sum += of(3);
        assert_eq!(
            (sum.billing, sum.amount, sum.metered().amount),
            (Billing::Metered, PicoUsd::new(13), PicoUsd::new(3))
        );
    }

    /// The screen showed `cost -$7.84`: a part of a sum kept all that was covered of the whole.
    #[test]
    fn what_is_paid_by_use_is_never_less_than_nothing() {
        let mut spend = Spend::default();
        spend.add(Cost { amount: Some(PicoUsd::new(5)), basis: CostBasis::Api }, 1);
        spend.covered = PicoUsd::new(7);
        assert_eq!(spend.metered().amount, PicoUsd::ZERO);
    }

    #[test]
    fn a_sum_of_unknown_costs_is_unknown_not_zero() {
        let mut spend = Spend::default();
        spend.add(Cost::UNKNOWN, 7);
        assert_eq!(spend.known(), None);
        assert_eq!(spend.unknown_tokens, 7);
        spend.add(Cost { amount: Some(PicoUsd::new(5)), basis: CostBasis::Api }, 1);
        assert_eq!(spend.known(), Some(PicoUsd::new(5)));
    }
}
