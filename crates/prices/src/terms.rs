use agtop_model::{InferenceGeo, ServiceTier};

/// What decides the price of a response besides the model and the usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceTerms {
    /// The service tier.
    pub tier: ServiceTier,
    /// Where the model ran.
    pub geo: InferenceGeo,
}

impl From<ServiceTier> for PriceTerms {
    /// A service tier, with the model running anywhere.
    fn from(tier: ServiceTier) -> Self {
        Self { tier, ..Self::default() }
    }
}

/// The multipliers of all token rates of a model, in millionths, if the list has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Multipliers {
    /// In fast mode.
    pub(crate) fast: Option<i64>,
    /// For inference within the United States.
    pub(crate) us: Option<i64>,
}

impl Multipliers {
    /// These multipliers, with missing ones taken from `other`.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { fast: self.fast.or(other.fast), us: self.us.or(other.us) }
    }

    /// Pairs each multiplier with its counterpart in `other`.
    pub(crate) fn zip_with(self, other: Self) -> [(Option<i64>, Option<i64>); 2] {
        [(self.fast, other.fast), (self.us, other.us)]
    }

    /// The multiplier for the place where the model ran.
    pub(crate) fn of_geo(self, geo: InferenceGeo) -> Option<i64> {
        match geo {
            InferenceGeo::Global => None,
            InferenceGeo::Us => self.us,
        }
    }
}
