//! Usage of a session that its ledger does not have.

use agtop_model::{
    CoarserRecords, InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, ServiceTier, SessionKey, Timestamp, Turn,
    Usage, UsageExtent,
};

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
) -> Turn {
    Turn {
        message: MessageKey::in_session(session, "accumulated"),
        id: None,
        part_of: CoarserRecords::none(),
        geo: InferenceGeo::Global,
        purpose: Purpose::Answer,
        requests: 1,
        model: None,
        usage,
        tier: ServiceTier::Standard,
        extent: UsageExtent::Sum,
        embedded_cost: cost,
        stop: None,
        lineage: Lineage::Main,
        opened,
        context_used: Some(0),
    }
}
