//! Log records that are repeated only when they change.

use std::collections::HashMap;
use std::hash::Hash;

use tracing::{Level, enabled};

/// Whether a reader of the log asked for `debug`. Nothing is remembered otherwise.
pub(crate) fn is_debug_enabled() -> bool {
    enabled!(Level::DEBUG)
}

/// The last logged value of each subject.
#[derive(Debug)]
pub(crate) struct ChangeLog<K, V>(HashMap<K, V>);

impl<K, V> Default for ChangeLog<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: PartialEq + Clone> ChangeLog<K, V> {
    /// Notes the value. Returns whether it differs from the last one, or is the first.
    pub(crate) fn is_changed(&mut self, key: K, value: &V) -> bool {
        self.0.insert(key, value.clone()).as_ref() != Some(value)
    }

    /// Forgets the subjects that `stays` refuses.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K) -> bool) {
        self.0.retain(|key, _| stays(key));
    }
}
