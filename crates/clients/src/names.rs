use std::collections::HashSet;
use std::sync::Arc;

/// Names of models and tools occur in every other record: each is allocated once.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<Arc<str>>);

/// No file uses more names than this honestly; beyond it names are not kept.
const MOST_NAMES: usize = 4096;

impl Names {
    /// The shared form of a name.
    pub(crate) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        if self.0.len() < MOST_NAMES {
            self.0.insert(Arc::clone(&name));
        }
        name
    }
}
