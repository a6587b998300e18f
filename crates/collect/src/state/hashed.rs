use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map over keys that are hashes already: hashing them again is a tenth of the work of counting.
pub(super) type HashedMap<K, V> = HashMap<K, V, BuildHasherDefault<Taken>>;
/// A set of such keys.
pub(super) type HashedSet<K> = HashSet<K, BuildHasherDefault<Taken>>;

/// Takes the key's own 64 bits for its hash.
#[derive(Default)]
pub(super) struct Taken(u64);

impl Hasher for Taken {
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
