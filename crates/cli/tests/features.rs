//! The tables of features tell the truth: every feature has its line, and every test that is named there exists.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    /// A list of features, and their numbers in it.
    type List = (&'static str, &'static [u32]);

    /// A table, and the lists of which it has every feature.
    struct Table {
        text: &'static str,
        lists: &'static [List],
    }

    const fn up_to<const LAST: usize>() -> [u32; LAST] {
        let mut numbers = [0; LAST];
        let mut at = 0;
        let mut number = 1;
        while at < LAST {
            numbers[at] = number;
            at += 1;
            number += 1;
        }
        numbers
    }

    const TABLES: [Table; 2] = [
        Table {
            text: include_str!("../../../docs/tui-features.md"),
            lists: &[
                ("S0-KEY", &up_to::<14>()),
                ("S0-POP", &up_to::<22>()),
                ("S1-KEY", &up_to::<10>()),
                ("S1-UI", &up_to::<12>()),
                ("S4-UI", &up_to::<3>()),
                ("S4-WIN", &up_to::<14>()),
                ("S4-ALR", &up_to::<5>()),
            ],
        },
        Table {
            text: include_str!("../../../docs/hooks-features.md"),
            lists: &[
                ("S4-HK", &up_to::<15>()),
                ("S4-SOC", &up_to::<4>()),
                ("S4-LMT", &up_to::<6>()),
                // The others are no matter of hooks.
                ("S4-BEAT", &[1, 2, 4, 11, 12, 13, 14, 15]),
            ],
        },
    ];

    impl Table {
        /// Features and their tests.
        fn rows(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
            let lines = self.text.lines().filter(|line| line.starts_with("| S"));
            let row = |line: &'static str| {
                let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
                let tests = cells[2].split('`').filter(|name| !name.trim().is_empty());
                (cells[0], tests.collect())
            };
            lines.map(row).collect()
        }
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
        for table in TABLES {
            let ids =
                table.lists.iter().flat_map(|(list, numbers)| numbers.iter().map(move |n| format!("{list}-{n:02}")));
            assert_eq!(table.rows().keys().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), ids.collect());
        }
    }

    #[test]
    fn every_feature_has_a_test_that_exists() {
        let mut found = BTreeSet::new();
        tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut found);
        for (id, tests) in TABLES.iter().flat_map(Table::rows) {
            assert!(!tests.is_empty(), "{id}");
            for test in tests {
                assert!(found.contains(test), "{id}: no test is called {test}");
            }
        }
    }
}
