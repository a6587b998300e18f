/// Suffixes of a model id that state its context window, in tokens (including Claude Code's `[1m]`).
const WINDOW_SUFFIXES: [(&str, u64); 5] =
    [("[1m]", 1_000_000), ("[2m]", 2_000_000), ("-1m", 1_000_000), ("-1000k", 1_000_000), ("-2m", 2_000_000)];

/// The context window that a normal id states.
pub(crate) fn stated(id: &str) -> Option<u64> {
    let id = id.strip_suffix("-context").unwrap_or(id);
    WINDOW_SUFFIXES.into_iter().find(|(word, _)| id.ends_with(word)).map(|(_, tokens)| tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_last_word_states_a_window() {
        assert_eq!(stated("claude-sonnet-4-5[1m]"), Some(1_000_000));
        assert_eq!(stated("claude-sonnet-4-5-1m-context"), Some(1_000_000));
        assert_eq!(stated("grok-4-2m"), Some(2_000_000));
        assert_eq!(stated("gemma-31m"), None);
        assert_eq!(stated("model-1mini"), None);
    }
}
