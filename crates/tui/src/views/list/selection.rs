use agtop_model::Snapshot;

use super::item::{ListItem, RowIdentity};

/// The lines of a list, and the chosen one. The choice follows its agent or session, not the index.
#[derive(Debug, Default)]
pub(crate) struct RowList {
    pub(crate) items: Vec<ListItem>,
    pub(crate) index: usize,
    /// The first visible line.
    pub(crate) offset: usize,
    chosen: Option<RowIdentity>,
}

impl RowList {
    pub(crate) fn replace(&mut self, items: Vec<ListItem>, snapshot: &Snapshot) {
        self.items = items;
        let kept = self.chosen.as_ref().and_then(|chosen| self.items.iter().position(|item| item.is(chosen, snapshot)));
        // If the chosen line is gone, its neighbour is chosen.
        self.index = kept.unwrap_or(self.index).min(self.items.len().saturating_sub(1));
        if self.chosen.is_some() {
            self.follow_choice(snapshot);
        }
    }

    pub(crate) fn choose(&mut self, index: usize, snapshot: &Snapshot) {
        self.index = index.min(self.items.len().saturating_sub(1));
        self.follow_choice(snapshot);
    }

    pub(crate) fn step(&mut self, by: isize, snapshot: &Snapshot) {
        self.choose(self.index.saturating_add_signed(by), snapshot);
    }

    /// Scrolls `height` visible lines to the chosen one.
    pub(crate) fn scroll_to_choice(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.items.len().saturating_sub(height);
        self.offset = self.offset.clamp((self.index + 1).saturating_sub(height), self.index).min(last);
    }

    pub(crate) fn chosen(&self) -> Option<&ListItem> {
        self.items.get(self.index)
    }

    fn follow_choice(&mut self, snapshot: &Snapshot) {
        self.chosen = self.chosen().and_then(|item| item.identity(snapshot));
    }
}
