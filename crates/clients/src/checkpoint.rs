//! What a decoder keeps between lines, as bytes: so that another process can go on where this one stopped.

use agtop_model::{Lineage, ServiceTier};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A decoder's state as bytes.
pub(crate) fn pack(state: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(state).ok()
}

/// The state that [`pack`] made bytes of; nothing if they are anything else.
pub(crate) fn unpack<S: DeserializeOwned>(bytes: &[u8]) -> Option<S> {
    serde_json::from_slice(bytes).ok()
}

/// A moment, as milliseconds.
pub(crate) mod millis {
    use agtop_model::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "so serde calls it")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::as_millis).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp::from_millis))
    }
}

/// A member of a fixed list, as its place in that.
pub(crate) trait Listed: Copy + PartialEq + 'static {
    const ALL: &'static [Self];

    fn place(self) -> Option<usize> {
        Self::ALL.iter().position(|&known| known == self)
    }

    fn at(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }
}

impl Listed for Lineage {
    const ALL: &'static [Self] = &[Self::Main, Self::Sidechain, Self::Embedded];
}

impl Listed for ServiceTier {
    const ALL: &'static [Self] = &[Self::Standard, Self::Priority, Self::Flex, Self::Batch, Self::Fast];
}
