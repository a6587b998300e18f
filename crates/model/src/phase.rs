use crate::EventKind;

/// Where a conversation stands, as its transcript says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing has been recorded yet.
    #[default]
    Fresh,
    /// A turn is open: the user has sent a prompt, and the model is not done.
    Open,
    /// The agent reports that it waits for the user: for a permission, or for an answer if it calls a tool that asks.
    AwaitsUser,
    /// The last thing that happened was a failed request.
    Failed,
    /// The vendor refused the last request because an allowance is used up or requests were too frequent.
    Limited,
    /// The model has finished its turn.
    Finished,
    /// The session was closed.
    Ended,
}

impl Phase {
    /// Where the conversation stands once this has happened. Responses are another matter: their stop reason says
    /// it, and only on the main line.
    #[must_use]
    pub fn after(self, kind: &EventKind) -> Self {
        match kind {
            EventKind::Prompt { .. } | EventKind::ToolStarted { .. } | EventKind::SubagentStarted { .. } => Self::Open,
            EventKind::NeedsPermission | EventKind::NeedsInput => Self::AwaitsUser,
            EventKind::Error(reason) if is_refusal(reason.raw()) => Self::Limited,
            EventKind::Error(_) => Self::Failed,
            EventKind::TurnEnded => Self::Finished,
            EventKind::Ended => Self::Ended,
            EventKind::ToolEnded { .. } | EventKind::SubagentEnded { .. } if self != Self::Finished => Self::Open,
            _ => self,
        }
    }
}

/// What vendors write where they refuse a request because an allowance is used up or requests come too fast.
const REFUSALS: [&str; 8] = [
    "rate_limit",
    "rate limit",
    "ratelimit",
    "usage limit",
    "usage_limit",
    "quota",
    "too many requests",
    "resource_exhausted",
];

fn is_refusal(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    let is_status = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()) == "429";
    REFUSALS.iter().any(|refusal| reason.contains(refusal)) || reason.split_whitespace().any(is_status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_distinguished_from_other_failures() {
        let after = |reason: &str| Phase::Open.after(&EventKind::Error(reason.into()));
        for refusal in ["rate_limit_error", "Usage limit reached", "HTTP 429: slow down", "RESOURCE_EXHAUSTED"] {
            assert_eq!(after(refusal), Phase::Limited, "{refusal}");
        }
        for failure in ["overloaded", "port 4290 refused", "server_error"] {
            assert_eq!(after(failure), Phase::Failed, "{failure}");
        }
    }

    #[test]
    fn a_late_answer_does_not_reopen_a_finished_turn() {
        let answer =
            EventKind::ToolEnded { tool: crate::ToolKey::new(crate::ClientId::new("x"), "1"), outcome: Ok(()) };
        assert_eq!(Phase::Finished.after(&answer), Phase::Finished);
        assert_eq!(Phase::AwaitsUser.after(&answer), Phase::Open);
    }
}
