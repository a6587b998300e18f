//! What Anthropic says of a response in words, as agtop has it.

use agtop_model::{InferenceGeo, ServiceTier, StopReason};

/// Why a model stopped.
pub(super) fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "end_turn" => StopReason::EndTurn,
        "tool_use" | "pause_turn" => StopReason::ToolUse,
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        _ => StopReason::Other,
    }
}

/// The class of service.
pub(super) fn tier(speed: Option<&str>, service: Option<&str>) -> ServiceTier {
    match (speed, service) {
        (Some("fast"), _) => ServiceTier::Fast,
        (_, Some("priority")) => ServiceTier::Priority,
        (_, Some("batch")) => ServiceTier::Batch,
        _ => ServiceTier::Standard,
    }
}

/// Where a model ran. Anthropic says `global` or `not_available` where its list price holds, and nothing before 2026.
pub(super) fn geo(inference_geo: &str) -> InferenceGeo {
    if inference_geo.eq_ignore_ascii_case("us") { InferenceGeo::Us } else { InferenceGeo::Global }
}
