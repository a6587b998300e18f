use std::collections::{HashMap, HashSet};

use agtop_model::MessageKey;

/// The messages of the current conversation, as needed to distinguish a compaction from the checkpoints at each start
/// and after each masked tool output: only a compaction leaves out responses.
#[derive(Default)]
pub(super) struct Conversation {
    order: Vec<MessageKey>,
    places: HashMap<MessageKey, usize>,
    responses: HashSet<MessageKey>,
}

impl Conversation {
    /// Records a message that was written, for the first time or again.
    pub(super) fn note(&mut self, message: MessageKey, is_response: bool) {
        self.places.entry(message).or_insert_with(|| {
            self.order.push(message);
            self.order.len() - 1
        });
        if is_response {
            self.responses.insert(message);
        }
    }

    /// Removes the message and all later ones; an unknown message removes all.
    pub(super) fn rewind_to(&mut self, message: MessageKey) {
        let from = self.places.get(&message).copied().unwrap_or(0);
        for gone in self.order.drain(from..) {
            self.places.remove(&gone);
            self.responses.remove(&gone);
        }
    }

    /// Whether responses of the earlier conversation are missing in this one.
    pub(super) fn lacks_responses_of(&self, before: &Self) -> bool {
        before.responses.iter().any(|response| !self.responses.contains(response))
    }
}
