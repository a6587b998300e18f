//! Ids and moments of the sample snapshots.

use std::time::Duration;

use agtop_model::{ClientId, Timestamp};

/// The process of the Claude Code agent.
pub const CLAUDE_PID: u32 = 4048;
/// The process of the Codex agent.
pub const CODEX_PID: u32 = 5120;
/// The process of the Gemini agent.
pub const GEMINI_PID: u32 = 6001;
/// The session of the Claude Code agent.
pub const CLAUDE_SESSION: &str = "6163a95c-e18a-4a4c-a793-52a1bb0f8c11";
/// The session of the Codex agent.
pub const CODEX_SESSION: &str = "019d2d54-207e-7b80-b98e-2968e4d1204a";
/// The session of the Gemini agent.
pub const GEMINI_SESSION: &str = "f00dfeed-1111-4222-8333-444455556666";
pub(super) const OPENCODE_SESSION: &str = "ses_72aa01";

/// Message text that an output may show only with `--include-content`.
pub const SECRET_TEXT: &str = "keep this to yourself";

pub(super) const CLAUDE: ClientId = ClientId::new("claude");
pub(super) const CODEX: ClientId = ClientId::new("codex");
pub(super) const GEMINI: ClientId = ClientId::new("gemini");
pub(super) const OPENCODE: ClientId = ClientId::new("opencode");
pub(super) const CURSOR: ClientId = ClientId::new("cursor-agent");

/// The present moment of every sample snapshot.
pub(super) const NOW: Timestamp = crate::base::NOW;

/// The moment that many seconds before [`NOW`].
pub(super) fn ago(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}
