use std::collections::VecDeque;

use agtop_model::MessageKey;

use super::wire::Tokens;

/// Joins the two records of a response.
///
/// A response of the conversation is written down twice within moments: by telemetry, with the id that the
/// server gave it, and as the assistant's message, which has none. Both carry the same counts, and no other response to
/// the same prompt does (each prompt is longer than the one before). Where one of the two is missing (the first
/// versions wrote no telemetry, requests of its own leave no assistant line), the other stands alone.
#[derive(Default)]
pub(super) struct Pairing {
    open: VecDeque<Half>,
}

/// One of the two records, whose other has not been seen.
struct Half {
    origin: Origin,
    /// A sub-agent's, or the conversation's own.
    of_subagent: bool,
    tokens: Tokens,
    message: MessageKey,
}

/// Who wrote a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Telemetry,
    Assistant,
}

/// Halves whose other half is missing must not pile up; the other comes next, or a few lines later.
const MOST_OPEN: usize = 32;

impl Pairing {
    /// The other record of this response, if it came before.
    pub(super) fn pair(
        &mut self,
        origin: Origin,
        of_subagent: bool,
        tokens: Tokens,
        message: MessageKey,
    ) -> Option<MessageKey> {
        let is_other = |half: &Half| half.origin != origin && half.of_subagent == of_subagent && half.tokens == tokens;
        if let Some(at) = self.open.iter().position(is_other) {
            return self.open.remove(at).map(|half| half.message);
        }
        if self.open.len() == MOST_OPEN {
            self.open.pop_front();
        }
        self.open.push_back(Half { origin, of_subagent, tokens, message });
        None
    }

    /// The person spoke: what is still alone stays so.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}
