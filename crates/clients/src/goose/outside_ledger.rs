//! Usage of a session that its ledger does not have.

use agtop_model::{MessageKey, PicoUsd, ResponseCopy, SessionKey, Timestamp, Usage, UsageExtent};

/// The response that stands for the usage of a session outside its ledger.
///
/// Its usage is the running total minus the ledger. Both grow together, so the difference does not change between
/// readings: a session from before the ledger keeps its earlier usage. The imported file and the database have the
/// response under the same key, and the larger one counts.
pub(super) fn usage_outside_ledger(
    session: &SessionKey,
    opened: Timestamp,
    usage: Usage,
    cost: Option<PicoUsd>,
) -> ResponseCopy {
    ResponseCopy {
        extent: UsageExtent::Sum,
        embedded_cost: cost,
        context_used: Some(0),
        ..ResponseCopy::new(MessageKey::in_session(session, "accumulated"), usage, opened)
    }
}
