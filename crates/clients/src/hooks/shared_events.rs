//! The events that Qwen Code took over from Claude Code, with their names.

use super::payload::HookMeaning;

/// The events that both clients have, in the order in which they are installed.
pub(super) const SHARED_EVENTS: [(&str, HookMeaning); 14] = [
    ("PreToolUse", HookMeaning::ToolStarts),
    ("PostToolUse", HookMeaning::ToolEnds),
    ("PostToolUseFailure", HookMeaning::ToolFails),
    ("PermissionRequest", HookMeaning::RequestsPermission),
    ("Notification", HookMeaning::Notifies),
    ("UserPromptSubmit", HookMeaning::Prompts),
    ("SessionStart", HookMeaning::SessionStarts),
    ("SessionEnd", HookMeaning::SessionEnds),
    ("Stop", HookMeaning::TurnEnds),
    ("StopFailure", HookMeaning::TurnFails),
    ("SubagentStart", HookMeaning::SubagentStarts),
    ("SubagentStop", HookMeaning::SubagentEnds),
    ("PreCompact", HookMeaning::CompactionStarts),
    ("PostCompact", HookMeaning::Compacted),
];
