//! Which file holds a response: a sorted list that is searched where it lies, because a start that finds nothing new
//! never looks at it.

use agtop_model::MessageKey;

use crate::record::FileEntryId;

/// Half of a response's key, and the file that holds it, in the order of the keys.
///
/// Halves of different keys may be the same. Then a file is loaded without need; nothing else happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKeyIndex {
    bytes: Vec<u8>,
}

/// A key's half and a file, both as little-endian numbers.
const PAIR_BYTES: usize = 16;

#[expect(clippy::cast_possible_truncation, reason = "half of a good hash is a good hash")]
pub(super) fn half(key: MessageKey) -> u64 {
    key.to_bits() as u64
}

impl MessageKeyIndex {
    /// The index of these keys and files.
    pub(super) fn of(mut pairs: Vec<(u64, FileEntryId)>) -> Self {
        pairs.sort_unstable();
        let mut bytes = Vec::with_capacity(pairs.len() * PAIR_BYTES);
        for (key, FileEntryId(file)) in pairs {
            bytes.extend_from_slice(&key.to_le_bytes());
            bytes.extend_from_slice(&file.to_le_bytes());
        }
        Self { bytes }
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.len().is_multiple_of(PAIR_BYTES).then_some(Self { bytes })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its digest.
    pub fn digest(&self) -> KeyDigest {
        let pairs: &[[u8; PAIR_BYTES]] = self.bytes.as_chunks().0;
        KeyDigest { prefixes: pairs.iter().map(|pair| prefix(parse(*pair).0)).collect() }
    }

    /// How many responses are in it.
    pub fn len(&self) -> usize {
        self.bytes.len() / PAIR_BYTES
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether this file may hold a response.
    pub fn holds(&self, key: MessageKey, file: FileEntryId) -> bool {
        self.files_of(key).any(|known| known == file)
    }

    /// The files that may hold a response; usually none, or one.
    pub fn files_of(&self, key: MessageKey) -> impl Iterator<Item = FileEntryId> + '_ {
        let half = half(key);
        let pairs: &[[u8; PAIR_BYTES]] = self.bytes.as_chunks().0;
        let start = pairs.partition_point(|pair| parse(*pair).0 < half);
        let from = pairs.get(start..).unwrap_or_default();
        from.iter().map(|pair| parse(*pair)).take_while(move |(key, _)| *key == half).map(|(_, file)| file)
    }
}

/// The beginnings of the keys of a [`MessageKeyIndex`], in a quarter of its memory: enough to say of nearly every new key
/// that the index does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDigest {
    /// Sorted.
    prefixes: Box<[u32]>,
}

impl KeyDigest {
    /// Whether the index may have this key; of a hundred thousand keys that it does not have, this is said of a few.
    pub fn may_hold(&self, key: MessageKey) -> bool {
        self.prefixes.binary_search(&prefix(half(key))).is_ok()
    }
}

/// The upper half of a key's half: sorting by it keeps the order of the index.
fn prefix(half: u64) -> u32 {
    (half >> 32) as u32
}

fn parse(pair: [u8; PAIR_BYTES]) -> (u64, FileEntryId) {
    let both = u128::from_le_bytes(pair);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half, and then the upper")]
    let (key, file) = (both as u64, (both >> 64) as u64);
    (key, FileEntryId(file.cast_signed()))
}

#[cfg(test)]
mod tests {
    use agtop_model::ClientId;

    use super::*;

    fn key(n: usize) -> MessageKey {
        MessageKey::global(ClientId::new("claude"), &n.to_string())
    }

    #[test]
    fn a_digest_holds_every_key_of_its_index_and_few_others() {
        let index = MessageKeyIndex::of((0..5000).map(|n| (half(key(n)), FileEntryId(7))).collect());
        let digest = index.digest();
        assert!((0..5000).all(|n| digest.may_hold(key(n))));
        let wrong = (5000..50_000).filter(|&n| digest.may_hold(key(n))).count();
        assert!(wrong < 5, "{wrong}");
        assert!(!MessageKeyIndex::of(Vec::new()).digest().may_hold(key(1)));
    }
}
