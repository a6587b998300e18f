use agtop_model::{InferenceGeo, ServiceTier};

/// What sets the price of a response beside the model and the usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The class of service.
    pub tier: ServiceTier,
    /// Where the model ran.
    pub geo: InferenceGeo,
}

impl From<ServiceTier> for Terms {
    /// A class of service, with the model running anywhere.
    fn from(tier: ServiceTier) -> Self {
        Self { tier, ..Self::default() }
    }
}

/// What a vendor multiplies every token rate of a model by, in millionths, where the list has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Multipliers {
    /// In fast mode.
    pub(crate) fast: Option<i64>,
    /// For inference within the United States.
    pub(crate) us: Option<i64>,
}

impl Multipliers {
    /// These, and of `other` what is missing here.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { fast: self.fast.or(other.fast), us: self.us.or(other.us) }
    }

    /// Each of these with its counterpart in `other`.
    pub(crate) fn beside(self, other: Self) -> [(Option<i64>, Option<i64>); 2] {
        [(self.fast, other.fast), (self.us, other.us)]
    }

    /// The multiplier for where the model ran.
    pub(crate) fn of_geo(self, geo: InferenceGeo) -> Option<i64> {
        match geo {
            InferenceGeo::Global => None,
            InferenceGeo::Us => self.us,
        }
    }
}
