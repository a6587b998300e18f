//! What of a user message the person really said.

use agtop_model::Untrusted;

use crate::parse::shortened;

/// Characters of a prompt that make a title.
const TITLE: usize = 120;

/// How texts begin that Codex and its editor extensions send in the person's name.
const MACHINE_MADE: &[&str] = &[
    "<",
    "# AGENTS.md instructions",
    "# Files mentioned by the user",
    "# Selected text",
    "# Context from my IDE setup",
];

/// What extensions write above the person's own words.
const REQUEST: &str = "## My request for Codex:";

/// What the person asked; `None` if no person did.
pub(super) fn asked(text: &str) -> Option<&str> {
    let text = match text.split_once(REQUEST) {
        Some((_, request)) => request.trim_start(),
        None => text.trim_start(),
    };
    let is_machine_made = MACHINE_MADE.iter().any(|start| text.starts_with(start));
    (!text.is_empty() && !is_machine_made).then_some(text)
}

/// The directory that files without envelopes tell only to the model, in a message of the person's.
pub(super) fn cwd_told(text: &str) -> Option<&str> {
    let context = text.trim_start().strip_prefix("<environment_context>")?;
    let tagged = context.split_once("<cwd>").and_then(|(_, rest)| rest.split_once("</cwd>"));
    let labelled = || context.split_once("Current working directory: ").and_then(|(_, rest)| rest.split_once('\n'));
    tagged.or_else(labelled).map(|(cwd, _)| cwd.trim()).filter(|cwd| !cwd.is_empty())
}

/// The beginning of a prompt, as a title.
pub(super) fn title(text: &str) -> Untrusted {
    Untrusted::new(shortened(text.lines().next().unwrap_or_default(), TITLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_made_user_messages_are_no_prompts() {
        for text in ["<environment_context>…", "# AGENTS.md instructions for /repo\n…", "  \n", "# Selected text:\nx"]
        {
            assert_eq!(asked(text), None, "{text}");
        }
        assert_eq!(asked(" # Headings are fine"), Some("# Headings are fine"));
    }

    #[test]
    fn the_directory_is_found_in_both_forms_of_the_environment() {
        assert_eq!(
            cwd_told("<environment_context>\n  <cwd>/repo/a b</cwd>\n</environment_context>"),
            Some("/repo/a b")
        );
        assert_eq!(
            cwd_told("<environment_context>\nCurrent working directory: /repo\nApproval policy: never\n"),
            Some("/repo")
        );
        assert_eq!(cwd_told("my <cwd>/etc</cwd>"), None);
    }

    #[test]
    fn what_follows_the_request_marker_is_the_prompt() {
        let text = "# Context from my IDE setup:\n\n## Open tabs\n\n## My request for Codex:\nrename it\n";
        assert_eq!(asked(text).map(title), Some(Untrusted::new("rename it")));
    }
}
