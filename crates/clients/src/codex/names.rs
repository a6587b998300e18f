//! Names that come again and again, kept once.

use std::sync::Arc;

/// Names seen in one file. A file has a handful of models and tools, so a list does.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Arc<str>>);

/// A file with more names than this makes them up; they are no longer kept.
const MOST: usize = 256;

impl Names {
    /// The one copy of this name.
    pub(super) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        if self.0.len() < MOST {
            self.0.push(Arc::clone(&new));
        }
        new
    }
}
