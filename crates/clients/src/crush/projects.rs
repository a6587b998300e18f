//! Crush's list of the projects in which it was started: `projects.json` in its data directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::DecodeError;
use crate::list::LazyList;
use crate::parse::LooseText;

/// The file name of the list.
pub(super) const INDEX: &str = "projects.json";

/// Maximum number of directories that are read; a longer list is damaged or hostile.
const MAX_LISTED_PROJECTS: usize = 4096;

#[derive(Deserialize)]
struct Index<'a> {
    #[serde(borrow, default)]
    projects: LazyList<'a>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow, default)]
    path: LooseText<'a>,
    #[serde(borrow, default)]
    data_dir: LooseText<'a>,
}

impl Project<'_> {
    /// The directory of the project's database. `None` if it is relative to agtop's own directory.
    fn data_directory(&self) -> Option<PathBuf> {
        let directory = Path::new(self.path.text().unwrap_or_default()).join(self.data_dir.text().unwrap_or(".crush"));
        directory.is_absolute().then_some(directory)
    }
}

/// The data directories in the list.
pub(super) fn data_directories(index: &[u8]) -> Result<BTreeSet<PathBuf>, DecodeError> {
    let index: Index<'_> = serde_json::from_slice(index)?;
    let mut found = BTreeSet::new();
    let verdict = index.projects.each("projects", |_, project: Project<'_>| {
        found.extend(project.data_directory().filter(|_| found.len() < MAX_LISTED_PROJECTS));
    });
    if found.is_empty() { verdict.map(|()| found) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(index: &str) -> Vec<PathBuf> {
        data_directories(index.as_bytes()).unwrap().into_iter().collect()
    }

    #[test]
    fn a_projects_data_is_in_the_listed_directory_or_in_the_project() {
        let index = r#"{"projects":[
            {"path":"/srv/tower","data_dir":"/srv/tower/.crush","last_accessed":"2026-11-30T08:00:00Z"},
            {"path":"/srv/mill","data_dir":"data"}, {"path":"/srv/barn"}, {"data_dir":"/srv/kept"},
            {"path":"mill"}, {"path":7}, 7]}"#;
        let expected = ["/srv/barn/.crush", "/srv/kept", "/srv/mill/data", "/srv/tower/.crush"];
        assert_eq!(listed(index), expected.map(PathBuf::from));
        assert_eq!(listed("{}").len(), 0);
        assert!(data_directories(b"[").is_err() && data_directories(br#"{"projects":[7]}"#).is_err());
    }

    #[test]
    fn an_over_long_list_is_cut() {
        let projects: Vec<String> = (0..5000).map(|n| format!(r#"{{"path":"/p/{n}"}}"#)).collect();
        assert_eq!(listed(&format!(r#"{{"projects":[{}]}}"#, projects.join(","))).len(), MAX_LISTED_PROJECTS);
    }
}
