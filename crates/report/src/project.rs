use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A name for each directory: the last part of its path, and as many parts before it as it takes to tell it from the
/// others.
pub(super) fn names<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> HashMap<PathBuf, String> {
    let mut names = HashMap::new();
    let mut open: Vec<&PathBuf> = paths.collect();
    for parts in 1.. {
        let mut namesakes: HashMap<String, Vec<&PathBuf>> = HashMap::new();
        for path in open.drain(..) {
            namesakes.entry(last_parts(path, parts)).or_default().push(path);
        }
        for (name, of) in namesakes {
            let are_told_apart = of.len() < 2 || of.iter().all(|path| name.len() >= path.as_os_str().len());
            if are_told_apart {
                names.extend(of.into_iter().map(|path| (path.clone(), name.clone())));
            } else {
                open.extend(of);
            }
        }
        if open.is_empty() {
            break;
        }
    }
    names
}

/// The last parts of a path in either notation, all of it where it has no more: transcripts travel between systems.
fn last_parts(path: &Path, parts: usize) -> String {
    let text = path.to_string_lossy();
    let trimmed = text.trim_end_matches(['/', '\\']);
    match trimmed.rmatch_indices(['/', '\\']).nth(parts - 1) {
        Some((at, _)) => trimmed.get(at + 1..).unwrap_or(trimmed).to_owned(),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let names = names(paths.iter());
        paths.iter().map(|path| names[path].clone()).collect()
    }

    #[test]
    fn a_project_has_the_shortest_name_that_is_its_own() {
        assert_eq!(named(&["/work/shop", "/work/prover"]), ["shop", "prover"]);
        assert_eq!(
            named(&["/a/site/web", "/b/site/web", "/c/web", "/c/cellar/"]),
            ["a/site/web", "b/site/web", "c/web", "cellar"]
        );
        assert_eq!(named(&["C:\\src\\app", "/src/app"]), ["src\\app", "src/app"]);
    }

    #[test]
    fn paths_that_end_or_differ_in_nothing_but_separators_have_names_too() {
        assert_eq!(named(&["/", "", "//", "app", "/app", "/app/"]).len(), 6);
    }
}
