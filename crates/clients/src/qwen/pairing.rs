use std::collections::VecDeque;

use agtop_model::MessageKey;

use super::wire::Tokens;

/// Pairs the two records of a response.
///
/// A response of the conversation is recorded twice within moments: by telemetry, with the server's id, and as the
/// assistant's message, without an id. Both have the same counts, and no other response to the same prompt has them
/// (each prompt is longer than the one before). If one of the two is missing (the first versions wrote no telemetry,
/// the program's own requests leave no assistant line), the other counts alone.
#[derive(Default)]
pub(super) struct ResponsePairing {
    open: VecDeque<UnpairedRecord>,
}

/// A record whose counterpart has not been seen.
struct UnpairedRecord {
    origin: RecordOrigin,
    /// Whether it belongs to a sub-agent or to the conversation.
    of_subagent: bool,
    tokens: Tokens,
    message: MessageKey,
}

/// The writer of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordOrigin {
    Telemetry,
    Assistant,
}

/// Maximum number of records without a counterpart; a counterpart comes next or a few lines later.
const MAX_UNPAIRED: usize = 32;

impl ResponsePairing {
    /// The counterpart of this record, if it was seen before.
    pub(super) fn pair(
        &mut self,
        origin: RecordOrigin,
        of_subagent: bool,
        tokens: Tokens,
        message: MessageKey,
    ) -> Option<MessageKey> {
        let is_other =
            |half: &UnpairedRecord| half.origin != origin && half.of_subagent == of_subagent && half.tokens == tokens;
        if let Some(at) = self.open.iter().position(is_other) {
            return self.open.remove(at).map(|half| half.message);
        }
        if self.open.len() == MAX_UNPAIRED {
            self.open.pop_front();
        }
        self.open.push_back(UnpairedRecord { origin, of_subagent, tokens, message });
        None
    }

    /// Drops all unpaired records: the user sent another prompt.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}
