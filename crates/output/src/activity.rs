use agtop_format::Content;
use agtop_model::{Activity, ActivityKind, Untrusted};

/// An activity in one line, in the form of agtop 2.3: `›` for messages, `→` for tool calls, `←` for their results. The
/// target of a tool call is message text: it is shown only if `content` allows it.
pub fn activity_line(activity: &Activity, content: Content) -> String {
    let with_target = |target: &Option<Untrusted>| {
        let target = content.allow(target.as_ref());
        target.map(|target| format!(": {}", target.raw())).unwrap_or_default()
    };
    match &activity.kind {
        ActivityKind::Asked(prompt) => format!("› the user wrote{}", with_target(prompt)),
        ActivityKind::Said(prose) => {
            content.allow(Some(prose)).map_or("› the agent wrote".to_owned(), |prose| format!("› {}", prose.raw()))
        }
        ActivityKind::Called { tool, target } => format!("→ {}{}", tool.raw(), with_target(target)),
        ActivityKind::Returned { tool, outcome: Ok(()) } => format!("← {}", tool.raw()),
        ActivityKind::Returned { tool, outcome: Err(()) } => format!("← {} failed", tool.raw()),
        ActivityKind::Delegated { name, task } => format!("→ subagent {}{}", name.raw(), with_target(task)),
        ActivityKind::Stopped(stop) => format!("› stopped: {}", stop.as_str()),
        ActivityKind::Failed(reason) => format!("× {}", reason.raw()),
        ActivityKind::Compacted => "› context summarised".to_owned(),
        ActivityKind::Waited => "! waits for the user".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_shown_only_on_request() {
        let line = |kind: &ActivityKind, content| activity_line(&Activity { at: None, kind: kind.clone() }, content);
        let (prompt, answer) = (ActivityKind::Asked(Some("mend it".into())), ActivityKind::Said("I look.".into()));
        assert_eq!(line(&prompt, Content::Hidden), "› the user wrote");
        assert_eq!(line(&prompt, Content::Included), "› the user wrote: mend it");
        assert_eq!(line(&answer, Content::Hidden), "› the agent wrote");
        assert_eq!(line(&answer, Content::Included), "› I look.");
    }

    #[test]
    fn the_target_of_a_tool_call_is_shown_only_on_request() {
        let kind = ActivityKind::Called { tool: "Bash".into(), target: Some("cat secrets".into()) };
        let activity = Activity { at: None, kind };
        assert_eq!(activity_line(&activity, Content::Hidden), "→ Bash");
        assert_eq!(activity_line(&activity, Content::Included), "→ Bash: cat secrets");
    }
}
