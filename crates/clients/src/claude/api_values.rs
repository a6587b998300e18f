//! Maps Anthropic's words for a response to agtop's types.

use agtop_model::{InferenceGeo, ServiceTier, StopReason};

/// The reason why a model stopped.
pub(super) fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "end_turn" => StopReason::EndTurn,
        "tool_use" | "pause_turn" => StopReason::ToolUse,
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        _ => StopReason::Other,
    }
}

/// The service tier.
pub(super) fn tier(speed: Option<&str>, service: Option<&str>) -> ServiceTier {
    match (speed, service) {
        (Some("fast"), _) => ServiceTier::Fast,
        (_, Some("priority")) => ServiceTier::Priority,
        (_, Some("batch")) => ServiceTier::Batch,
        _ => ServiceTier::Standard,
    }
}

/// Where a model ran. Anthropic writes `global` or `not_available` if its list price applies, and nothing before 2026.
pub(super) fn geo(inference_geo: &str) -> InferenceGeo {
    if inference_geo.eq_ignore_ascii_case("us") { InferenceGeo::Us } else { InferenceGeo::Global }
}
