//! Which part of a user message the user typed.

use agtop_model::Untrusted;

use crate::parse::short_text;

/// Beginnings of texts that Codex and its editor extensions send with the role `user`.
const GENERATED_TEXT_PREFIXES: &[&str] = &[
    "<",
    "# AGENTS.md instructions",
    "# Files mentioned by the user",
    "# Selected text",
    "# Context from my IDE setup",
];

/// The heading that extensions write above the user's own text.
const REQUEST_HEADING: &str = "## My request for Codex:";

/// The prompt that the user typed; `None` if the text was generated.
pub(super) fn typed_prompt(text: &str) -> Option<&str> {
    let text = match text.split_once(REQUEST_HEADING) {
        Some((_, request)) => request.trim_start(),
        None => text.trim_start(),
    };
    let is_generated = GENERATED_TEXT_PREFIXES.iter().any(|start| text.starts_with(start));
    (!text.is_empty() && !is_generated).then_some(text)
}

/// The directory in a user message: files without envelopes record it only there.
pub(super) fn cwd_in_context(text: &str) -> Option<&str> {
    let context = text.trim_start().strip_prefix("<environment_context>")?;
    let tagged = context.split_once("<cwd>").and_then(|(_, rest)| rest.split_once("</cwd>"));
    let labelled = || context.split_once("Current working directory: ").and_then(|(_, rest)| rest.split_once('\n'));
    tagged.or_else(labelled).map(|(cwd, _)| cwd.trim()).filter(|cwd| !cwd.is_empty())
}

/// The title made of a prompt's first line.
pub(super) fn title(text: &str) -> Untrusted {
    short_text(text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_user_messages_are_no_prompts() {
        for text in ["<environment_context>…", "# AGENTS.md instructions for /repo\n…", "  \n", "# Selected text:\nx"]
        {
            assert_eq!(typed_prompt(text), None, "{text}");
        }
        assert_eq!(typed_prompt(" # Headings are fine"), Some("# Headings are fine"));
    }

    #[test]
    fn the_directory_is_found_in_both_forms_of_the_environment() {
        assert_eq!(
            cwd_in_context("<environment_context>\n  <cwd>/repo/a b</cwd>\n</environment_context>"),
            Some("/repo/a b")
        );
        assert_eq!(
            cwd_in_context("<environment_context>\nCurrent working directory: /repo\nApproval policy: never\n"),
            Some("/repo")
        );
        assert_eq!(cwd_in_context("my <cwd>/etc</cwd>"), None);
    }

    #[test]
    fn what_follows_the_request_marker_is_the_prompt() {
        let text = "# Context from my IDE setup:\n\n## Open tabs\n\n## My request for Codex:\nrename it\n";
        assert_eq!(typed_prompt(text).map(title), Some(Untrusted::new("rename it")));
    }
}
