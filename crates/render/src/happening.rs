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
        Deed::Asked(words) => format!("› the person spoke{}", on(words)),
        Deed::Said(prose) => {
            content.allow(Some(prose)).map_or("› the agent spoke".to_owned(), |prose| format!("› {}", prose.raw()))
        }
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
    fn what_was_said_is_told_only_if_asked_for() {
        let line = |deed: &Deed, content| happening_line(&Happening { at: None, deed: deed.clone() }, content);
        let (asked, said) = (Deed::Asked(Some("mend it".into())), Deed::Said("I look.".into()));
        assert_eq!(line(&asked, Content::Hidden), "› the person spoke");
        assert_eq!(line(&asked, Content::Included), "› the person spoke: mend it");
        assert_eq!(line(&said, Content::Hidden), "› the agent spoke");
        assert_eq!(line(&said, Content::Included), "› I look.");
    }

    #[test]
    fn what_a_tool_works_on_is_told_only_if_asked_for() {
        let deed = Deed::Called { tool: "Bash".into(), target: Some("cat secrets".into()) };
        let happening = Happening { at: None, deed };
        assert_eq!(happening_line(&happening, Content::Hidden), "→ Bash");
        assert_eq!(happening_line(&happening, Content::Included), "→ Bash: cat secrets");
    }
}
