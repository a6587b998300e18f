use agtop_format::Content;
use agtop_model::{Activity, ActivityKind, Untrusted};

/// One line for somebody who follows the session, as agtop 2.3 wrote them: `›` for what was said, `→` for calls, `←` for
/// answers. What a tool works on is message text: it is left out unless asked for.
pub fn activity_line(activity: &Activity, content: Content) -> String {
    let on = |target: &Option<Untrusted>| {
        let target = content.allow(target.as_ref());
        target.map(|target| format!(": {}", target.raw())).unwrap_or_default()
    };
    match &activity.kind {
        ActivityKind::Asked(words) => format!("› the person spoke{}", on(words)),
        ActivityKind::Said(prose) => {
            content.allow(Some(prose)).map_or("› the agent spoke".to_owned(), |prose| format!("› {}", prose.raw()))
        }
        ActivityKind::Called { tool, target } => format!("→ {}{}", tool.raw(), on(target)),
        ActivityKind::Returned { tool, outcome: Ok(()) } => format!("← {}", tool.raw()),
        ActivityKind::Returned { tool, outcome: Err(()) } => format!("← {} failed", tool.raw()),
        ActivityKind::Delegated { name, task } => format!("→ sub-agent {}{}", name.raw(), on(task)),
        ActivityKind::Stopped(stop) => format!("› stopped: {}", stop.as_str()),
        ActivityKind::Failed(reason) => format!("× {}", reason.raw()),
        ActivityKind::Compacted => "› context summarised".to_owned(),
        ActivityKind::Waited => "! waits for its person".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_told_only_if_asked_for() {
        let line = |kind: &ActivityKind, content| activity_line(&Activity { at: None, kind: kind.clone() }, content);
        let (asked, said) = (ActivityKind::Asked(Some("mend it".into())), ActivityKind::Said("I look.".into()));
        assert_eq!(line(&asked, Content::Hidden), "› the person spoke");
        assert_eq!(line(&asked, Content::Included), "› the person spoke: mend it");
        assert_eq!(line(&said, Content::Hidden), "› the agent spoke");
        assert_eq!(line(&said, Content::Included), "› I look.");
    }

    #[test]
    fn what_a_tool_works_on_is_told_only_if_asked_for() {
        let kind = ActivityKind::Called { tool: "Bash".into(), target: Some("cat secrets".into()) };
        let activity = Activity { at: None, kind };
        assert_eq!(activity_line(&activity, Content::Hidden), "→ Bash");
        assert_eq!(activity_line(&activity, Content::Included), "→ Bash: cat secrets");
    }
}
