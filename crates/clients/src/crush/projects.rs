//! Crush's list of the projects that it was started in: `projects.json` in its directory for all projects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::DecodeError;
use crate::list::List;
use crate::parse::Loose;

/// The list's name.
pub(super) const INDEX: &str = "projects.json";

/// Directories that are looked into: a list with more is damaged, or means harm.
const MAX_LISTED_PROJECTS: usize = 4096;

#[derive(Deserialize)]
struct Index<'a> {
    #[serde(borrow, default)]
    projects: List<'a>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    data_dir: Loose<'a>,
}

impl Project<'_> {
    /// Where the project's database lies. None if that depends on where agtop runs.
    fn data_directory(&self) -> Option<PathBuf> {
        let directory = Path::new(self.path.text().unwrap_or_default()).join(self.data_dir.text().unwrap_or(".crush"));
        directory.is_absolute().then_some(directory)
    }
}

/// The directories with databases that the list names.
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
    fn a_projects_data_lies_where_the_list_says_or_in_the_project() {
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
    fn a_list_without_end_is_cut() {
        let projects: Vec<String> = (0..5000).map(|n| format!(r#"{{"path":"/p/{n}"}}"#)).collect();
        assert_eq!(listed(&format!(r#"{{"projects":[{}]}}"#, projects.join(","))).len(), MAX_LISTED_PROJECTS);
    }
}
