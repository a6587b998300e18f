//! The table of features tells the truth: every feature has its line, and every test that is named there exists.

#![expect(clippy::disallowed_methods, reason = "tests are looked for in source files")]

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    /// Each list of features, and how many there are.
    const LISTS: [(&str, usize); 7] =
        [("S0-KEY", 14), ("S0-POP", 22), ("S1-KEY", 10), ("S1-UI", 12), ("S4-UI", 3), ("S4-WIN", 14), ("S4-ALR", 5)];
    /// Feature and tests, as the table has them.
    fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
        let lines = include_str!("../../../docs/tui-features.md").lines().filter(|line| line.starts_with("| S"));
        let row = |line: &'static str| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let tests = cells[2].split('`').filter(|name| !name.trim().is_empty());
            (cells[0], tests.collect())
        };
        lines.map(row).collect()
    }

    /// The names of all tests below a directory.
    fn tests_below(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                tests_below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let after = text.split("#[test]").skip(1);
                found.extend(after.filter_map(|rest| Some(rest.split_once("fn ")?.1.split_once('(')?.0.to_owned())));
            }
        }
    }

    #[test]
    fn every_feature_has_a_line() {
        let numbered =
            |(list, last): (&str, usize)| (1..=last).map(move |at| format!("{list}-{at:02}")).collect::<Vec<_>>();
        let expected: BTreeSet<String> = LISTS.into_iter().flat_map(numbered).collect();
        assert_eq!(table().keys().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn every_feature_has_a_test_that_exists() {
        let mut found = BTreeSet::new();
        // What deserves an alert is decided a layer below.
        for source in ["src", "../render/src/alerts"] {
            tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(source), &mut found);
        }
        for (id, tests) in table() {
            assert!(!tests.is_empty(), "{id}");
            for test in tests {
                assert!(found.contains(test), "{id}: no test is called {test}");
            }
        }
    }
}
