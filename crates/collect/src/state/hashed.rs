use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map with keys that are hashes already: to hash them again would take a tenth of the time of counting.
pub(super) type HashedMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;
/// A set of such keys.
pub(super) type HashedSet<K> = HashSet<K, BuildHasherDefault<KeyHasher>>;

/// Uses the 64 bits of the key as its hash.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
}
