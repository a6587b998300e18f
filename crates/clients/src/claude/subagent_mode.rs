//! How Claude Code runs its sub-agents.

/// Tools that set sub-agents to work.
pub(super) const SUBAGENT_TOOLS: [&str; 4] = ["Task", "Agent", "SendMessage", "Workflow"];

/// Whether the caller of a sub-agent waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubagentMode {
    /// The caller waits.
    Awaited,
    /// The caller continues.
    Background,
}
