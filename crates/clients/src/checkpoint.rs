//! Checkpoints: a decoder's state between two lines, as bytes, so that another process can continue where this one
//! stopped.

use agtop_model::{Lineage, ServiceTier};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Serialises a decoder's state. Returns `None` if it cannot be serialised.
pub(crate) fn pack(state: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(state).ok()
}

/// The state that [`pack`] serialised; `None` for any other bytes.
pub(crate) fn unpack<S: DeserializeOwned>(bytes: &[u8]) -> Option<S> {
    serde_json::from_slice(bytes).ok()
}

/// Serialises an optional time in milliseconds.
pub(crate) mod millis {
    use agtop_model::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "so serde calls it")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::as_millis).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp::from_millis))
    }
}

/// A member of a fixed list, stored as its index in the list.
pub(crate) trait IndexedVariant: Copy + PartialEq + 'static {
    const ALL: &'static [Self];

    fn index(self) -> Option<usize> {
        Self::ALL.iter().position(|&known| known == self)
    }

    fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }
}

impl IndexedVariant for Lineage {
    const ALL: &'static [Self] = &[Self::Main, Self::Sidechain, Self::Embedded];
}

impl IndexedVariant for ServiceTier {
    const ALL: &'static [Self] = &[Self::Standard, Self::Priority, Self::Flex, Self::Batch, Self::Fast];
}
