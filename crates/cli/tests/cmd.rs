//! Command lines and their output: `tests/cmd` and the examples of the README.
//!
//! `TRYCMD=overwrite cargo test -p agtop --test cmd` records the output of now.

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The variables that agtop inherits from the environment of the test: the path of programs, and those that Windows
    /// needs to start one. All others are empty, which means unset.
    const INHERITED_VARIABLES: &[&str] = &["PATH", "SYSTEMROOT", "TEMP", "TMP", "WINDIR"];

    #[test]
    fn the_output_of_commands_is_as_recorded() {
        let home = tempfile::tempdir().unwrap();
        let cases = trycmd::TestCases::new();
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for name in names.filter(|name| !INHERITED_VARIABLES.contains(&&*name.to_uppercase())) {
            cases.env(name, "");
        }
        let root = home.path().to_str().unwrap();
        cases.env("HOME", root).env("TZ", "UTC").env("COLUMNS", "100").env(agtop_os::PROCESS_ROOT_VAR, root);
        cases.insert_var("[VERSION]", env!("CARGO_PKG_VERSION")).unwrap();
        // agtop also reads Aider's history in the working directory: that must be the empty home, not the repository.
        std::env::set_current_dir(home.path()).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        cases.case(here.join("tests/cmd/*.trycmd")).case(here.join("../../README.md"));
    }
}
