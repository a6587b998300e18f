//! What is typed and what is answered, as a person sees it: `tests/cmd` and the README's examples.
//!
//! `TRYCMD=overwrite cargo test -p agtop --test cmd` writes down what agtop answers now.

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// What of the environment of whoever runs the tests agtop gets: where programs are, and what Windows needs to start
    /// any. All else is empty, which means unset.
    const KEPT: &[&str] = &["PATH", "SYSTEMROOT", "TEMP", "TMP", "WINDIR"];

    #[test]
    fn answers_are_as_written_down() {
        let home = tempfile::tempdir().unwrap();
        let cases = trycmd::TestCases::new();
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for name in names.filter(|name| !KEPT.contains(&&*name.to_uppercase())) {
            cases.env(name, "");
        }
        let root = home.path().to_str().unwrap();
        cases.env("HOME", root).env("TZ", "UTC").env("COLUMNS", "100").env(agtop_os::PROCESS_ROOT_VAR, root);
        cases.insert_var("[VERSION]", env!("CARGO_PKG_VERSION")).unwrap();
        // agtop reads what Aider wrote where it is called, too: that is to be the empty home, not the repository.
        std::env::set_current_dir(home.path()).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        cases.case(here.join("tests/cmd/*.trycmd")).case(here.join("../../README.md"));
    }
}
