use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A name for each directory: the last part of its path, and as many parts before it as make it unique.
pub(super) fn names<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> HashMap<PathBuf, String> {
    let mut names = HashMap::new();
    let mut unnamed: Vec<&PathBuf> = paths.collect();
    for parts in 1.. {
        let mut namesakes: HashMap<String, Vec<&PathBuf>> = HashMap::new();
        for path in unnamed.drain(..) {
            namesakes.entry(last_parts(path, parts)).or_default().push(path);
        }
        for (name, of) in namesakes {
            let are_unique = of.len() < 2 || of.iter().all(|path| name.len() >= path.as_os_str().len());
            if are_unique {
                names.extend(of.into_iter().map(|path| (path.clone(), name.clone())));
            } else {
                unnamed.extend(of);
            }
        }
        if unnamed.is_empty() {
            break;
        }
    }
    names
}

/// The last parts of a path, or all of it if it has fewer. Separators of Unix and of Windows count on every system, since
/// transcripts are copied between systems.
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
    fn a_project_has_the_shortest_unique_name() {
        assert_eq!(named(&["/work/shop", "/work/prover"]), ["shop", "prover"]);
        assert_eq!(
            named(&["/a/site/web", "/b/site/web", "/c/web", "/c/cellar/"]),
            ["a/site/web", "b/site/web", "c/web", "cellar"]
        );
        assert_eq!(named(&["C:\\src\\app", "/src/app"]), ["src\\app", "src/app"]);
    }

    #[test]
    fn paths_that_differ_only_in_separators_have_names() {
        assert_eq!(named(&["/", "", "//", "app", "/app", "/app/"]).len(), 6);
    }
}
