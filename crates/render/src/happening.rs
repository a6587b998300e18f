use agtop_model::{Deed, Happening, Untrusted};

use crate::Content;

/// One line for somebody who follows the session, as agtop 2.3 wrote them: `›` for what was said, `→` for calls, `←` for
/// answers. What a tool works on is message text: it is left out unless asked for.
pub fn happening_line(happening: &Happening, content: Content) -> String {
    let on = |target: &Option<Untrusted>| {
        let target = content.allow(target.as_ref());
        target.map(|target| format!(": {}", target.raw())).unwrap_or_default()
    };
    match &happening.deed {
        Deed::Asked => "› the person spoke".to_owned(),
        Deed::Called { tool, target } => format!("→ {}{}", tool.raw(), on(target)),
        Deed::Returned { tool, outcome: Ok(()) } => format!("← {}", tool.raw()),
        Deed::Returned { tool, outcome: Err(()) } => format!("← {} failed", tool.raw()),
        Deed::Delegated { name, task } => format!("→ sub-agent {}{}", name.raw(), on(task)),
        Deed::Stopped(stop) => format!("› stopped: {}", stop.as_str()),
        Deed::Failed(reason) => format!("× {}", reason.raw()),
        Deed::Compacted => "› context summarised".to_owned(),
        Deed::Waited => "! waits for its person".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_works_on_is_told_only_if_asked_for() {
        let deed = Deed::Called { tool: "Bash".into(), target: Some("cat secrets".into()) };
        let happening = Happening { at: None, deed };
        assert_eq!(happening_line(&happening, Content::Hidden), "→ Bash");
        assert_eq!(happening_line(&happening, Content::Included), "→ Bash: cat secrets");
    }
}
