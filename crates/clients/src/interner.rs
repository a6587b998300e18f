use std::collections::HashSet;
use std::sync::Arc;

/// Interned names of models and tools, which occur in every other record.
#[derive(Debug, Default)]
pub(crate) struct Interner(HashSet<Arc<str>>);

/// Maximum number of names of one file; further names are not shared.
const MAX_NAMES: usize = 4096;

impl Interner {
    /// The shared copy of a name.
    pub(crate) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        if self.0.len() < MAX_NAMES {
            self.0.insert(Arc::clone(&name));
        }
        name
    }
}
