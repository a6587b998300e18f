use std::borrow::Cow;

use agtop_model::Untrusted;

/// What stands for a secret.
const MASK: &str = "***";

/// Options whose value is a secret, without their dashes. A longer name counts if it ends in one of these after a dash,
/// such as `--openai-api-key`.
const SECRET_OPTIONS: &[&str] = &[
    "api-key",
    "apikey",
    "key",
    "token",
    "password",
    "passwd",
    "passphrase",
    "pass",
    "secret",
    "auth",
    "authorization",
    "bearer",
    "credential",
    "credentials",
];

/// How keys of well-known vendors begin: `OpenAI` and Anthropic, `GitHub`, `GitLab`, AWS, Google, Slack, Hugging Face, npm.
const SECRET_PREFIXES: &[&str] = &[
    "sk-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "hf_",
    "npm_",
    "eyJ",
];

/// The fewest bytes of a key after such a beginning: fewer are some other word.
const FEWEST_KEY_BYTES: usize = 12;

/// A command line without its secrets: values of options such as `--api-key` and what looks like a vendor's key
/// become `***`.
pub fn redact(argv: &[Untrusted]) -> Vec<Cow<'_, str>> {
    let mut value_is_secret = false;
    let mut shown = Vec::with_capacity(argv.len());
    for argument in argv.iter().map(Untrusted::raw) {
        let is_option = argument.starts_with('-');
        shown.push(if value_is_secret && !is_option { Cow::Borrowed(MASK) } else { masked(argument) });
        value_is_secret = is_option && is_secret_name(argument);
    }
    shown
}

/// One argument, which may be `--option=value` or `NAME=value`, without its secrets.
fn masked(argument: &str) -> Cow<'_, str> {
    match argument.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret_name(name) => Cow::Owned(format!("{name}={MASK}")),
        _ => without_keys(argument),
    }
}

/// Whether `name` names a secret: `--api-key`, `--github-token`, `ANTHROPIC_API_KEY`.
fn is_secret_name(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    SECRET_OPTIONS
        .iter()
        .any(|&secret| name.strip_suffix(secret).is_some_and(|before| before.is_empty() || before.ends_with('-')))
}

/// The text with every word that looks like a key masked, and the word after `Bearer`.
fn without_keys(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    let mut after_bearer = false;
    for (start, word) in words(text) {
        let secret = if after_bearer { Some(0) } else { key_in(word) };
        after_bearer = word.eq_ignore_ascii_case("bearer");
        let Some(offset) = secret else { continue };
        clean.push_str(text.get(kept..start + offset).unwrap_or_default());
        clean.push_str(MASK);
        kept = start + word.len();
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Runs of characters that a key can consist of, with where they start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/');
    let mut from = 0;
    text.split(move |c: char| !is_key_char(c))
        .map(move |word| {
            let start = from;
            // Every separator is one character; its length is what lies between this word's end and the next one's start.
            from += word.len()
                + text.get(start + word.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            (start, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

/// Where in `word` a key begins.
fn key_in(word: &str) -> Option<usize> {
    let begins_word =
        |at: usize| word.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(['/', '.', '+']));
    SECRET_PREFIXES.iter().find_map(|prefix| {
        let at = word.find(prefix)?;
        (begins_word(at) && word.len() - at >= prefix.len() + FEWEST_KEY_BYTES).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(argv: &[&str]) -> Vec<String> {
        let argv: Vec<Untrusted> = argv.iter().map(|&argument| argument.into()).collect();
        redact(&argv).into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn values_of_secret_options_are_masked_in_either_spelling() {
        assert_eq!(
            shown(&["agent", "--api-key", "abc", "--github-token=xyz", "--model", "opus", "--password", "p w"]),
            ["agent", "--api-key", "***", "--github-token=***", "--model", "opus", "--password", "***"]
        );
        assert_eq!(shown(&["env", "ANTHROPIC_API_KEY=abc", "claude"]), ["env", "ANTHROPIC_API_KEY=***", "claude"]);
    }

    #[test]
    fn keys_of_vendors_are_masked_wherever_they_stand() {
        let cases = [
            ("sk-ant-api03-abcdefghijkl", "***"),
            ("url?k=ghp_0123456789abcdef&x=1", "url?k=***&x=1"),
            ("{\"key\":\"AKIA0123456789ABCDEF\"}", "{\"key\":\"***\"}"),
            ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
            ("ü sk-0123456789abcdef é", "ü *** é"),
        ];
        for (argument, expected) in cases {
            assert_eq!(shown(&[argument]), [expected]);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let argv = [
            "claude",
            "--resume",
            "6163a95c-e18a",
            "--max-tokens",
            "100",
            "--monkey",
            "task-sk-1",
            "sk-short",
            "-p",
            "bearer",
        ];
        assert_eq!(shown(&argv), argv);
    }

    #[test]
    fn an_option_without_a_value_does_not_swallow_the_next_option() {
        assert_eq!(shown(&["a", "--token", "--verbose", "x"]), ["a", "--token", "--verbose", "x"]);
    }
}
