//! What is typed and what is answered, as a person sees it: `tests/cmd` and the README's examples.
//!
//! `TRYCMD=overwrite cargo test -p agtop --test cmd` writes down what agtop answers now.

#[cfg(test)]
mod tests {
    /// Variables that would lead agtop out of the empty home, or make it answer otherwise; empty means unset.
    const UNSET: &[&str] = &[
        "AGTOP_MATCH",
        "AGTOP_PRICES",
        "AIDER_ANALYTICS_LOG",
        "AIDER_CHAT_HISTORY_FILE",
        "APPDATA",
        "CLAUDE_CONFIG_DIR",
        "CODEX_HOME",
        "CODEX_SQLITE_HOME",
        "GEMINI_CLI_HOME",
        "GOOSE_PATH_ROOT",
        "OPENCODE_DB",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ];

    #[test]
    fn answers_are_as_written_down() {
        let home = tempfile::tempdir().unwrap();
        let cases = trycmd::TestCases::new();
        cases.env("HOME", home.path().to_str().unwrap()).env("TZ", "UTC").env("COLUMNS", "100");
        for variable in UNSET {
            cases.env(*variable, "");
        }
        cases.insert_var("[VERSION]", env!("CARGO_PKG_VERSION")).unwrap();
        cases.case("tests/cmd/*.trycmd").case("../../README.md");
    }
}
